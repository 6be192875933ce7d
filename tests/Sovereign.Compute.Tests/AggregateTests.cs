using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

public class AggregateTests
{
    public static TheoryData<string> Engines => ServerLifeTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_aggregate_makes_a_zone_that_servers_are_placed_in(string engine)
    {
        await using var world = await ComputeWorld.Start(nodes: 2, engine: engine);
        var made = await Admin(world, "POST", "/os-aggregates", "{\"aggregate\": {\"name\": \"a\", \"availability_zone\": \"east\"}}", 200);
        var id = (long)made["aggregate"]!["id"]!;
        Assert.Equal(("east", null), ((string?)made["aggregate"]!["availability_zone"], (string?)made["aggregate"]!["updated_at"]));
        Assert.Null(made["aggregate"]!["hosts"]);
        await Admin(world, "POST", "/os-aggregates", "{\"aggregate\": {\"name\": \"a\"}}", 409);
        await Admin(world, "POST", "/os-aggregates", "{\"aggregate\": {\"name\": \"\"}}", 400);
        await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"add_host\": {\"host\": \"none\"}}", 404);
        var added = await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"add_host\": {\"host\": \"node-001\"}}", 200);
        Assert.Equal("[\"node-001\"]", added["aggregate"]!["hosts"]!.ToJsonString());
        await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"add_host\": {\"host\": \"node-001\"}}", 409);
        Assert.Single(world.Placement.Aggregates, pair => pair.Value);
        var zones = (await world.Send("GET", "/os-availability-zone")).Json["availabilityZoneInfo"]!.AsArray().Select(zone => (string)zone!["zoneName"]!);
        Assert.Equal(["east", "nova"], zones);
        var server = await Placed(world, "east");
        var shown = (await world.Until(server, "ACTIVE", "member-a")).Json["server"]!;
        Assert.Equal("east", (string)shown["OS-EXT-AZ:availability_zone"]!);
        Assert.True(world.Nodes[1].Items.ContainsKey((Sovereign.Node.Contract.ItemKinds.Domain, server)));
        await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"remove_host\": {\"host\": \"node-001\"}}", 409);
        await Admin(world, "PUT", $"/os-aggregates/{id}", "{\"aggregate\": {\"availability_zone\": \"west\"}}", 409);
        await Admin(world, "DELETE", $"/os-aggregates/{id}", null, 409);
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + server)).Status);
        await world.Until(server, null);
        var renamed = await Admin(world, "PUT", $"/os-aggregates/{id}", "{\"aggregate\": {\"name\": \"b\", \"availability_zone\": \"west\"}}", 200);
        Assert.Equal(("b", "west"), ((string)renamed["aggregate"]!["name"]!, (string)renamed["aggregate"]!["availability_zone"]!));
        var metadata = await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"set_metadata\": {\"metadata\": {\"k\": \"v\", \"availability_zone\": null}}}", 200);
        Assert.Equal("{\"k\":\"v\"}", metadata["aggregate"]!["metadata"]!.ToJsonString());
        await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"remove_host\": {\"host\": \"node-001\"}}", 200);
        await Admin(world, "POST", $"/os-aggregates/{id}/action", "{\"remove_host\": {\"host\": \"node-001\"}}", 404);
        await Admin(world, "DELETE", $"/os-aggregates/{id}", null, 200);
        await Admin(world, "GET", $"/os-aggregates/{id}", null, 404);
        await Admin(world, "GET", "/os-aggregates/-1", null, 404);
        await Admin(world, "GET", "/os-aggregates/x", null, 400);
        Assert.Equal(403, (await world.Send("GET", "/os-aggregates")).Status);
        Assert.Equal(400, (await world.Send("POST", "/servers", body: await Order(world, "east", null))).Status);
    }

    [Fact]
    public async Task Hints_put_servers_with_others_or_apart()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var first = await world.Create();
        await world.Until(first, "ACTIVE");
        var same = await Hinted(world, new JsonObject { ["same_host"] = first });
        var apart = await Hinted(world, new JsonObject { ["different_host"] = new JsonArray(first) });
        Assert.Equal(Node(world, first), Node(world, same));
        Assert.NotEqual(Node(world, first), Node(world, apart));
        Assert.Equal(400, (await world.Send("POST", "/servers", body: await Order(world, null, new JsonObject { ["same_host"] = "x" }))).Status);
        const string body = "{\"events\": [{\"name\": \"network-changed\", \"server_uuid\": \"ID\"}]}";
        var told = await world.Send("POST", "/os-server-external-events", "admin", body.Replace("ID", first, StringComparison.Ordinal));
        Assert.Equal((200, 200), (told.Status, (int)told.Json["events"]![0]!["code"]!));
        Assert.Equal(404, (await world.Send("POST", "/os-server-external-events", "admin", body.Replace("ID", Guid.Empty.ToString(), StringComparison.Ordinal))).Status);
        Assert.Equal(403, (await world.Send("POST", "/os-server-external-events", body: body)).Status);
    }

    private static string Node(ComputeWorld world, string id) => world.Nodes.Single(node => node.Items.ContainsKey((Sovereign.Node.Contract.ItemKinds.Domain, id))).Id;

    private static async Task<string> Placed(ComputeWorld world, string zone) => await Sent(world, await Order(world, zone, null));

    private static async Task<string> Hinted(ComputeWorld world, JsonObject hints)
    {
        var id = await Sent(world, await Order(world, null, hints));
        await world.Until(id, "ACTIVE");
        return id;
    }

    private static async Task<string> Sent(ComputeWorld world, string body)
    {
        var made = await world.Send("POST", "/servers", body: body);
        Assert.True(made.Status == 202, made.Text);
        return (string)made.Json["server"]!["id"]!;
    }

    private static async Task<string> Order(ComputeWorld world, string? zone, JsonObject? hints)
    {
        var server = new JsonObject { ["name"] = "m", ["imageRef"] = ComputeWorld.Image, ["flavorRef"] = await world.Flavor() };
        if (zone is not null) server["availability_zone"] = zone;
        var order = new JsonObject { ["server"] = server };
        if (hints is not null) order["os:scheduler_hints"] = hints;
        return order.ToJsonString();
    }

    private static async Task<JsonNode> Admin(ComputeWorld world, string method, string path, string? body, int status)
    {
        var reply = await world.Send(method, path, "admin", body);
        Assert.True(reply.Status == status, $"{method} {path} {body}: {reply.Status} {reply.Text}");
        return reply.Bytes.Length == 0 ? new JsonObject() : reply.Json;
    }
}
