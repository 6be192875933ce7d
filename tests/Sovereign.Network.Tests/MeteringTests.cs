using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Labels under which routers count traffic.</summary>
public sealed class MeteringTests
{
    private const string Labels = "/metering/metering-labels";
    private const string Rules = "/metering/metering-label-rules";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_label_and_its_rules_are_made_shown_and_deleted_and_are_on_the_projects_routers(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var router = await cloud.Router(await cloud.Subnet(await cloud.Network()), gateway: true);
        var project = (string)(await cloud.Ok("GET", "/routers/" + router))["router"]!["project_id"]!;
        var label = (await cloud.Ok("POST", Labels, new { metering_label = new { name = "out", description = "d", project_id = project } }, "admin"))["metering_label"]!;
        Assert.Equal(("out", "d", project, project, false), (
            (string)label["name"]!, (string)label["description"]!, (string)label["project_id"]!, (string)label["tenant_id"]!, (bool)label["shared"]!));
        var id = (string)label["id"]!;
        var other = await cloud.Id("POST", Labels, new { metering_label = new { name = "others" } }, "admin");
        var remote = (await Rule(cloud, id, new { direction = "ingress", remote_ip_prefix = "10.0.0.0/24" }))["metering_label_rule"]!;
        Assert.Equal(("ingress", "10.0.0.0/24", id, false), (
            (string)remote["direction"]!, (string)remote["remote_ip_prefix"]!, (string)remote["metering_label_id"]!, (bool)remote["excluded"]!));
        Assert.True(remote.AsObject().ContainsKey("source_ip_prefix") && remote["destination_ip_prefix"] is null);
        await Rule(cloud, id, new { direction = "egress", source_ip_prefix = "10.0.0.5", destination_ip_prefix = "0.0.0.0/0", excluded = true });
        await cloud.Settled();
        var meter = Assert.Single((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Meters!);
        Assert.Equal(id, meter.Id);
        Assert.Contains(new MeterRuleSpec(true, false, null, "10.0.0.0/24"), meter.Rules);
        Assert.Contains(new MeterRuleSpec(false, true, "10.0.0.5/32", "0.0.0.0/0"), meter.Rules);
        Assert.Equal([id], Ids(await cloud.Ok("GET", Labels + "?name=out", token: "admin")));
        Assert.Equal([other], Ids(await cloud.Ok("GET", $"{Labels}?shared=false&id={other}", token: "admin")));
        Assert.Empty(Ids(await cloud.Ok("GET", Labels + "?id=33", token: "admin")));
        Assert.Equal([(string)remote["id"]!], Ids(await cloud.Ok("GET", $"{Rules}?direction=ingress&metering_label_id={id}&excluded=false", token: "admin")));
        Assert.Single(Ids(await cloud.Ok("GET", Rules + "?limit=1&sort_key=remote_ip_prefix", token: "admin")));
        await cloud.Ok("GET", Rules + "?nonsense=1", token: "admin", status: 400);
        await cloud.Ok("DELETE", $"{Rules}/{remote["id"]}", token: "admin");
        await cloud.Refused(404, "MeteringLabelRuleNotFound", "GET", $"{Rules}/{remote["id"]}", token: "admin");
        await cloud.Ok("DELETE", $"{Labels}/{id}", token: "admin");
        await cloud.Refused(404, "MeteringLabelNotFound", "GET", $"{Labels}/{id}", token: "admin");
        Assert.Empty(Ids(await cloud.Ok("GET", Rules, token: "admin")));
        await cloud.Settled();
        Assert.Null((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Meters);
    }

    [Fact]
    public async Task A_shared_label_is_on_every_router()
    {
        await using var cloud = await NetworkCloud.Start();
        var router = await cloud.Router(await cloud.Subnet(await cloud.Network()), gateway: true);
        var label = await cloud.Id("POST", Labels, new { metering_label = new { name = "all", shared = true } }, "admin");
        await cloud.Settled();
        Assert.Equal(label, Assert.Single((await cloud.Manifest())[(ItemKinds.Router, router)].Router!.Meters!).Id);
    }

    [Fact]
    public async Task Rules_of_a_label_that_overlap_are_a_conflict_and_others_are_not()
    {
        await using var cloud = await NetworkCloud.Start();
        var one = await cloud.Id("POST", Labels, new { metering_label = new { } }, "admin");
        var two = await cloud.Id("POST", Labels, new { metering_label = new { } }, "admin");
        await Rule(cloud, one, new { direction = "ingress", remote_ip_prefix = "10.0.0.0/24" });
        await cloud.Refused(409, "MeteringLabelRuleOverlaps", "POST", Rules, Wish(one, new { direction = "ingress", remote_ip_prefix = "10.0.0.128/25" }), "admin");
        await cloud.Refused(409, "MeteringLabelRuleOverlaps", "POST", Rules, Wish(one, new { direction = "ingress", remote_ip_prefix = "0.0.0.0/0" }), "admin");
        await Rule(cloud, one, new { direction = "egress", remote_ip_prefix = "10.0.0.0/24" });
        await Rule(cloud, one, new { direction = "ingress", remote_ip_prefix = "10.0.0.0/24", excluded = true });
        await Rule(cloud, one, new { direction = "ingress", remote_ip_prefix = "fd00::/8" });
        await Rule(cloud, two, new { direction = "ingress", remote_ip_prefix = "10.0.0.0/24" });
    }

    [Theory]
    [InlineData("""{"direction": "ingress"}""", "Invalid")]
    [InlineData("""{"remote_ip_prefix": "10.0.0.0/24"}""", "HTTPBadRequest")]
    [InlineData("""{"direction": "sideways", "remote_ip_prefix": "10.0.0.0/24"}""", "HTTPBadRequest")]
    [InlineData("""{"direction": "ingress", "remote_ip_prefix": "10.0.0.0/33"}""", "HTTPBadRequest")]
    [InlineData("""{"direction": "ingress", "remote_ip_prefix": "10.0.0.0/24", "source_ip_prefix": "10.0.0.0/24"}""", "Invalid")]
    [InlineData("""{"direction": "ingress", "source_ip_prefix": "fd00::/8", "destination_ip_prefix": "10.0.0.0/24"}""", "Invalid")]
    [InlineData("""{"direction": "ingress", "remote_ip_prefix": "10.0.0.0/24", "excluded": null}""", "HTTPBadRequest")]
    [InlineData("""{"direction": "ingress", "remote_ip_prefix": "10.0.0.0/24", "colour": "red"}""", "HTTPBadRequest")]
    public async Task A_rule_that_makes_no_sense_is_refused(string members, string type)
    {
        await using var cloud = await NetworkCloud.Start();
        var body = JsonNode.Parse(members)!.AsObject();
        body["metering_label_id"] = await cloud.Id("POST", Labels, new { metering_label = new { } }, "admin");
        await cloud.Refused(400, type, "POST", Rules, new JsonObject { ["metering_label_rule"] = body }.ToJsonString(), "admin");
    }

    [Fact]
    public async Task Members_may_nothing_of_it_and_a_label_that_is_not_there_is_not_found()
    {
        await using var cloud = await NetworkCloud.Start();
        var label = await cloud.Id("POST", Labels, new { metering_label = new { } }, "admin");
        foreach (var path in new[] { Labels, $"{Labels}/{label}", Rules }) await cloud.Refused(403, "PolicyNotAuthorized", "GET", path);
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", Labels, new { metering_label = new { name = "x" } });
        await cloud.Refused(404, "MeteringLabelNotFound", "POST", Rules, Wish(Guid.Empty.ToString(), new { direction = "ingress", remote_ip_prefix = "::/0" }), "admin");
        await cloud.Refused(400, "HTTPBadRequest", "POST", Labels, new { metering_label = new { description = new string('d', 1025) } }, "admin");
    }

    private static Task<JsonNode> Rule(NetworkCloud cloud, string label, object members) => cloud.Ok("POST", Rules, Wish(label, members), "admin");

    private static string Wish(string label, object members)
    {
        var rule = System.Text.Json.JsonSerializer.SerializeToNode(members)!.AsObject();
        rule["metering_label_id"] = label;
        return new JsonObject { ["metering_label_rule"] = rule }.ToJsonString();
    }

    private static string[] Ids(JsonNode list) => [.. list.AsObject().First().Value!.AsArray().Select(row => (string)row!["id"]!)];
}
