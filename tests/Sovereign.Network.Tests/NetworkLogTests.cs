using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Network.Tests;

/// <summary>Logs of what security groups let through and stop.</summary>
public sealed class NetworkLogTests
{
    private const string Logs = "/log/logs";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_log_is_made_shown_changed_and_deleted_and_is_on_the_node(string engine)
    {
        await using var cloud = await NetworkCloud.Start(engine);
        var (port, group) = await World(cloud);
        var made = (await cloud.Ok("POST", Logs, Wish(new { name = "web", description = "d", resource_id = group, @event = "ACCEPT" }), "admin"))["log"]!;
        Assert.Equal(("web", "d", "ACCEPT", "security_group", true, 1), (
            (string)made["name"]!, (string)made["description"]!, (string)made["event"]!, (string)made["resource_type"]!, (bool)made["enabled"]!,
            (int)made["revision_number"]!));
        Assert.Equal((group, null), ((string?)made["resource_id"], (string?)made["target_id"]));
        Assert.EndsWith("Z", (string?)made["created_at"], StringComparison.Ordinal);
        var all = await cloud.Id("POST", Logs, Wish(new { target_id = port }), "admin");
        var (first, log) = ((string)made["id"]!, Spec(await cloud.Manifest(), port));
        Assert.Equal(
            new[] { new PortLogSpec(first, true, false, group), new PortLogSpec(all, true, true, null) }.OrderBy(l => l.Id, StringComparer.Ordinal), log);
        Assert.Equal([first], Ids(await cloud.Ok("GET", $"{Logs}?name=web&event=ACCEPT&enabled=true&resource_id={group}", token: "admin")));
        Assert.Single(Ids(await cloud.Ok("GET", Logs + "?limit=1&sort_key=name", token: "admin")));
        await cloud.Ok("GET", Logs + "?nonsense=1", token: "admin", status: 400);
        var changed = (await cloud.Ok("PUT", $"{Logs}/{first}", new { log = new { name = "n", enabled = false } }, "admin"))["log"]!;
        Assert.Equal(("n", "d", false, 2), (
            (string)changed["name"]!, (string)changed["description"]!, (bool)changed["enabled"]!, (int)changed["revision_number"]!));
        Assert.Equal([all], Spec(await cloud.Manifest(), port)!.Select(l => l.Id));
        foreach (var member in new[] { "event", "resource_id", "target_id", "resource_type", "project_id" })
        {
            await cloud.Refused(400, "HTTPBadRequest", "PUT", $"{Logs}/{first}", $$$"""{"log": {"{{{member}}}": "ALL"}}""", "admin");
        }

        await cloud.Ok("DELETE", $"{Logs}/{first}", token: "admin");
        await cloud.Ok("DELETE", $"{Logs}/{all}", token: "admin");
        await cloud.Refused(404, "LogResourceNotFound", "GET", $"{Logs}/{first}", token: "admin");
        Assert.Null(Spec(await cloud.Manifest(), port));
        Assert.Equal("security_group", (string?)(await cloud.Ok("GET", "/log/loggable-resources", token: "admin"))["loggable_resources"]![0]!["type"]);
    }

