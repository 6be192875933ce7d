using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

public class ServerMovesTests
{
    public static TheoryData<string> Engines => ServerLifeTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_server_stands_still_sleeps_and_goes_on(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"unpause\": null}", 409);
        await Act(world, id, "{\"pause\": null}");
        Assert.Equal(3, (int)(await world.Until(id, "PAUSED")).Json["server"]!["OS-EXT-STS:power_state"]!);
        await Act(world, id, "{\"suspend\": null}", 409);
        await Act(world, id, "{\"os-stop\": null}", 409);
        await Act(world, id, "{\"unpause\": null}");
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"suspend\": null}");
        Assert.Equal(4, (int)(await world.Until(id, "SUSPENDED")).Json["server"]!["OS-EXT-STS:power_state"]!);
        Assert.Equal(PowerTarget.Suspended, Domain(world, id).Power);
        await Act(world, id, "{\"resume\": null}");
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"pause\": null}");
        await world.Until(id, "PAUSED");
        await Act(world, id, "{\"reboot\": {\"type\": \"HARD\"}}");
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"pause\": null}", 404, "member-b");
    }

    [Fact]
    public async Task A_rebuild_remakes_the_disk_and_changes_what_it_names()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var body = $"{{\"rebuild\": {{\"imageRef\": \"{ComputeWorld.Image}\", \"name\": \"other\", \"user_data\": \"aGk=\", \"metadata\": {{\"a\": \"b\"}}}}}}";
        Assert.Equal(400, (await world.Send("POST", $"/servers/{id}/action", body: body, version: "2.56")).Status);
        var made = await world.Send("POST", $"/servers/{id}/action", body: body, version: "2.57");
        Assert.True(made.Status == 202, made.Text);
        Assert.Equal(("other", "aGk="), ((string)made.Json["server"]!["name"]!, (string)made.Json["server"]!["user_data"]!));
        Assert.Equal(12, ((string)made.Json["server"]!["adminPass"]!).Length);
        await world.Until(id, "ACTIVE");
        var domain = Domain(world, id);
        Assert.Equal((1, 1), (domain.Root!.Generation, domain.RebootCount));
        Assert.Equal("aGk=", domain.Guest.UserDataBase64);
        Assert.Equal(400, (await world.Send("POST", $"/servers/{id}/action", body: $"{{\"rebuild\": {{\"imageRef\": \"{ComputeWorld.Network}\"}}}}")).Status);
    }

    [Fact]
    public async Task A_resize_waits_to_be_confirmed_or_goes_back()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (small, large) = (await world.Flavor(), await world.Flavor("SCS-2V-4"));
        await Act(world, id, $"{{\"resize\": {{\"flavorRef\": \"{small}\"}}}}", 400);
        await Act(world, id, "{\"confirmResize\": null}", 409);
        await Act(world, id, $"{{\"resize\": {{\"flavorRef\": \"{large}\"}}}}");
        await world.Until(id, "VERIFY_RESIZE");
        Assert.Equal((2, 1, 0), (Domain(world, id).Vcpus, Domain(world, id).Root!.Generation, Domain(world, id).Root!.CopyOf));
        Assert.Equal(2, world.Placement.Claims);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        await Act(world, id, "{\"os-stop\": null}", 409);
        await Act(world, id, "{\"revertResize\": null}");
        await world.Until(id, "ACTIVE");
        Assert.Equal((1, 0, null), (Domain(world, id).Vcpus, Domain(world, id).Root!.Generation, Domain(world, id).Root!.CopyOf));
        Assert.Equal(1, world.Placement.Claims);
        await Act(world, id, $"{{\"resize\": {{\"flavorRef\": \"{large}\"}}}}");
        await world.Until(id, "VERIFY_RESIZE");
        await Act(world, id, "{\"confirmResize\": null}", 204);
        await world.Until(id, "ACTIVE");
        await ComputeWorld.Eventually(() => Domain(world, id).Root!.CopyOf is null);
        Assert.Equal((2, 2, null), (Domain(world, id).Vcpus, Domain(world, id).Root!.Generation, Domain(world, id).Root!.CopyOf));
        Assert.Equal(1, world.Placement.Claims);
        await Act(world, id, $"{{\"resize\": {{\"flavorRef\": \"{small}\"}}}}", 202);
        await world.Until(id, "VERIFY_RESIZE");
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.Equal(0, world.Placement.Claims);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task Nics_come_and_go_and_groups_are_changed_and_use_is_shown()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var body = $"{{\"interfaceAttachment\": {{\"net_id\": \"{ComputeWorld.Network}\"}}}}";
        var made = await world.Send("POST", $"/servers/{id}/os-interface", body: body);
        Assert.True(made.Status == 200, made.Text);
        var port = (string)made.Json["interfaceAttachment"]!["port_id"]!;
        await ComputeWorld.Eventually(() => Domain(world, id).Nics.Count == 2);
        var shown = (await world.Send("GET", "/servers/" + id)).Json["server"]!;
        Assert.Equal("""[{"name":"default"},{"name":"default"}]""", shown["security_groups"]!.ToJsonString());
        Assert.Equal("Security group id should be uuid", (string)(await world.Send("GET", "/os-security-groups/ssg", version: "2.1")).Json["badRequest"]!["message"]!);
        Assert.Equal(202, (await world.Send("DELETE", $"/servers/{id}/os-interface/{port}")).Status);
        Assert.Equal(404, (await world.Send("DELETE", $"/servers/{id}/os-interface/{port}")).Status);
        await ComputeWorld.Eventually(() => !world.Nodes[0].Items.ContainsKey((ItemKinds.Port, port)));
        Assert.Single((await world.Send("GET", $"/servers/{id}/os-interface")).Json["interfaceAttachments"]!.AsArray());
        Assert.Equal(400, (await world.Send("POST", $"/servers/{id}/os-interface", body: "{\"interfaceAttachment\": {\"net_id\": \"x\"}}")).Status);
        await Act(world, id, "{\"addSecurityGroup\": {\"name\": \"web\"}}");
        await Act(world, id, "{\"addSecurityGroup\": {\"name\": \"none\"}}", 404);
        Assert.Contains("web", (await world.Send("GET", "/servers/" + id)).Text, StringComparison.Ordinal);
        await Act(world, id, "{\"removeSecurityGroup\": {\"name\": \"web\"}}");
        Assert.Equal(403, (await world.Send("GET", $"/servers/{id}/diagnostics")).Status);
        var use = await world.Send("GET", $"/servers/{id}/diagnostics", "admin", version: "2.48");
        Assert.Equal((80, 1), ((int)use.Json["memory_details"]!["used"]!, (int)use.Json["num_cpus"]!));
        Assert.Equal("", (string)(await world.Send("GET", $"/servers/{id}/os-server-password")).Json["password"]!);
        Assert.True(await world.Hub.LeavePassword(id, "encrypted", TestContext.Current.CancellationToken));
        Assert.False(await world.Hub.LeavePassword(id, "another", TestContext.Current.CancellationToken));
        Assert.Equal("encrypted", (string)(await world.Send("GET", $"/servers/{id}/os-server-password")).Json["password"]!);
        Assert.Equal(204, (await world.Send("DELETE", $"/servers/{id}/os-server-password")).Status);
        Assert.Equal("", (string)(await world.Send("GET", $"/servers/{id}/os-server-password")).Json["password"]!);
        Assert.False(await world.Hub.LeavePassword("none", "x", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Server_groups_hold_their_members_together_or_apart()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var apart = await Group(world, "{\"server_group\": {\"name\": \"g\", \"policy\": \"anti-affinity\", \"rules\": {\"max_server_per_host\": 1}}}");
        var first = await Member(world, apart, "ACTIVE");
        var second = await Member(world, apart, "ACTIVE");
        await Member(world, apart, "ERROR");
        Assert.NotEqual(Node(world, first), Node(world, second));
        var together = await Group(world, "{\"server_group\": {\"name\": \"t\", \"policy\": \"affinity\"}}");
        Assert.Equal(Node(world, await Member(world, together, "ACTIVE")), Node(world, await Member(world, together, "ACTIVE")));
        var shown = (await world.Send("GET", "/os-server-groups/" + apart, version: "2.1")).Json["server_group"]!;
        Assert.Equal("[\"anti-affinity\"]", shown["policies"]!.ToJsonString());
        Assert.Equal(3, shown["members"]!.AsArray().Count);
        Assert.Equal(404, (await world.Send("GET", "/os-server-groups/" + apart, "member-b")).Status);
        Assert.Equal(2, (await world.Send("GET", "/os-server-groups")).Json["server_groups"]!.AsArray().Count);
        const string soft = "{\"server_group\": {\"name\": \"g\", \"policies\": [\"soft-affinity\"]}}";
        Assert.Equal(400, (await world.Send("POST", "/os-server-groups", body: soft, version: "2.14")).Status);
        Assert.Equal(apart, (string)(await world.Send("GET", "/servers/" + first, version: "2.71")).Json["server"]!["server_groups"]![0]!);
        Assert.Equal(204, (await world.Send("DELETE", "/os-server-groups/" + apart)).Status);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    private static async Task<string> Group(ComputeWorld world, string body)
    {
        var made = await world.Send("POST", "/os-server-groups", body: body, version: "2.64");
        Assert.True(made.Status == 200, made.Text);
        return (string)made.Json["server_group"]!["id"]!;
    }

    private static async Task<string> Member(ComputeWorld world, string group, string status)
    {
        var order = new JsonObject
        {
            ["server"] = new JsonObject { ["name"] = "m", ["imageRef"] = ComputeWorld.Image, ["flavorRef"] = await world.Flavor() },
            ["os:scheduler_hints"] = new JsonObject { ["group"] = group },
        };
        var made = await world.Send("POST", "/servers", body: order.ToJsonString());
        Assert.True(made.Status == 202, made.Text);
        var id = (string)made.Json["server"]!["id"]!;
        await world.Until(id, status);
        return id;
    }

    private static string Node(ComputeWorld world, string id) => world.Nodes.Single(node => node.Items.ContainsKey((ItemKinds.Domain, id))).Id;

    private static DomainSpec Domain(ComputeWorld world, string id) => world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!;

    private static async Task Act(ComputeWorld world, string id, string body, int status = 202, string token = "member-a")
    {
        var reply = await world.Send("POST", $"/servers/{id}/action", token, body);
        Assert.True(reply.Status == status, reply.Text);
    }
}
