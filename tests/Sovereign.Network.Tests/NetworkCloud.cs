using System.Text.Json.Nodes;
using Sovereign.Kernel;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>A cloud with the network service and real node hub; the node is played by the test.</summary>
internal sealed class NetworkCloud : IAsyncDisposable
{
    private NetworkCloud(TestCloud cloud, NodeModule nodes, NetworkModule networks) => (Cloud, Nodes, Module) = (cloud, nodes, networks);

    public TestCloud Cloud { get; }

    public NodeModule Nodes { get; }

    public NetworkModule Module { get; }

    public string Node { get; private set; } = "";

    public static async Task<NetworkCloud> Start(string engine = "sqlite", bool node = true, bool dns = true)
    {
        (NodeModule Nodes, NetworkModule Networks)? made = null;
        var cloud = await TestCloud.Start(
            kernel =>
            {
                var nodes = new NodeModule(kernel);
                made = (nodes, new NetworkModule(kernel, nodes.Hub, new NetworkOptions(DnsNames: dns)));
                return [nodes, made.Value.Networks];
            },
            engine: engine);
        var network = new NetworkCloud(cloud, made!.Value.Nodes, made.Value.Networks);
        if (node) network.Node = await network.Hello("node-1");
        return network;
    }

    public async Task<string> Hello(string host, string address = "127.0.0.1", string externalCidr = "172.30.0.0/24") => (await Nodes.Hub.Hello(
        new NodeFacts(host, address, 2, 4096, 40, "tcg", "qemu64", 7_002_022, externalCidr), CancellationToken.None)).Node;

    /// <summary>Everything that the node should have now, by kind and id.</summary>
    public async Task<Dictionary<(string Kind, string Id), ManifestItem>> Manifest(string? node = null)
    {
        var manifest = await Nodes.Hub.NextManifest(node ?? Node, "", 0, CancellationToken.None);
        return manifest!.Items.Where(item => !item.Absent).ToDictionary(item => (item.Kind, item.Id));
    }

    /// <summary>The node makes all that its manifest says and reports it; waits until nothing is due.</summary>
    public async Task Obey()
    {
        await Settled();
        for (var round = 0; round < 3; round++)
        {
            var manifest = await Nodes.Hub.NextManifest(Node, "", 0, CancellationToken.None);
            var items = manifest!.Items.Select(item => new ItemReport(item.Kind, item.Id, item.Version, item.Absent ? ItemState.Absent : ItemState.Present));
            await Nodes.Hub.Report(new NodeReport(Node, true, items.ToList(), []), CancellationToken.None);
            await Settled();
        }
    }

    public async Task Settled()
    {
        for (var i = 0; i < 500; i++)
        {
            var rows = Cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM due WHERE at < @soon", new { soon = Soon() }));
            if (rows == 0 && Cloud.Kernel.Due.AtRest) return;
            await Task.Delay(10);
        }

        Assert.Fail("Work is still due after five seconds.");
    }

    public async Task<JsonNode> Ok(string method, string path, object? body = null, string token = "member-a", int status = 0)
    {
        var reply = await Cloud.Send(method, "/network/v2.0" + path, token, body);
        var wanted = status != 0 ? status : method switch { "POST" => 201, "DELETE" => 204, _ => 200 };
        Assert.True(reply.Status == wanted, $"{method} {path}: {reply.Status} instead of {wanted}: {reply.Text}");
        return reply.Bytes.Length == 0 || reply.Text == "null" ? new JsonObject() : reply.Json;
    }

    public async Task Refused(int status, string type, string method, string path, object? body = null, string token = "member-a")
    {
        var reply = await Cloud.Send(method, "/network/v2.0" + path, token, body);
        Assert.True(reply.Status == status, $"{method} {path}: {reply.Status} instead of {status}: {reply.Text}");
        Assert.Equal(type, (string?)reply.Json["NeutronError"]!["type"]);
    }

    public async Task<string> Id(string method, string path, object body, string token = "member-a") =>
        (string)(await Ok(method, path, body, token)).AsObject().First().Value!["id"]!;

    public Task<string> Network(string name = "net", string token = "member-a") => Id("POST", "/networks", new { network = new { name } }, token);

    public Task<string> Subnet(string network, string cidr = "10.0.0.0/24", string token = "member-a") =>
        Id("POST", "/subnets", new { subnet = new { network_id = network, cidr, ip_version = 4 } }, token);

    public Task<string> Port(string network, string token = "member-a") => Id("POST", "/ports", new { port = new { network_id = network } }, token);

    public async Task<string> Public() => (string)(await Ok("GET", "/networks?name=public"))["networks"]![0]!["id"]!;

    public async Task<string> Router(string? subnet = null, bool gateway = false)
    {
        var id = await Id("POST", "/routers", new { router = new { name = "r" } });
        if (gateway) await Ok("PUT", "/routers/" + id, new { router = new { external_gateway_info = new { network_id = await Public() } } });
        if (subnet is not null) await Ok("PUT", $"/routers/{id}/add_router_interface", new { subnet_id = subnet });
        return id;
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Cloud.Kernel.Quotas.Verify());
        Assert.Empty(Cloud.Kernel.Journal.Verify());
        await Cloud.DisposeAsync();
    }

    /// <summary>Changes of members wait up to 200 ms; what waits for a node waits for 30 s and does not count.</summary>
    private long Soon() => Sovereign.Kernel.Sources.Micros.Now(Cloud.Kernel.Clock) + 5_000_000;
}
