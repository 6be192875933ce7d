using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Conntrack helpers of routers.</summary>
public sealed class ConntrackHelperTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_helper_is_made_shown_changed_and_deleted_and_is_on_the_node(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var router = await cloud.Router(await cloud.Subnet(await cloud.Network()));
        var path = $"/routers/{router}/conntrack_helpers";
        var made = (await cloud.Ok("POST", path, Wish("tftp", "udp", 69)))["conntrack_helper"]!;
        Assert.Equal(("tftp", "udp", 69), ((string)made["helper"]!, (string)made["protocol"]!, (int)made["port"]!));
        await cloud.Ok("POST", path, Wish("ftp", "tcp", 21));
        await cloud.Settled();
        Assert.Equal(
            [new HelperSpec("ftp", "tcp", 21), new HelperSpec("tftp", "udp", 69)],
            (await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Helpers!.OrderBy(h => h.Port));
        Assert.Equal([(string)made["id"]!], Ids(await cloud.Ok("GET", path + "?helper=tftp&port=69&protocol=udp")));
        Assert.Single(Ids(await cloud.Ok("GET", path + "?limit=1&sort_key=port")));
        await cloud.Ok("GET", path + "?nonsense=1", status: 400);
        await cloud.Refused(400, "BadRequest", "POST", path, Wish("tftp", "udp", 69));
        var changed = (await cloud.Ok("PUT", $"{path}/{made["id"]}", new { conntrack_helper = new { port = 6969 } }))["conntrack_helper"]!;
        Assert.Equal(("tftp", 6969), ((string)changed["helper"]!, (int)changed["port"]!));
        Assert.Equal(6969, (int)(await cloud.Ok("GET", $"{path}/{made["id"]}"))["conntrack_helper"]!["port"]!);
        var second = await cloud.Id("POST", path, Wish("tftp", "udp", 70));
        await cloud.Refused(400, "BadRequest", "PUT", $"{path}/{second}", new { conntrack_helper = new { port = 6969 } });
        foreach (var id in Ids(await cloud.Ok("GET", path))) await cloud.Ok("DELETE", $"{path}/{id}");
        await cloud.Refused(404, "ConntrackHelperNotFound", "GET", $"{path}/{second}");
        await cloud.Settled();
        Assert.Null((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Helpers);
    }

    [Fact]
    public async Task A_routers_helpers_go_with_it()
    {
        await using var cloud = await NetworkCloud.Start();
        var router = await cloud.Router();
        await cloud.Ok("POST", $"/routers/{router}/conntrack_helpers", Wish("tftp", "udp", 69));
        await cloud.Ok("DELETE", "/routers/" + router);
        Assert.Equal(0L, cloud.Cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM conntrack_helpers")));
    }

    [Theory]
    [InlineData("""{"protocol": "udp", "port": 69}""", "HTTPBadRequest")]
    [InlineData("""{"helper": "tftp", "protocol": "udp"}""", "HTTPBadRequest")]
    [InlineData("""{"helper": "tftp", "protocol": "udp", "port": 0}""", "HTTPBadRequest")]
    [InlineData("""{"helper": "tftp", "protocol": "udp", "port": 65536}""", "HTTPBadRequest")]
    [InlineData("""{"helper": "tftp", "protocol": "carrier", "port": 69}""", "HTTPBadRequest")]
    [InlineData("""{"helper": "telepathy", "protocol": "udp", "port": 69}""", "ConntrackHelperNotAllowed")]
    [InlineData("""{"helper": "tftp", "protocol": "tcp", "port": 69}""", "InvalidProtocolForHelper")]
    [InlineData("""{"helper": "tftp", "protocol": "udp", "port": 69, "router": "x"}""", "HTTPBadRequest")]
    public async Task A_helper_that_makes_no_sense_is_refused(string members, string type)
    {
        await using var cloud = await NetworkCloud.Start();
        var router = await cloud.Router();
        await cloud.Refused(400, type, "POST", $"/routers/{router}/conntrack_helpers", $$"""{"conntrack_helper": {{members}}}""");
    }

    [Fact]
    public async Task Others_find_neither_the_router_nor_its_helpers()
    {
        await using var cloud = await NetworkCloud.Start();
        var router = await cloud.Router();
        var path = $"/routers/{router}/conntrack_helpers";
        var made = await cloud.Id("POST", path, Wish("tftp", "udp", 69));
        foreach (var (method, target) in new[] { ("GET", path), ("GET", $"{path}/{made}"), ("DELETE", $"{path}/{made}") })
        {
            await cloud.Refused(404, "RouterNotFound", method, target, token: "member-b");
        }

        await cloud.Refused(404, "RouterNotFound", "POST", path, Wish("ftp", "tcp", 21), "member-b");
        await cloud.Refused(404, "ConntrackHelperNotFound", "GET", $"/routers/{await cloud.Router()}/conntrack_helpers/{made}");
    }

    private static object Wish(string helper, string protocol, int port) => new { conntrack_helper = new { helper, protocol, port } };

    private static string[] Ids(JsonNode list) => [.. list["conntrack_helpers"]!.AsArray().Select(row => (string)row!["id"]!)];
}
