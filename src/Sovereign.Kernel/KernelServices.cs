using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel;

/// <summary>What a cloud is told from outside.</summary>
/// <param name="PublicUrl">Scheme, host, port, without a trailing slash: links and catalog come from it.</param>
/// <param name="DataDirectory">Where images and files of the control plane live.</param>
public sealed record CloudSettings(string PublicUrl, string Region, string DataDirectory);

/// <summary>The outside world as the kernel gets it; the simulation gives its own.</summary>
public sealed record KernelSources(TimeProvider Clock, IIdSource Ids, IRandomness Randomness, ICrashPoints CrashPoints, ILoggerFactory Logs);

/// <summary>Floor 0, put together: what every service is constructed with.</summary>
public sealed class KernelServices : IAsyncDisposable
{
    private readonly JournalWriter journalWriter;
    private readonly IEngine engine;

    public KernelServices(CloudSettings settings, IEngine engine, MasterKey master, KernelSources sources, Policy policy)
    {
        (Settings, this.engine, Sources, Policy, Master) = (settings, engine, sources, policy, master);
        Database = new Database(engine);
        Keys = new ProjectKeys(master, sources.Randomness);
        Tokens = new TokenCodec(master, sources.Randomness);
        journalWriter = new JournalWriter(Keys, sources.Randomness);
        Journal = new JournalReader(Database, Keys);
        Queue = new WriteQueue(engine, journalWriter, sources.Clock, sources.CrashPoints, Log("store"));
        Due = new DueWorker(Database, Queue, sources.Clock, sources.Randomness, Log("due"));
        Periodics = new PeriodicLoop(sources.Clock, Log("periodic"));
        Quotas = new Quotas(Database);
    }

    public CloudSettings Settings { get; }

    public KernelSources Sources { get; }

    public Policy Policy { get; }

    public MasterKey Master { get; }

    public Database Database { get; }

    public WriteQueue Queue { get; }

    public ProjectKeys Keys { get; }

    public TokenCodec Tokens { get; }

    public JournalReader Journal { get; }

    public DueWorker Due { get; }

    public PeriodicLoop Periodics { get; }

    public Quotas Quotas { get; }

    public TimeProvider Clock => Sources.Clock;

    public IIdSource Ids => Sources.Ids;

    public IRandomness Randomness => Sources.Randomness;

    /// <summary>True: no other process serves this database, so that what is unfinished at start was left by a dead one. Known while modules start.</summary>
    public bool Alone { get; private set; } = true;

    /// <summary>Id of this cloud, 32 hex digits: part of every external name. Known after <see cref="Start"/>.</summary>
    public string CloudId { get; private set; } = "";

    public ILogger Log(string name) => Sources.Logs.CreateLogger("sovereign." + name);

    /// <summary>Calls the follower after every commit with its entries, in commit order. It must be quick and not throw.</summary>
    public void Follow(Action<IReadOnlyList<JournalEntry>> follower) => journalWriter.Follow(follower);

    /// <summary>Migrates, makes the journal's first head and the cloud's id, and starts the writer.</summary>
    /// <param name="modules">Every module of this process.</param>
    /// <exception cref="PolicyException">The operator's policy overrides a rule that no module has.</exception>
    public async Task Start(IReadOnlyList<IModule> modules, CancellationToken stop)
    {
        foreach (var module in modules) Policy.Add(module.Access);
        Policy.CheckOverrides();
        Alone = engine.Enter();
        Store.Migrations.Run(engine, modules.Select(module => module.GetType().Assembly).Prepend(typeof(KernelServices).Assembly).Distinct());
        Queue.Start();
        var cloud = await Queue.Write<string>("kernel.first", Origin.System, FirstRows, stop);
        CloudId = cloud.Value;
        foreach (var module in modules)
        {
            foreach (var quota in module.Quotas) Quotas.Add(quota);
            foreach (var reconciler in module.Reconcilers) Due.Add(reconciler);
            foreach (var periodic in module.Periodics) Periodics.Add(periodic);
        }

        foreach (var module in modules) await module.Start(stop);
        engine.Entered();
        if (engine.Shared) Periodics.Add(new Neighbours(modules, Due, Master, Log("neighbours")));
    }

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        Database.Dispose();
    }

    private Outcome<string> FirstRows(Tx tx)
    {
        tx.Execute(
            "INSERT INTO journal_head (id, incarnation, sequence, hash) VALUES (1, @incarnation, 0, @hash) ON CONFLICT (id) DO NOTHING",
            new { incarnation = Ids.Hex(), hash = JournalChain.Origin });
        tx.Execute("INSERT INTO cloud (name, value) VALUES ('id', @id) ON CONFLICT (name) DO NOTHING", new { id = Ids.Hex() });
        return tx.Scalar<string>("SELECT value FROM cloud WHERE name = 'id'")!;
    }
}
