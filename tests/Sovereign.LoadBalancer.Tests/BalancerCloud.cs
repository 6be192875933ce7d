using System.Text.Json.Nodes;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.LoadBalancer.Tests;

/// <summary>A cloud with networks and load balancers and the real node hub; the node is played by the test.</summary>
internal sealed class BalancerCloud : IAsyncDisposable
{
    public const string Root = "/load-balancer/v2.0/lbaas";

    private BalancerCloud(TestCloud cloud, NodeModule nodes, NetworkModule networks) => (Cloud, Nodes, Networks) = (cloud, nodes, networks);

    public TestCloud Cloud { get; }

    public NodeModule Nodes { get; }

    public NetworkModule Networks { get; }

    public string Node { get; private set; } = "";

    /// <summary>What the node says of each balancer: down members.</summary>
    public Dictionary<string, BalancerSight> Sights { get; } = [];

    /// <summary>Balancers that the node can't make, with the reason.</summary>
    public Dictionary<string, string> Broken { get; } = [];

    /// <summary>Certificates by reference.</summary>
    public Dictionary<string, string> Certificates { get; } = new(StringComparer.Ordinal);

    public static async Task<BalancerCloud> Start(string engine = "sqlite", bool node = true, bool keys = true)
    {
        BalancerCloud? made = null;
        (NodeModule Nodes, NetworkModule Networks)? parts = null;
        var certificates = new Lazily();
        var cloud = await TestCloud.Start(
            kernel =>
            {
                var nodes = new NodeModule(kernel);
                var networks = new NetworkModule(kernel, nodes.Hub, new NetworkOptions());
                parts = (nodes, networks);
                return [nodes, networks, new LoadBalancerModule(kernel, nodes.Hub, networks.BalancerPorts, keys ? certificates : null)];
            },
            engine: engine);
        made = new BalancerCloud(cloud, parts!.Value.Nodes, parts.Value.Networks);
        certificates.Known = made.Certificates;
        if (node) made.Node = await made.Hello("node-1");
        return made;
    }

    public async Task<string> Hello(string host) => (await Nodes.Hub.Hello(
        new NodeFacts(host, "127.0.0.1", 2, 4096, 40, "tcg", "qemu64", 7_002_022, "172.30.0.0/24"), CancellationToken.None)).Node;

    /// <summary>What the node is to make of a balancer; null: nothing.</summary>
    public async Task<BalancerSpec?> Spec(string id, string? node = null) => (await Manifest(node)).GetValueOrDefault((ItemKinds.Balancer, id))?.Balancer;

    public async Task<Dictionary<(string Kind, string Id), ManifestItem>> Manifest(string? node = null)
    {
        var manifest = await Nodes.Hub.NextManifest(node ?? Node, "", 0, CancellationToken.None);
        return manifest!.Items.Where(item => !item.Absent).ToDictionary(item => (item.Kind, item.Id));
    }

    /// <summary>The nodes make all that their manifests say and report it; waits until nothing is due.</summary>
    public async Task Obey(params string[] nodes)
    {
        await Settled();
        for (var round = 0; round < 3; round++)
        {
            foreach (var node in nodes.Length == 0 ? [Node] : nodes)
            {
                var manifest = await Nodes.Hub.NextManifest(node, "", 0, CancellationToken.None);
                await Nodes.Hub.Report(new NodeReport(node, true, manifest!.Items.Select(Seen).ToList(), []), CancellationToken.None);
                await Settled();
            }
        }
    }

    public async Task Settled()
    {
        for (var i = 0; i < 500; i++)
        {
            var soon = Sovereign.Kernel.Sources.Micros.Now(Cloud.Kernel.Clock) + 5_000_000;
            var rows = Cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM due WHERE at < @soon", new { soon }));
            if (rows == 0 && Cloud.Kernel.Due.AtRest) return;
            await Task.Delay(10);
        }

        Assert.Fail("Work is still due after five seconds.");
    }