    [Fact]
    public async Task A_log_of_a_project_is_about_all_its_ports_and_follows_their_groups()
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, group) = await World(cloud);
        var project = (string)(await cloud.Ok("GET", "/ports/" + port))["port"]!["project_id"]!;
        var own = await cloud.Id("POST", Logs, Wish(new { project_id = project, @event = "DROP" }), "admin");
        await cloud.Id("POST", Logs, Wish(new { }), "admin");   // the administrator's own project has no ports
        var grouped = await cloud.Id("POST", Logs, Wish(new { resource_id = group }), "admin");
        Assert.Equal(new[] { own, grouped }.Order(StringComparer.Ordinal), Spec(await cloud.Manifest(), port)!.Select(l => l.Id));
        await cloud.Ok("PUT", "/ports/" + port, new { port = new { security_groups = Array.Empty<string>() } });
        Assert.Equal([new PortLogSpec(own, false, true, null)], Spec(await cloud.Manifest(), port));
        await cloud.Ok("PUT", "/ports/" + port, new { port = new { port_security_enabled = false } });
        Assert.Null(Spec(await cloud.Manifest(), port));
    }

    [Fact]
    public async Task Logs_go_with_what_they_name()
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, group) = await World(cloud);
        await cloud.Id("POST", Logs, Wish(new { target_id = port, resource_id = group }), "admin");
        await cloud.Id("POST", Logs, Wish(new { resource_id = group }), "admin");
        await cloud.Ok("DELETE", "/ports/" + port);
        Assert.Single(Ids(await cloud.Ok("GET", Logs, token: "admin")));
        await cloud.Ok("DELETE", "/security-groups/" + group);
        Assert.Empty(Ids(await cloud.Ok("GET", Logs, token: "admin")));
    }

    [Fact]
    public async Task A_log_of_what_is_not_there_or_does_not_fit_is_refused()
    {
        await using var cloud = await NetworkCloud.Start();
        var (port, _) = await World(cloud);
        var other = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "other" } });
        var nowhere = Guid.Empty.ToString();
        await cloud.Refused(404, "ResourceNotFound", "POST", Logs, Wish(new { resource_id = nowhere }), "admin");
        await cloud.Refused(404, "TargetResourceNotFound", "POST", Logs, Wish(new { target_id = nowhere }), "admin");
        await cloud.Refused(400, "InvalidResourceConstraint", "POST", Logs, Wish(new { target_id = port, resource_id = other }), "admin");
        await cloud.Refused(400, "InvalidLogResourceType", "POST", Logs, new { log = new { resource_type = "firewall_group" } }, "admin");
        await cloud.Refused(400, "HTTPBadRequest", "POST", Logs, new { log = new { name = "x" } }, "admin");
        await cloud.Refused(400, "HTTPBadRequest", "POST", Logs, Wish(new { @event = "SOME" }), "admin");
        await cloud.Refused(400, "HTTPBadRequest", "POST", Logs, Wish(new { colour = "red" }), "admin");
        var dhcp = (string)(await cloud.Ok("GET", "/ports?device_owner=network:dhcp", token: "admin"))["ports"]![0]!["id"]!;
        await cloud.Refused(409, "LoggingTypeNotSupported", "POST", Logs, Wish(new { target_id = dhcp }), "admin");
        foreach (var path in new[] { Logs, $"{Logs}/{nowhere}", "/log/loggable-resources" }) await cloud.Refused(403, "PolicyNotAuthorized", "GET", path);
        await cloud.Refused(403, "PolicyNotAuthorized", "POST", Logs, Wish(new { }));
    }

    private static async Task<(string Port, string Group)> World(NetworkCloud cloud)
    {
        var network = await cloud.Network();
        await cloud.Subnet(network);
        var group = await cloud.Id("POST", "/security-groups", new { security_group = new { name = "guards" } });
        var port = await cloud.Id("POST", "/ports", new { port = new { network_id = network, security_groups = new[] { group } } });
        await Servers.Bind(cloud, "server-1", port);
        return (port, group);
    }

    private static string Wish(object members)
    {
        var log = System.Text.Json.JsonSerializer.SerializeToNode(members)!.AsObject();
        log["resource_type"] = "security_group";
        return new JsonObject { ["log"] = log }.ToJsonString();
    }

    private static IReadOnlyList<PortLogSpec>? Spec(Dictionary<(string Kind, string Id), ManifestItem> manifest, string port) =>
        manifest[(ItemKinds.Port, port)].Port!.Logs;

    private static string[] Ids(JsonNode list) => [.. list["logs"]!.AsArray().Select(row => (string)row!["id"]!)];
}
