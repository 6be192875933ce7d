using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Compute;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Node.Fabric;
using Sovereign.Placement;
using Sovereign.Testing.Simulated;
using Sovereign.Testing.Simulation;

namespace Sovereign.Cloud.Tests.Walk;

/// <summary>The real services and the real agent on one simulated machine: only drivers, images and tokens are simulated.</summary>
internal sealed class HouseWorld
{
    private static readonly NodeFacts facts = new("node-1", "192.0.2.1", 8, 32_768, 500, "tcg", "simulated", 7_002_022, "198.18.7.0/24");

    public HouseWorld(int seed, CrashPlan plan, string engine = "sqlite")
    {
        Cloud = new SimulatedWorld(seed, (_, kernel) => Compose(kernel), plan, engine);
        Cloud.Add("agent", Agent);
    }

    public SimulatedWorld Cloud { get; }

    public SimulatedMachine Machine { get; } = new();

    /// <summary>A bug planted for the test of the tests: the fabric keeps what it should remove.</summary>
    public bool ForgetsRouters { get; init; }

    private static List<IModule> Compose(KernelServices kernel)
    {
        var images = new SimulatedImages();
        var node = new NodeModule(kernel);
        node.Hub.ImageSource = images.OpenContent;
        var placement = new PlacementModule(kernel);
        var network = new NetworkModule(kernel, node.Hub, new NetworkOptions());
        return [node, placement, network, new ComputeModule(kernel, node.Hub, images, placement, network.Networks, new ComputeOptions())];
    }

    private async Task Agent(SimulatedProcess process)
    {
        Machine.Hook = point =>
        {
            Cloud.Plan.Reach(process, point);
            return Task.CompletedTask;
        };
        IFabric fabric = new SimulatedFabric(Machine);
        var drivers = new NodeDrivers(new SimulatedHypervisor(Machine), ForgetsRouters ? new ForgetfulFabric(fabric) : fabric, new SimulatedDisks(Machine));
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
            link, drivers, new SimulatedStore(Machine), welcome, new GuestDirectory(), new AgentLimits(), Cloud.Clock, NullLogger.Instance);
        await agent.Run(facts, CancellationToken.None);
    }
}

/// <summary>One public image, "tiny", whose content is three bytes.</summary>
internal sealed class SimulatedImages : IImages
{
    public const string Id = "11111111-1111-4111-8111-111111111111";
    private static readonly byte[] content = [1, 2, 3];
    private static readonly string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));

    public Outcome<ImageInfo> Find(AccessGrant access, string imageId) => imageId == Id
        ? new ImageInfo(Id, "tiny", TestProject, "active", "public", "raw", digest, content.Length, 1 << 20, 0, 0, new Dictionary<string, string>())
        : new Fault.NotFound("Image", imageId);

    public Outcome<Stream> OpenContent(string wanted) => wanted == digest ? new MemoryStream(content) : new Fault.NotFound("Content", wanted);

    private const string TestProject = "00000000000000000000000000000000";
}
