using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Compute;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;
using Sovereign.LoadBalancer;
using Sovereign.Network;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Node.Fabric;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Volumes;
using Sovereign.Placement;
using Sovereign.Testing.Simulated;
using Sovereign.Testing.Simulation;
using Sovereign.Volume;
using Sovereign.Volume.Tests;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>The real services and the real agent on one simulated machine: only drivers, images and tokens are simulated.</summary>
internal sealed class HouseWorld
{
    private static readonly NodeFacts facts = new("node-1", "192.0.2.1", 8, 32_768, 500, "tcg", "simulated", 7_002_022, "198.18.7.0/24")
    {
        Receives = true, Backends = [new BackendFacts(QcowVolumes.BackendName, "qcow2", false, "", 1000, 900)],
    };

    public HouseWorld(int seed, CrashPlan plan, string engine = "sqlite", bool twoNodes = false)
    {
        Cloud = new SimulatedWorld(seed, (_, kernel) => Compose(kernel), plan, engine);
        Cloud.Add("agent", process => Agent(process, Machine, facts));
        if (twoNodes) Cloud.Add("agent 2", process => Agent(process, Second, facts with { HostName = "node-2", HostAddress = "192.0.2.2", ExternalCidr = "" }));
    }

    public SimulatedWorld Cloud { get; }

    public SimulatedMachine Machine { get; } = new();

    /// <summary>The second node's, when there is one.</summary>
    public SimulatedMachine Second { get; } = new();

    /// <summary>Disks on their way between the two; they outlive the control plane as files do.</summary>
    public SimulatedCarries Carries { get; } = new();

    /// <summary>What the store of backups keeps; it outlives the control plane too.</summary>
    public SortedDictionary<string, byte[]> Backups { get; } = new(StringComparer.Ordinal);

    private readonly Dictionary<string, Func<string, CancellationToken, Task<Stream>>> street = new(StringComparer.Ordinal);

    /// <summary>Servers that ran on both at the same moment.</summary>
    public SortedSet<string> Doubles { get; } = new(StringComparer.Ordinal);

    /// <summary>A bug planted for the test of the tests: the fabric keeps what it should remove.</summary>
    public bool ForgetsRouters { get; init; }

    private List<IModule> Compose(KernelServices kernel)
    {
        var images = new SimulatedImages(kernel);
        var node = new NodeModule(kernel);
        node.Hub.ImageSource = images.OpenContent;
        node.Hub.SnapshotSink = images.Receive;
        node.Hub.CarryFiles = Carries;
        var placement = new PlacementModule(kernel);
        var network = new NetworkModule(kernel, node.Hub, new NetworkOptions());
        var keys = new KeyManagerModule(kernel);
        var volume = new VolumeModule(kernel, node.Hub, images, keys.Secrets, new VolumeOptions(), new MemoryBackups(Backups, kernel.Sources.CrashPoints));
        node.Hub.ContentSource = volume.OpenContent;
        node.Hub.ContentSink = volume.ReceiveContent;
        return
        [
            node, placement, network, keys, volume, new ComputeModule(kernel, node.Hub, images, placement, network.Networks, volume.Volumes, new ComputeOptions()),
            new LoadBalancerModule(kernel, node.Hub, network.BalancerPorts, certificates: null),
        ];
    }

    private static bool Runs(SimulatedMachine machine, string id) =>
        machine.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused;

    private async Task Agent(SimulatedProcess process, SimulatedMachine machine, NodeFacts facts)
    {
        machine.Hook = point =>
        {
            foreach (var id in Machine.Domains.Keys.Where(id => Runs(Machine, id) && Runs(Second, id))) Doubles.Add(id);
            Cloud.Plan.Reach(process, point);
            return Task.CompletedTask;
        };
        IFabric fabric = new SimulatedFabric(machine);
        var drivers = new NodeDrivers(new SimulatedHypervisor(machine), ForgetsRouters ? new ForgetfulFabric(fabric) : fabric, new SimulatedDisks(machine))
        {
            Balancers = new SimulatedBalancers(machine), Volumes = SimulatedVolumes.Of(machine), Doors = new SimulatedDoors(street, facts.HostAddress),
        };
        var link = new SimulatedLink(Cloud, life => ((NodeModule)life.Modules[0]).Hub);
        NodeWelcome? welcome = null;
        while (welcome is null)
        {
            try
            {
                welcome = await link.Hello(facts, CancellationToken.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), Cloud.Clock);
            }
        }

        var agent = new NodeAgent(
            link, drivers, new SimulatedStore(machine), welcome, new GuestDirectory(), new AgentLimits(), Cloud.Clock, NullLogger.Instance);
        await agent.Run(facts, CancellationToken.None);
    }
}

/// <summary>One public image, "tiny", whose content is three bytes, and those that are made of disks: rows without their bytes.</summary>
internal sealed class SimulatedImages(KernelServices kernel) : IImages
{
    public const string Id = "11111111-1111-4111-8111-111111111111";
    private const string TestProject = "00000000000000000000000000000000";
    private const string Table = "CREATE TABLE IF NOT EXISTS walk_images (id TEXT PRIMARY KEY, status TEXT NOT NULL)";
    private static readonly byte[] content = [1, 2, 3];
    private static readonly string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));

    public void KeepFor(Func<Session, string, bool> standsOn)
    {
    }

    public void Left(Tx tx, string digest)
    {
    }

    public IImageCatalog Catalog => throw new NotSupportedException("No walk asks for compute's old routes.");

    public Outcome<ImageInfo> Find(AccessGrant access, string imageId) => imageId == Id || kernel.Database.Read(session => StatusOf(session, imageId)) == "active"
        ? new ImageInfo(imageId, "tiny", TestProject, "active", "public", "raw", digest, content.Length, 1 << 20, 0, 0, new Dictionary<string, string>())
        : new Fault.NotFound("Image", imageId);

    public Outcome<Stream> OpenContent(string wanted) => wanted == digest ? new MemoryStream(content) : new Fault.NotFound("Content", wanted);

    public Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage image)
    {
        var id = kernel.Ids.Uuid();
        tx.Execute(Table, new { });
        tx.Execute("INSERT INTO walk_images (id, status) VALUES (@id, 'queued')", new { id });
        return id;
    }

    public Task<Outcome<Done>> Receive(string imageId, Stream content, CancellationToken stop) => kernel.Queue.Write<Done>(
        "image.receive",
        Origin.System,
        tx => tx.Execute("UPDATE walk_images SET status = 'active' WHERE id = @imageId", new { imageId }) == 1 ? Done.Value : new Fault.Gone("The image is gone."),
        stop);

    public void Describe(Tx tx, string imageId, IReadOnlyDictionary<string, string> properties)
    {
    }

    public string? StatusOf(Session session, string imageId) => session.Scalar<string>("SELECT status FROM walk_images WHERE id = @imageId", new { imageId });

    public void Remove(Tx tx, string imageId) => tx.Execute("DELETE FROM walk_images WHERE id = @imageId", new { imageId });

    public IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties) => [];
}