    public async Task<JsonNode> Ok(string method, string path, object? body = null, string token = "member-a", int status = 0, string root = Root)
    {
        var reply = await Cloud.Send(method, root + path, token, body);
        var wanted = status != 0 ? status : method switch { "POST" => 201, "DELETE" => 204, _ => 200 };
        Assert.True(reply.Status == wanted, $"{method} {path}: {reply.Status} instead of {wanted}: {reply.Text}");
        return reply.Bytes.Length == 0 ? new JsonObject() : reply.Json;
    }

    public async Task<string> Refused(int status, string method, string path, object? body = null, string token = "member-a")
    {
        var reply = await Cloud.Send(method, Root + path, token, body);
        Assert.True(reply.Status == status, $"{method} {path}: {reply.Status} instead of {status}: {reply.Text}");
        Assert.Equal(status < 500 ? "Client" : "Server", (string?)reply.Json["faultcode"]);
        Assert.True(reply.Json.AsObject().ContainsKey("debuginfo"));
        return (string)reply.Json["faultstring"]!;
    }

    public async Task<string> Id(string path, object body, string token = "member-a", string root = Root) =>
        (string)(await Ok("POST", path, body, token, root: root)).AsObject().First().Value!["id"]!;

    public Task<JsonNode> Network(string method, string path, object? body = null, string token = "member-a", int status = 0) =>
        Ok(method, path, body, token, status, "/network/v2.0");

    /// <summary>A network with one subnet, 10.0.0.0/24.</summary>
    public async Task<(string Network, string Subnet)> Net(string token = "member-a")
    {
        var network = await Id("/networks", new { network = new { name = "net" } }, token, "/network/v2.0");
        return (network, await Id("/subnets", new { subnet = new { network_id = network, cidr = "10.0.0.0/24", ip_version = 4 } }, token, "/network/v2.0"));
    }

    /// <summary>A load balancer that is ACTIVE.</summary>
    public async Task<string> Balancer(string token = "member-a")
    {
        var (_, subnet) = await Net(token);
        var id = await Id("/loadbalancers", new { loadbalancer = new { name = "lb", vip_subnet_id = subnet } }, token);
        await Obey();
        return id;
    }

    /// <summary>Makes a part and lets the node make it.</summary>
    public async Task<string> Part(string path, object body, string token = "member-a")
    {
        var id = await Id(path, body, token);
        await Obey();
        return id;
    }

    public Task<string> Listener(string balancer, string protocol = "HTTP", int port = 80) =>
        Part("/listeners", new { listener = new { loadbalancer_id = balancer, protocol, protocol_port = port } });

    public Task<string> Pool(string balancer, string protocol = "HTTP") =>
        Part("/pools", new { pool = new { loadbalancer_id = balancer, protocol, lb_algorithm = "ROUND_ROBIN" } });

    public async Task<JsonNode> Show(string path) => (await Ok("GET", path)).AsObject().First().Value!;

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Cloud.Kernel.Quotas.Verify());
        Assert.Empty(Cloud.Kernel.Journal.Verify());
        await Cloud.DisposeAsync();
    }

    private ItemReport Seen(ManifestItem item)
    {
        if (item.Absent) return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Absent);
        if (item.Kind != ItemKinds.Balancer) return new ItemReport(item.Kind, item.Id, item.Version, ItemState.Present);
        return Broken.TryGetValue(item.Id, out var reason)
            ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, reason)
            : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Present, Sights.GetValueOrDefault(item.Id)?.Message);
    }

    private sealed class Lazily : ICertificates
    {
        public Dictionary<string, string> Known { get; set; } = [];

        public Outcome<string> Read(Session session, AccessGrant access, string reference) => Reopen(session, reference);

        public Outcome<string> Reopen(Session session, string reference) =>
            Known.TryGetValue(reference, out var pem) ? pem : new Fault.Invalid("", $"Could not retrieve certificate: {reference}");
    }
}
