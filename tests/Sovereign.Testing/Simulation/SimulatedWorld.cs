using Sovereign.Kernel;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Sources;

namespace Sovereign.Testing.Simulation;

/// <summary>A whole cloud under one seed: database, clock, ids, the control plane's process and others beside it. Processes die; the world lives on.</summary>
public class SimulatedWorld : IDisposable
{
    private static readonly TimeSpan restartDelay = TimeSpan.FromSeconds(1);
    private readonly Func<SimulatedWorld, KernelServices, IReadOnlyList<IModule>> compose;
    private readonly List<Companion> companions = [];
    private Task<SimulatedControlPlane>? booting;
    private int lives;
    private IEngine? opened;

    /// <param name="compose">Makes the modules of one life of the control plane.</param>
    public SimulatedWorld(int seed, Func<SimulatedWorld, KernelServices, IReadOnlyList<IModule>> compose, CrashPlan? plan = null, string engine = "sqlite")
    {
        this.compose = compose;
        Plan = plan ?? new CrashPlan();
        Source = new SeededSource(seed);
        MasterKey = ((IRandomness)Source).Bytes(Kernel.Keys.MasterKey.Bytes);
        Scheduler = new SimulationScheduler(Source, Clock);
        Database = TestDatabase.New(engine);
        DataDirectory = Directory.CreateTempSubdirectory("sovereign-sim-").FullName;
    }

    public SeededSource Source { get; }

    public ManualClock Clock { get; } = new();

    public SimulationScheduler Scheduler { get; }

    public CrashPlan Plan { get; }

    public TestDatabase Database { get; }

    /// <summary>Opens the database for a new process; the connections of the one before end, as a dead process's do.</summary>
    public IEngine OpenDatabase()
    {
        opened?.Dispose();
        return opened = Database.Open();
    }

    public TestCallers Callers { get; } = new();

    public byte[] MasterKey { get; }

    public string DataDirectory { get; }

    /// <summary>The living control plane; null between a death and the next boot.</summary>
    public SimulatedControlPlane? ControlPlane => booting is { IsCompletedSuccessfully: true } && booting.Result.Process.Alive ? booting.Result : null;

    public IReadOnlyList<IModule> Compose(KernelServices kernel) => compose(this, kernel);

    /// <summary>Adds a process that is started again whenever it dies: a node's agent.</summary>
    public void Add(string name, Func<SimulatedProcess, Task> main) => companions.Add(new Companion(name, main));

    /// <summary>Boots what is dead and runs until the API answers.</summary>
    public SimulatedControlPlane Up()
    {
        Revive();
        Scheduler.RunUntil(() => Revived() && ControlPlane is not null, TimeSpan.FromMinutes(5), "the boot of the control plane");
        return ControlPlane!;
    }

    /// <summary>Sends a request, starting again what dies meanwhile. Null: the process died before it answered, so the outcome is unknown.</summary>
    public TestReply? Send(string method, string path, string? token = "member-a", string? body = null)
    {
        var reply = Up().Send(method, path, token, body);
        Scheduler.RunUntil(() => reply.IsCompleted, TimeSpan.FromMinutes(5), $"an answer to {method} {path}");
        return reply.IsCompletedSuccessfully ? reply.Result : null;
    }

    /// <summary>Runs, reviving what dies, until the condition holds.</summary>
    public void RunUntil(Func<bool> done, TimeSpan simulatedMax, string what)
    {
        Scheduler.RunUntil(() => Revived() && ControlPlane is not null && done(), simulatedMax, what);
    }

    /// <summary>Lets this much simulated time pass, starting again what dies meanwhile.</summary>
    public void RunFor(TimeSpan simulated)
    {
        var until = Clock.GetUtcNow() + simulated;
        using var alarm = Clock.CreateTimer(_ => { }, null, simulated, Timeout.InfiniteTimeSpan);
        Scheduler.RunUntil(() => Revived() && Clock.GetUtcNow() >= until, simulated + TimeSpan.FromMinutes(1), "the passing of time");
    }

    public void Dispose()
    {
        booting = null;
        Database.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
        GC.SuppressFinalize(this);
    }

    private bool Revived()
    {
        Revive();
        return true;
    }

    private void Revive()
    {
        if (booting is null || (booting.IsCompletedSuccessfully && !booting.Result.Process.Alive) || booting.IsFaulted)
        {
            lives++;
            if (lives > 1) Clock.Advance(restartDelay);
            booting = SimulatedControlPlane.Boot(this, new SimulatedProcess(Scheduler, "control plane"));
        }

        foreach (var companion in companions.Where(c => c.Process is not { Alive: true }))
        {
            companion.Process = new SimulatedProcess(Scheduler, companion.Name);
            companion.Run = companion.Process.Start(() => companion.Main(companion.Process));
        }
    }

    private sealed class Companion(string name, Func<SimulatedProcess, Task> main)
    {
        public string Name { get; } = name;

        public Func<SimulatedProcess, Task> Main { get; } = main;

        public SimulatedProcess? Process { get; set; }

        public Task? Run { get; set; }
    }
}
