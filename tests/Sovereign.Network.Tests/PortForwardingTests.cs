using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Ports of floating IPs that lead to ports of guests.</summary>
public sealed class PortForwardingTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_forwarding_is_made_shown_changed_and_deleted_and_is_on_the_node(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var (port, router, ip) = await World(cloud);
        var path = $"/floatingips/{ip}/port_forwardings";
        var made = (await cloud.Ok("POST", path, Wish(port, 2222, 22)))["port_forwarding"]!;
        Assert.Equal((2222, 22), ((int)made["external_port"]!, (int)made["internal_port"]!));
        Assert.Equal(("tcp", "10.0.0.3"), ((string)made["protocol"]!, (string)made["internal_ip_address"]!));
        Assert.Equal(("2222:2222", "22:22", port, ""), (
            (string)made["external_port_range"]!, (string)made["internal_port_range"]!, (string)made["internal_port_id"]!, (string)made["description"]!));
        var range = (await cloud.Ok("POST", path, new
        {
            port_forwarding = new
            {
                protocol = "udp", external_port_range = "3000:3009", internal_port_range = "4000:4009", internal_port_id = port, description = "games",
            },
        }))["port_forwarding"]!;
        Assert.Null(range["external_port"]);
        Assert.Equal("3000:3009", (string?)range["external_port_range"]);
        var shown = (await cloud.Ok("GET", "/floatingips/" + ip))["floatingip"]!;
        Assert.Equal((router, null), ((string?)shown["router_id"], (string?)shown["port_id"]));
        await cloud.Obey();
        var spec = (await cloud.Manifest())[(ItemKinds.Router, router)].Router!;
        Assert.Empty(spec.FloatingIps);
        var udp = Assert.Single(spec.Forwardings!, f => f.Protocol == "udp");
        Assert.Equal((3000, 3009, "10.0.0.3", 4000, 4009), (udp.FirstPort, udp.LastPort, udp.FixedAddress, udp.FixedFirstPort, udp.FixedLastPort));
        Assert.Equal("ACTIVE", (string?)(await cloud.Ok("GET", "/floatingips/" + ip))["floatingip"]!["status"]);
        Assert.Equal([(string)range["id"]!], Ids(await cloud.Ok("GET", path + "?protocol=udp")));
        Assert.Equal([(string)made["id"]!], Ids(await cloud.Ok("GET", path + "?external_port=2222&internal_port_id=" + port)));
        Assert.Single((await cloud.Ok("GET", path + "?limit=1&sort_key=protocol"))["port_forwardings"]!.AsArray());
        await cloud.Ok("GET", path + "?nonsense=1", status: 400);
        var changed = (await cloud.Ok("PUT", $"{path}/{made["id"]}", new { port_forwarding = new { external_port = 2200, description = "ssh" } }))["port_forwarding"]!;
        Assert.Equal((2200, 22, "ssh"), ((int)changed["external_port"]!, (int)changed["internal_port"]!, (string)changed["description"]!));
        foreach (var row in new[] { made, range }) await cloud.Ok("DELETE", $"{path}/{row["id"]}");
        await cloud.Ok("GET", $"{path}/{made["id"]}", status: 404);
        Assert.Null((string?)(await cloud.Ok("GET", "/floatingips/" + ip))["floatingip"]!["router_id"]);
        await cloud.Settled();
        Assert.Null((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Forwardings);
    }

    [Fact]
    public async Task Forwardings_and_associations_exclude_each_other()
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, router, ip) = await World(cloud);
        var path = $"/floatingips/{ip}/port_forwardings";
        var first = await cloud.Ok("POST", path, Wish(port, 2222, 22));
        await cloud.Refused(409, "FipInUseByPortForwarding", "PUT", "/floatingips/" + ip, new { floatingip = new { port_id = port } });
        await cloud.Refused(409, "FipInUseByPortForwarding", "DELETE", "/floatingips/" + ip);
        await cloud.Refused(400, "BadRequest", "POST", path, Wish(port, 2222, 23));
        await cloud.Refused(400, "BadRequest", "POST", path, Wish(port, 2223, 22));
        await cloud.Refused(
            400, "BadRequest", "POST", path,
            new { port_forwarding = new { protocol = "tcp", external_port_range = "2220:2230", internal_port_range = "5000:5010", internal_port_id = port } });
        var second = await cloud.Id("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public() } });
        await cloud.Refused(409, "PortHasPortForwarding", "PUT", "/floatingips/" + second, new { floatingip = new { port_id = port } });
        await cloud.Refused(
            409, "RouterInterfaceInUseByFloatingIP", "PUT", $"/routers/{router}/remove_router_interface",
            new { port_id = (await cloud.Ok("GET", $"/ports?device_id={router}&device_owner=network:router_interface"))["ports"]![0]!["id"] });
        await cloud.Ok("DELETE", $"{path}/{first["port_forwarding"]!["id"]}");
        await cloud.Ok("PUT", "/floatingips/" + second, new { floatingip = new { port_id = port } });
        await cloud.Refused(409, "PortHasBindingFloatingIP", "POST", path, Wish(port, 2222, 22));
        await cloud.Ok("PUT", "/floatingips/" + second, """{"floatingip": {"port_id": null}}""");
        await cloud.Ok("POST", path, Wish(port, 2222, 22));
        await cloud.Ok("DELETE", "/ports/" + port);
        var freed = (await cloud.Ok("GET", "/floatingips/" + ip))["floatingip"]!;
        Assert.Null((string?)freed["router_id"]);
        await cloud.Ok("DELETE", "/floatingips/" + ip);
        await cloud.Settled();
    }

    [Theory]
    [InlineData("""{"protocol": "icmp", "external_port": 1, "internal_port": 1}""", "HTTPBadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port": 0, "internal_port": 1}""", "HTTPBadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port": 65536, "internal_port": 1}""", "HTTPBadRequest")]
    [InlineData("""{"protocol": "tcp", "internal_port": 1}""", "HTTPBadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port_range": "9:8", "internal_port": 1}""", "HTTPBadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port_range": "5:8", "internal_port_range": "5:9"}""", "BadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port": 5, "external_port_range": "5:8", "internal_port": 1}""", "BadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port": 5, "internal_port": 1, "internal_ip_address": "10.0.0.99"}""", "BadRequest")]
    [InlineData("""{"protocol": "tcp", "external_port": 5, "internal_port": 1, "floatingip": "x"}""", "HTTPBadRequest")]
    public async Task A_forwarding_that_makes_no_sense_is_refused(string members, string type)
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, _, ip) = await World(cloud);
        var body = JsonNode.Parse(members)!.AsObject();
        body.TryAdd("internal_port_id", port);
        await cloud.Refused(400, type, "POST", $"/floatingips/{ip}/port_forwardings", new JsonObject { ["port_forwarding"] = body }.ToJsonString());
    }

    [Fact]
    public async Task Others_find_neither_the_floating_ip_nor_its_forwardings()
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, _, ip) = await World(cloud);
        var path = $"/floatingips/{ip}/port_forwardings";
        var made = (string)(await cloud.Ok("POST", path, Wish(port, 2222, 22)))["port_forwarding"]!["id"]!;
        foreach (var (method, target) in new[] { ("GET", path), ("GET", $"{path}/{made}"), ("DELETE", $"{path}/{made}") })
        {
            await cloud.Refused(404, "FloatingIPNotFound", method, target, token: "member-b");
        }

        await cloud.Refused(404, "FloatingIPNotFound", "POST", path, Wish(port, 1, 1), "member-b");
        var own = await cloud.Id("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public() } }, "member-b");
        await cloud.Refused(404, "PortNotFound", "POST", $"/floatingips/{own}/port_forwardings", Wish(port, 1, 1), "member-b");
    }

    private static object Wish(string port, int outer, int inner) =>
        new { port_forwarding = new { protocol = "tcp", external_port = outer, internal_port = inner, internal_port_id = port } };

    private static async Task<(string Port, string Router, string FloatingIp)> World(NetworkCloud cloud)
    {
        var network = await cloud.Network();
        var router = await cloud.Router(await cloud.Subnet(network), gateway: true);
        var port = await cloud.Port(network);
        return (port, router, await cloud.Id("POST", "/floatingips", new { floatingip = new { floating_network_id = await cloud.Public() } }));
    }

    private static string[] Ids(JsonNode list) => [.. list["port_forwardings"]!.AsArray().Select(row => (string)row!["id"]!)];
}
