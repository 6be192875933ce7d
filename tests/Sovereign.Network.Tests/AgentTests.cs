using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Where DHCP and routers run, and who says so.</summary>
public sealed class AgentTests
{
    private const string Dhcp = "DHCP agent";
    private const string L3 = "L3 agent";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_network_is_served_from_its_first_port_on_until_it_is_taken_from_its_agent(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var agent = await Agent(cloud, Dhcp, "node-1");
        var network = await cloud.Network();
        await cloud.Subnet(network);
        Assert.Empty(await Serving(cloud, network));
        await cloud.Port(network);
        Assert.Equal([agent], await Serving(cloud, network));
        Assert.Equal([network], await Ids(cloud, $"/agents/{agent}/dhcp-networks", "networks"));
        await cloud.Obey();
        Assert.Equal("10.0.0.2", Served(await cloud.Manifest(), network));
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/ports?device_owner=network:dhcp"))["ports"]![0]!["status"]);
        await cloud.Refused(409, "NetworkHostedByDHCPAgent", "POST", $"/agents/{agent}/dhcp-networks", new { network_id = network }, "admin");
        await cloud.Ok("DELETE", $"/agents/{agent}/dhcp-networks/{network}", token: "admin");
        Assert.Empty(await Serving(cloud, network));
        await cloud.Refused(409, "NetworkNotHostedByDhcpAgent", "DELETE", $"/agents/{agent}/dhcp-networks/{network}", token: "admin");
        await cloud.Obey();
        Assert.Empty(await cloud.Manifest());
        Assert.Equal("DOWN", (string?)(await cloud.Ok("GET", "/ports?device_owner=network:dhcp"))["ports"]![0]!["status"]);
        await cloud.Port(network);
        Assert.Empty(await Serving(cloud, network));
        Assert.Null(await Posted(cloud, $"/agents/{agent}/dhcp-networks", new { network_id = network }));
        await cloud.Settled();
        Assert.Equal("10.0.0.2", Served(await cloud.Manifest(), network));
    }

