using System.Net;
using Microsoft.AspNetCore.Builder;
using Sovereign.Compute;
using Sovereign.Identity;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager;
using Sovereign.Network;
using Sovereign.Node.Control;
using Sovereign.Placement;
using Sovereign.Volume;

namespace Sovereign.Bench.Servers;

/// <summary>The control plane with all its services, as production composes it, on loopback without TLS; nodes are simulated and live in this process.</summary>
internal static class CloudServer
{
    public const string Password = "a password of the benchmark";

    public static async Task Run(string directory, int nodes)
    {
        await using var kernel = BenchKernel.Make(directory);
        using var stop = new CancellationTokenSource();
        var node = new NodeModule(kernel);
        var identity = new IdentityModule(kernel, new IdentityOptions(
            [
                new("identity", "keystone", "/identity/v3"), new("image", "glance", "/image"), new("placement", "placement", "/placement"),
                new("network", "neutron", "/network"), new("compute", "nova", "/compute/v2.1"),
            ],
            new FirstUser("admin", Password),
            new FirstUser("demo", Password)));
        var image = new ImageModule(kernel);
        var placement = new PlacementModule(kernel);
        var network = new NetworkModule(kernel, node.Hub, new NetworkOptions("172.31.240.0/24"));
        var keys = new KeyManagerModule(kernel);
        var volume = new VolumeModule(kernel, node.Hub, image, keys.Secrets, new VolumeOptions());
        var compute = new ComputeModule(kernel, node.Hub, image, placement, network.Networks, volume.Volumes, new ComputeOptions());
        node.Hub.ImageSource = image.OpenContent;
        IModule[] modules = [node, identity, image, placement, network, keys, volume, compute];
        await kernel.Start(modules, stop.Token);
        var loops = new List<Task> { kernel.Due.Run(stop.Token), kernel.Periodics.Run(stop.Token) };
        await using var app = CloudWeb.Builder(kernel, options => options.Listen(IPAddress.Loopback, 0)).Build();
        CloudWeb.Map(app, kernel, modules, identity.Callers);
        await app.StartAsync(stop.Token);
        loops.AddRange(Enumerable.Range(1, nodes).Select(number => new SimulatedNode(node.Hub, number).Run(stop.Token)));
        ServerSide.Serve(WebPort.Of(app), new Dictionary<string, string>(), () => [.. kernel.Quotas.Verify(), .. placement.Verify(), .. Addresses(kernel)]);
        await stop.CancelAsync();
        await Task.WhenAll(loops).ContinueWith(_ => { }, TaskScheduler.Default);
        await app.StopAsync(CancellationToken.None);
    }

    /// <summary>Addresses that two ports have.</summary>
    private static IEnumerable<string> Addresses(KernelServices kernel) => kernel.Database.Read(session => session.Query<string>(
            "SELECT address FROM addresses GROUP BY subnet_id, address HAVING COUNT(*) > 1"))
        .Select(address => $"The address {address} is given twice.");
}
