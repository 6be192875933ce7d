using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Segments of networks, and the ranges that their numbers come from.</summary>
public sealed class SegmentTests
{
    private const string DefaultRange = "00000000-0000-4000-8000-000000000011";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_network_has_its_one_segment_and_an_empty_one_may_change_it(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var network = await cloud.Network();
        var segment = Assert.Single((await List(cloud, "/segments?network_id=" + network)).AsArray())!;
        var provider = (await cloud.Ok("GET", "/networks/" + network, token: "admin"))["network"]!;
        Assert.Equal(("vxlan", (long)provider["provider:segmentation_id"]!), ((string?)segment["network_type"], (long)segment["segmentation_id"]!));
        Assert.Equal((null, null, null), ((string?)segment["name"], (string?)segment["description"], (string?)segment["physical_network"]));
        var path = "/segments/" + segment["id"];
        var renamed = (await cloud.Ok("PUT", path, new { segment = new { name = "s", description = "d" } }, "admin"))["segment"]!;
        Assert.Equal(("s", "d", 1), ((string?)renamed["name"], (string?)renamed["description"], (int)renamed["revision_number"]! - 1));
        Assert.Single((await List(cloud, "/segments?name=s&network_type=vxlan&segmentation_id=" + segment["segmentation_id"])).AsArray());
        await cloud.Refused(400, "HTTPBadRequest", "PUT", path, new { segment = new { network_type = "flat" } }, "admin");
        await cloud.Refused(400, "InvalidInput", "POST", "/segments", new { segment = new { network_id = network, network_type = "vxlan" } }, "admin");
        var subnet = await cloud.Subnet(network);
        await cloud.Refused(409, "SegmentInUse", "DELETE", path, token: "admin");
        await cloud.Ok("DELETE", "/subnets/" + subnet);
        await cloud.Ok("DELETE", path, token: "admin");
        await cloud.Refused(404, "SegmentNotFound", "GET", path, token: "admin");
        provider = (await cloud.Ok("GET", "/networks/" + network, token: "admin"))["network"]!;
        Assert.Equal((null, null), ((string?)provider["provider:network_type"], (long?)provider["provider:segmentation_id"]));
        await cloud.Refused(409, "NetworkWithoutSegment", "POST", "/ports", new { port = new { network_id = network } });
        await cloud.Refused(409, "NetworkWithoutSegment", "POST", "/subnets", new { subnet = new { network_id = network, cidr = "10.0.0.0/24", ip_version = 4 } });
        await cloud.Refused(400, "InvalidInput", "POST", "/segments", new { segment = new { network_id = network, network_type = "vlan" } }, "admin");
        await cloud.Refused(409, "TunnelIdInUse", "POST", "/segments", Wish(network, await Vni(cloud, await cloud.Network())), "admin");
        await cloud.Refused(404, "NetworkNotFound", "POST", "/segments", Wish("x", 5), "admin");
        var made = (await cloud.Ok("POST", "/segments", Wish(network, 4711), "admin"))["segment"]!;
        Assert.Equal((4711, "again"), ((int)made["segmentation_id"]!, (string?)made["name"]));
        Assert.Equal(4711, await Vni(cloud, network));
        await cloud.Subnet(network);
        await Servers.Bind(cloud, "server-1", await cloud.Port(network));
        Assert.Equal(4711, (await cloud.Manifest())[(ItemKinds.Network, network)].Network!.Vni);
    }