    [Fact]
    public async Task A_network_with_guests_keeps_them_without_dhcp_where_the_operator_wants_none()
    {
        await using var cloud = await NetworkCloud.Start();
        var second = await cloud.Hello("node-2");
        var (one, two) = (await Agent(cloud, Dhcp, "node-1"), await Agent(cloud, Dhcp, "node-2"));
        var network = await cloud.Network();
        await cloud.Subnet(network);
        await Servers.Bind(cloud, "server-1", await cloud.Port(network));
        await cloud.Obey();
        Assert.Equal([one], await Serving(cloud, network));
        Assert.Empty(await cloud.Manifest(second));
        await cloud.Ok("POST", $"/agents/{two}/dhcp-networks", new { network_id = network }, "admin");
        await cloud.Ok("DELETE", $"/agents/{one}/dhcp-networks/{network}", token: "admin");
        await cloud.Settled();
        Assert.Equal([two], await Serving(cloud, network));
        Assert.Equal("10.0.0.2", Served(await cloud.Manifest(second), network));
        Assert.Null(Served(await cloud.Manifest(), network));
        await cloud.Ok("POST", $"/agents/{one}/dhcp-networks", new { network_id = network }, "admin");
        await cloud.Ok("PUT", "/agents/" + two, new { agent = new { admin_state_up = false, description = "resting" } }, "admin");
        await cloud.Settled();
        Assert.Equal([one], await Serving(cloud, network));
        Assert.Equal("10.0.0.2", Served(await cloud.Manifest(), network));
        Assert.Null(Served(await cloud.Manifest(second), network));
        var shown = (await cloud.Ok("GET", "/agents?admin_state_up=false", token: "admin"))["agents"]!.AsArray();
        Assert.Equal((two, "resting"), ((string?)Assert.Single(shown)!["id"], (string?)shown[0]!["description"]));
        await cloud.Refused(404, "InvalidDHCPAgent", "POST", $"/agents/{two}/dhcp-networks", new { network_id = await cloud.Network() }, "admin");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_router_taken_from_its_agent_is_nowhere_until_it_is_put_somewhere(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var agent = await Agent(cloud, L3, "node-1");
        var (router, floating) = await World(cloud);
        await cloud.Obey();
        Assert.Equal([agent], await Ids(cloud, $"/routers/{router}/l3-agents", "agents"));
        Assert.Equal([router], await Ids(cloud, $"/agents/{agent}/l3-routers", "routers"));
        Assert.True((await cloud.Ok("GET", $"/routers/{router}/l3-agents", token: "admin"))["agents"]![0]!.AsObject().ContainsKey("ha_state"));
        await cloud.Ok("DELETE", $"/agents/{agent}/l3-routers/{router}", token: "admin");
        Assert.Empty(await Ids(cloud, $"/routers/{router}/l3-agents", "agents"));
        await cloud.Refused(409, "RouterNotHostedByL3Agent", "DELETE", $"/agents/{agent}/l3-routers/{router}", token: "admin");
        Assert.Equal("DOWN", (string?)(await cloud.Ok("GET", "/routers/" + router))["router"]!["status"]);
        Assert.Equal("DOWN", (string?)(await cloud.Ok("GET", "/floatingips/" + floating))["floatingip"]!["status"]);
        Assert.All((await cloud.Ok("GET", "/ports?device_id=" + router))["ports"]!.AsArray(), leg => Assert.Equal("DOWN", (string?)leg!["status"]));
        await cloud.Obey();
        Assert.DoesNotContain((await cloud.Manifest()).Keys, item => item.Kind == ItemKinds.Router);
        // A change of the router does not bring it back.
        await cloud.Ok("PUT", "/routers/" + router, new { router = new { name = "still" } });
        await cloud.Obey();
        Assert.DoesNotContain((await cloud.Manifest()).Keys, item => item.Kind == ItemKinds.Router);
        Assert.Null(await Posted(cloud, $"/agents/{agent}/l3-routers", new { router_id = router }));
        await cloud.Ok("POST", $"/agents/{agent}/l3-routers", new { router_id = router }, "admin");
        Assert.Equal([agent], await Ids(cloud, $"/routers/{router}/l3-agents", "agents"));
        await cloud.Obey();
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/routers/" + router))["router"]!["status"]);
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/floatingips/" + floating))["floatingip"]!["status"]);
        Assert.Single((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.FloatingIps);
    }

    [Fact]
    public async Task A_router_moves_when_its_first_node_says_that_it_is_gone()
    {
        await using var cloud = await NetworkCloud.Start();
        var (router, _) = await World(cloud);
        await cloud.Obey();
        var second = await cloud.Hello("node-2");
        var (one, two) = (await Agent(cloud, L3, "node-1"), await Agent(cloud, L3, "node-2"));
        await cloud.Refused(409, "RouterHostedByL3Agent", "POST", $"/agents/{two}/l3-routers", new { router_id = router }, "admin");
        await cloud.Ok("DELETE", $"/agents/{one}/l3-routers/{router}", token: "admin");
        await cloud.Ok("POST", $"/agents/{two}/l3-routers", new { router_id = router }, "admin");
        await cloud.Settled();
        Assert.Equal([two], await Ids(cloud, $"/routers/{router}/l3-agents", "agents"));
        Assert.DoesNotContain((ItemKinds.Router, router), (await cloud.Manifest()).Keys);
        Assert.DoesNotContain((ItemKinds.Router, router), (await cloud.Manifest(second)).Keys);
        await cloud.Obey();
        Assert.Contains((ItemKinds.Router, router), (await cloud.Manifest(second)).Keys);
        Assert.All((await cloud.Ok("GET", "/ports?device_id=" + router, token: "admin"))["ports"]!.AsArray(), leg =>
            Assert.Equal("node-2", (string?)leg!["binding:host_id"]));
    }

    [Fact]
    public async Task A_router_without_legs_is_where_it_was_put_and_goes_with_its_agents_word()
    {
        await using var cloud = await NetworkCloud.Start();
        var (agent, dhcp) = (await Agent(cloud, L3, "node-1"), await Agent(cloud, Dhcp, "node-1"));
        var router = await cloud.Router();
        Assert.Empty(await Ids(cloud, $"/agents/{agent}/l3-routers", "routers"));
        await cloud.Refused(404, "InvalidL3Agent", "POST", $"/agents/{dhcp}/l3-routers", new { router_id = router }, "admin");
        await cloud.Refused(404, "RouterNotFound", "POST", $"/agents/{agent}/l3-routers", new { router_id = "x" }, "admin");
        await cloud.Ok("POST", $"/agents/{agent}/l3-routers", new { router_id = router }, "admin");
        Assert.Equal([router], await Ids(cloud, $"/agents/{agent}/l3-routers", "routers"));
        await cloud.Obey();
        Assert.True((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.AdminUp);
        await cloud.Ok("PUT", "/agents/" + agent, new { agent = new { admin_state_up = false } }, "admin");
        await cloud.Settled();
        Assert.False((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.AdminUp);
        await cloud.Refused(404, "InvalidL3Agent", "POST", $"/agents/{agent}/l3-routers", new { router_id = await cloud.Router() }, "admin");
        await cloud.Ok("DELETE", "/routers/" + router);
        await cloud.Obey();
        Assert.Empty(await cloud.Manifest());
    }

    [Fact]
    public async Task Agents_go_with_their_node_and_nobody_else_sees_or_changes_them()
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Hello("node-2", "192.0.2.2", "");
        Assert.Equal(["node-1"], (await cloud.Ok("GET", "/agents?agent_type=L3%20agent", token: "admin"))["agents"]!.AsArray().Select(agent => (string)agent!["host"]!));
        var agent = await Agent(cloud, "Metadata agent", "node-1");
        await cloud.Refused(400, "BadRequest", "PUT", "/agents/" + agent, new { agent = new { admin_state_up = false } }, "admin");
        await cloud.Refused(400, "HTTPBadRequest", "PUT", "/agents/" + agent, """{"agent": {"admin_state_up": null}}""", "admin");
        await cloud.Refused(400, "HTTPBadRequest", "PUT", "/agents/" + agent, new { agent = new { host = "elsewhere" } }, "admin");
        var changed = await cloud.Ok("PUT", "/agents/" + agent, new { agent = new { description = "d" } }, "admin");
        Assert.Equal("d", (string?)changed["agent"]!["description"]);
        await cloud.Refused(409, "AgentInUse", "DELETE", "/agents/" + agent, token: "admin");
        await cloud.Refused(404, "AgentNotFound", "DELETE", "/agents/x", token: "admin");
        foreach (var (method, path) in new[] { ("PUT", "/agents/" + agent), ("GET", $"/agents/{agent}/dhcp-networks"), ("GET", $"/agents/{agent}/l3-routers") })
        {
            Assert.Equal(403, (await cloud.Cloud.Send(method, "/network/v2.0" + path, "member-a", method == "PUT" ? new { agent = new { } } : null)).Status);
        }
    }

    [Fact]
    public async Task A_node_is_told_to_remove_what_it_had_not_heard_of_when_it_reported()
    {
        await using var cloud = await NetworkCloud.Start();
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var port = await cloud.Port(network);
        await cloud.Settled();
        async Task<NodeManifest> Manifest() => (await cloud.Nodes.Hub.NextManifest(cloud.Node, "", 0, CancellationToken.None))!;
        async Task<bool> ToldAfter(long heard)
        {
            await cloud.Nodes.Hub.Report(new NodeReport(cloud.Node, true, [], []) { Heard = heard }, CancellationToken.None);
            return (await Manifest()).Items.Any(item => item.Id == network && item.Absent);
        }

        var before = (await Manifest()).Version;
        await cloud.Ok("DELETE", "/ports/" + port);
        await cloud.Ok("DELETE", "/networks/" + network);
        await cloud.Settled();
        Assert.True(await ToldAfter(before));
        Assert.False(await ToldAfter((await Manifest()).Version));
    }

    private static async Task<(string Router, string FloatingIp)> World(NetworkCloud cloud)
    {
        var network = await cloud.Network();
        var router = await cloud.Router(await cloud.Subnet(network), gateway: true);
        var floating = await cloud.Id(
            "POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public(), port_id = await cloud.Port(network) } });
        return (router, floating);
    }

    private static async Task<string> Agent(NetworkCloud cloud, string type, string host) =>
        (await Ids(cloud, $"/agents?agent_type={Uri.EscapeDataString(type)}&host={host}", "agents")).Single();

    private static Task<string[]> Serving(NetworkCloud cloud, string network) => Ids(cloud, $"/networks/{network}/dhcp-agents", "agents");

    private static async Task<string[]> Ids(NetworkCloud cloud, string path, string collection) =>
        [.. (await cloud.Ok("GET", path, token: "admin"))[collection]!.AsArray().Select(row => (string)row!["id"]!)];

    private static async Task<JsonNode?> Posted(NetworkCloud cloud, string path, object body)
    {
        var reply = await cloud.Cloud.Send("POST", "/network/v2.0" + path, "admin", body);
        Assert.True(reply.Status == 201, reply.Text);
        return JsonNode.Parse(reply.Text);
    }

    private static string? Served(Dictionary<(string Kind, string Id), ManifestItem> manifest, string network) =>
        Assert.Single(manifest[(ItemKinds.Network, network)].Network!.Subnets).DhcpAddress;
}
