using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Testing.Simulation;
using Sovereign.Testing.Sources;

namespace Sovereign.Kernel.Tests.Due;

/// <summary>A simulated control plane with one reconciler that does what the test's script says.</summary>
internal sealed class DueRig : IDisposable
{
    private const string Kind = "scripted";

    public DueRig(string engine)
    {
        World = new SimulatedWorld(1, (_, _) => [new Module(this)], engine: engine);
        World.Up();
    }

    public SimulatedWorld World { get; }

    public ManualClock Clock => World.Clock;

    public KernelServices Kernel => World.ControlPlane!.Kernel;

    public Func<string, CancellationToken, Task<Progress>> Script { get; set; } = (_, _) => Task.FromResult(Progress.Done);

    public Action OnGiveUp { get; set; } = () => { };

    /// <summary>Every run with the simulated time of its beginning.</summary>
    public List<(string Id, DateTimeOffset At)> Runs { get; } = [];

    public List<(string Id, Fault Fault)> GivenUp { get; } = [];

    /// <summary>Rows of due work that are left.</summary>
    public long Rows => Kernel.Database.Read(s => s.Scalar<long>("SELECT COUNT(*) FROM due"));

    public static Outcome<Done> Due(Tx tx, string id, long? at = null)
    {
        tx.Due(Kind, id, at);
        return Done.Value;
    }

    public void MakeDue(string id, TimeSpan? after = null) => MakeDue([id], after);

    public void MakeDue(IReadOnlyList<string> ids, TimeSpan? after = null)
    {
        long? at = after is { } span ? Clock.Now() + Micros.Of(span) : null;
        var kernel = Kernel;
        var write = World.ControlPlane!.Process.Start(() => kernel.Queue.Write<Done>("due", Origin.System, tx =>
        {
            foreach (var id in ids) Due(tx, id, at);
            return Done.Value;
        }));
        World.Scheduler.RunUntil(() => write.IsCompleted, TimeSpan.FromMinutes(1), "a write");
    }

    public void RunFor(TimeSpan simulated) => World.Scheduler.RunFor(simulated);

    public void Dispose() => World.Dispose();

    private sealed class Module(DueRig rig) : IModule, IReconciler
    {
        public string Name => "scripted";

        public ServiceFace? Face => null;

        public IReadOnlyList<IReconciler> Reconcilers => [this];

        public string Kind => DueRig.Kind;

        public void Map(Func<ServiceFace, Routes> face)
        {
            // It has no API.
        }

        public Task<Progress> Run(string id, CancellationToken stop)
        {
            rig.Runs.Add((id, rig.Clock.GetUtcNow()));
            return rig.Script(id, stop);
        }

        public Task GiveUp(string id, Fault fault, CancellationToken stop)
        {
            rig.GivenUp.Add((id, fault));
            rig.OnGiveUp();
            return Task.CompletedTask;
        }
    }
}