    [Fact]
    public async Task Segments_go_with_their_networks_and_are_operators_alone()
    {
        await using var cloud = await NetworkCloud.Start();
        var (one, two) = (await cloud.Network("one"), await cloud.Network("two"));
        var flat = Assert.Single((await List(cloud, "/segments?network_id=" + await cloud.Public())).AsArray())!;
        Assert.Equal(("flat", "physnet1", null), ((string?)flat["network_type"], (string?)flat["physical_network"], (int?)flat["segmentation_id"]));
        Assert.Equal(3, (await List(cloud, "/segments?sort_key=segmentation_id&limit=10")).AsArray().Count);
        await cloud.Ok("DELETE", "/networks/" + one);
        Assert.Empty((await List(cloud, "/segments?network_id=" + one)).AsArray());
        var segment = (string)(await List(cloud, "/segments?network_id=" + two))[0]!["id"]!;
        await cloud.Ok("DELETE", "/segments/" + segment, token: "admin");
        await cloud.Ok("DELETE", "/networks/" + two);
        Assert.Equal(403, (await cloud.Cloud.Send("GET", "/network/v2.0/segments", "member-a")).Status);
        await cloud.Refused(
            400, "InvalidInput", "POST", "/subnets",
            new { subnet = new { network_id = await cloud.Network(), cidr = "10.0.0.0/24", ip_version = 4, segment_id = segment } });
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_projects_own_range_gives_its_networks_their_numbers_and_nobody_elses(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var project = cloud.Cloud.Callers["member-a"].ProjectId;
        var made = (await cloud.Ok("POST", "/network_segment_ranges", new
        {
            network_segment_range = new { name = "own", shared = false, project_id = project, network_type = "vxlan", minimum = 2, maximum = 4 },
        }, "admin"))["network_segment_range"]!;
        Assert.Equal((false, false, project), ((bool)made["default"]!, (bool)made["shared"]!, (string?)made["project_id"]));
        Assert.Equal([2, 3, 4], made["available"]!.AsArray().Select(number => (int)number!));
        var foreign = await cloud.Network("b", "member-b");
        Assert.Equal(5, await Vni(cloud, foreign));
        var own = new List<string>();
        for (var i = 0; i < 4; i++) own.Add(await cloud.Network());
        var numbers = await Task.WhenAll(own.Select(id => Vni(cloud, id)));
        Assert.Equal([2, 3, 4, 6], numbers);
        var path = "/network_segment_ranges/" + made["id"];
        var shown = (await cloud.Ok("GET", path, token: "admin"))["network_segment_range"]!;
        Assert.Empty(shown["available"]!.AsArray());
        Assert.Equal(["2", "3", "4"], shown["used"]!.AsObject().Select(pair => pair.Key));
        Assert.All(shown["used"]!.AsObject(), pair => Assert.Equal(project, (string?)pair.Value));
        await cloud.Refused(409, "NetworkSegmentRangeReferencedByProject", "DELETE", path, token: "admin");
        await cloud.Refused(409, "NetworkSegmentRangeReferencedByProject", "PUT", path, Range(new { minimum = 3, maximum = 9 }), "admin");
        await cloud.Ok("PUT", path, Range(new { name = "wider", maximum = 9 }), "admin");
        Assert.Equal(7, await Vni(cloud, await cloud.Network()));
        var everyones = (await cloud.Ok("GET", "/network_segment_ranges/" + DefaultRange, token: "admin"))["network_segment_range"]!;
        Assert.Equal((true, null), ((bool)everyones["default"]!, (string?)everyones["project_id"]));
        Assert.Equal(65535, everyones["available"]!.AsArray().Count + everyones["used"]!.AsObject().Count);
        Assert.Single((await List(cloud, "/network_segment_ranges?default=true")).AsArray());
        Assert.Single((await List(cloud, "/network_segment_ranges?name=wider&shared=false&project_id=" + project)).AsArray());
        foreach (var id in own.Append(foreign)) await cloud.Ok("DELETE", "/networks/" + id, token: "admin");
        Assert.Equal([7], (await cloud.Ok("GET", path, token: "admin"))["network_segment_range"]!["used"]!.AsObject().Select(pair => int.Parse(pair.Key)));
    }

    [Theory]
    [InlineData("""{"network_type": "vlan", "minimum": 1, "maximum": 2}""", 400, "NetworkSegmentRangeNetTypeNotSupported")]
    [InlineData("""{"network_type": "flat", "minimum": 1, "maximum": 2}""", 400, "HTTPBadRequest")]
    [InlineData("""{"network_type": "vxlan", "minimum": 1}""", 400, "HTTPBadRequest")]
    [InlineData("""{"network_type": "vxlan", "minimum": 0, "maximum": 2}""", 400, "InvalidInput")]
    [InlineData("""{"network_type": "vxlan", "minimum": 5, "maximum": 2}""", 400, "InvalidInput")]
    [InlineData("""{"network_type": "vxlan", "minimum": 1, "maximum": 16777216}""", 400, "InvalidInput")]
    [InlineData("""{"network_type": "vxlan", "minimum": 100001, "maximum": 165536}""", 400, "InvalidInput")]
    [InlineData("""{"network_type": "vxlan", "minimum": 70000, "maximum": 80000}""", 409, "NetworkSegmentRangeOverlaps")]
    public async Task A_range_that_makes_no_sense_is_refused(string members, int status, string type)
    {
        await using var cloud = await NetworkCloud.Start();
        await cloud.Ok("POST", "/network_segment_ranges", Range(new { network_type = "vxlan", minimum = 80000, maximum = 90000 }), "admin");
        await cloud.Refused(
            status, type, "POST", "/network_segment_ranges", new JsonObject { ["network_segment_range"] = JsonNode.Parse(members) }.ToJsonString(), "admin");
        await cloud.Refused(400, "NetworkSegmentRangeDefaultReadOnly", "DELETE", "/network_segment_ranges/" + DefaultRange, token: "admin");
        await cloud.Refused(400, "NetworkSegmentRangeDefaultReadOnly", "PUT", "/network_segment_ranges/" + DefaultRange, Range(new { name = "x" }), "admin");
        Assert.Equal(403, (await cloud.Cloud.Send("GET", "/network/v2.0/network_segment_ranges", "member-a")).Status);
    }

    private static object Range(object members) => new { network_segment_range = members };

    private static object Wish(string network, long vni) =>
        new { segment = new { network_id = network, network_type = "vxlan", segmentation_id = vni, name = "again" } };

    private static async Task<JsonNode> List(NetworkCloud cloud, string path) => (await cloud.Ok("GET", path, token: "admin")).AsObject().First().Value!;

    private static async Task<long> Vni(NetworkCloud cloud, string network) =>
        (long)(await cloud.Ok("GET", "/networks/" + network, token: "admin"))["network"]!["provider:segmentation_id"]!;
}
