using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Sources;

namespace Sovereign.Kernel.Tests.Support;

/// <summary>Kernels without a web server on one database: one or several processes of the same cloud.</summary>
internal sealed class KernelRig : IAsyncDisposable
{
    private readonly TestDatabase database;
    private readonly List<KernelServices> kernels = [];
    private readonly byte[] masterKey = ((IRandomness)new SeededSource(5)).Bytes(MasterKey.Bytes);
    private int seeds = 100;

    private KernelRig(string engine) => database = TestDatabase.New(engine);

    /// <summary>The first kernel.</summary>
    public KernelServices Kernel => kernels[0];

    public static async Task<KernelRig> Start(string engine, params Func<KernelServices, IModule>[] modules)
    {
        var rig = new KernelRig(engine);
        await rig.Another(modules);
        return rig;
    }

    /// <summary>A rig whose first kernel is not started yet.</summary>
    public static KernelRig Empty(string engine) => new(engine);

    /// <summary>The operator's policy of the kernels to come.</summary>
    public Dictionary<string, string> Overrides { get; } = [];

    public IEngine OpenEngine() => database.Open();

    /// <summary>One more process on the same database.</summary>
    public Task<KernelServices> Another(params Func<KernelServices, IModule>[] modules) => On(database.Open(), new NoCrashPoints(), modules);

    public async Task<KernelServices> On(IEngine engine, ICrashPoints points, params Func<KernelServices, IModule>[] modules)
    {
        var source = new SeededSource(seeds++);
        var kernel = new KernelServices(
            new CloudSettings("http://cloud.example", "RegionOne", Path.GetTempPath()),
            engine,
            new MasterKey(masterKey),
            new KernelSources(TimeProvider.System, source, source, points, NullLoggerFactory.Instance),
            new Policy(Overrides));
        kernels.Add(kernel);
        var made = modules.Select(make => make(kernel)).ToList();
        await kernel.Start(made, CancellationToken.None);
        return kernel;
    }

    /// <summary>Changes the database as no part of the program would.</summary>
    public void Tamper(string sql)
    {
        using var engine = database.Open();
        using var connection = engine.OpenWriter();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var kernel in kernels) await kernel.DisposeAsync();
        database.Dispose();
    }
}
