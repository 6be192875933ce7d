using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Limits of projects, of their users, and of those that have none (Compute API reference, "Quota sets", "Quota class sets").</summary>
public class QuotaTests
{
    private static readonly string project = TestCallers.Id("project-a");
    private static readonly string user = TestCallers.Id("member-a");

    [Theory]
    [MemberData(nameof(ServerLifeTests.Engines), MemberType = typeof(ServerLifeTests))]
    public async Task A_users_limit_holds_below_the_projects(string engine)
    {
        await using var world = await ComputeWorld.Start(1, engine);
        await Put(world, $"/os-quota-sets/{project}", "{\"instances\": 5, \"ram\": 5120}");
        await Put(world, $"/os-quota-sets/{project}?user_id={user}", "{\"instances\": 1, \"ram\": 2048}");
        Assert.Equal(2048, (int)(await world.Send("GET", $"/os-quota-sets/{project}?user_id={user}", "admin")).Json["quota_set"]!["ram"]!);
        Assert.Equal(5120, (int)(await world.Send("GET", $"/os-quota-sets/{project}", "admin")).Json["quota_set"]!["ram"]!);
        Assert.Equal(400, (await Try(world, $"/os-quota-sets/{project}?user_id={user}", "{\"instances\": 6}")).Status);
        Assert.Equal(400, (await Try(world, $"/os-quota-sets/{project}?user_id={user}", "{\"instances\": -1}")).Status);
        Assert.Equal(200, (await Try(world, $"/os-quota-sets/{project}?user_id={user}", "{\"ram\": 6000, \"force\": true}")).Status);
        var first = await world.Create();
        var reply = await world.Send("POST", "/servers", body: new
        {
            server = new { name = "two", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), networks = new[] { new { uuid = ComputeWorld.Network } } },
        });
        Assert.Equal(403, reply.Status);
        Assert.Contains("instances", reply.Text);
        var detail = (await world.Send("GET", $"/os-quota-sets/{project}/detail?user_id={user}", "admin")).Json["quota_set"]!["instances"]!;
        Assert.Equal("{\"in_use\":1,\"limit\":1,\"reserved\":0}", detail.ToJsonString());
        Assert.Equal(400, (await Try(world, $"/os-quota-sets/{project}?user_id={user}", "{\"instances\": 0}")).Status);
        Assert.Equal(202, (await world.Send("DELETE", $"/os-quota-sets/{project}?user_id={user}", "admin")).Status);
        Assert.Equal(5, (int)(await world.Send("GET", $"/os-quota-sets/{project}?user_id={user}", "admin")).Json["quota_set"]!["instances"]!);
        await world.Create("two");
        Assert.Equal(202, (await world.Send("DELETE", $"/os-quota-sets/{project}", "admin")).Status);
        Assert.Equal(10, (int)(await world.Send("GET", $"/os-quota-sets/{project}", "admin")).Json["quota_set"]!["instances"]!);
        await world.Until(first, "ACTIVE");
    }

    [Theory]
    [MemberData(nameof(ServerLifeTests.Engines), MemberType = typeof(ServerLifeTests))]
    public async Task The_default_class_limits_projects_that_have_no_limits_of_their_own(string engine)
    {
        await using var world = await ComputeWorld.Start(0, engine);
        var shown = (await world.Send("GET", "/os-quota-class-sets/default", "admin")).Json["quota_class_set"]!.AsObject();
        Assert.Equal("default", (string)shown["id"]!);
        Assert.Equal(
            [
                "cores", "fixed_ips", "floating_ips", "id", "injected_file_content_bytes", "injected_file_path_bytes", "injected_files", "instances", "key_pairs",
                "metadata_items", "ram", "security_group_rules", "security_groups",
            ],
            shown.Select(member => member.Key).Order(StringComparer.Ordinal));
        var new57 = (await world.Send("GET", "/os-quota-class-sets/default", "admin", version: "2.57")).Json["quota_class_set"]!.AsObject();
        Assert.Equal(
            ["cores", "id", "instances", "key_pairs", "metadata_items", "ram", "server_group_members", "server_groups"],
            new57.Select(member => member.Key).Order(StringComparer.Ordinal));
        shown.Remove("id");
        var more = new JsonObject(shown.Select(member => KeyValuePair.Create(member.Key, (JsonNode?)((long)member.Value! + 100))));
        var changed = await world.Send("PUT", "/os-quota-class-sets/default", "admin", new JsonObject { ["quota_class_set"] = more }.ToJsonString());
        Assert.Equal(200, changed.Status);
        Assert.Equal(more.ToJsonString(), changed.Json["quota_class_set"]!.ToJsonString());
        Assert.Equal(110, (int)(await world.Send("GET", $"/os-quota-sets/{project}")).Json["quota_set"]!["instances"]!);
        Assert.Equal(110, (int)(await world.Send("GET", $"/os-quota-sets/{project}/defaults")).Json["quota_set"]!["instances"]!);
        await Put(world, $"/os-quota-sets/{project}", "{\"instances\": 7, \"floating_ips\": 3}");
        Assert.Equal(7, (int)(await world.Send("GET", $"/os-quota-sets/{project}")).Json["quota_set"]!["instances"]!);
        await Class(world, "{\"server_groups\": 0}", 200, "2.50");
        var refused = await world.Send("POST", "/os-server-groups", body: "{\"server_group\": {\"name\": \"g\", \"policies\": [\"affinity\"]}}");
        Assert.Equal(403, refused.Status);
        await Class(world, "{\"server_groups\": 1}", 400, "2.49");
        await Class(world, "{\"nonsense\": 1}", 400);
        await Class(world, "{\"cores\": -2}", 400);
        await Class(world, "{\"cores\": 2147483648}", 400);
        await Class(world, "{\"cores\": true}", 400);
        await Class(world, "{\"fixed_ips\": 1}", 400, "2.50");
        Assert.Equal(403, (await world.Send("GET", "/os-quota-class-sets/default")).Status);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    private static async Task Class(ComputeWorld world, string limits, int status, string? version = null) => Assert.Equal(
        status, (await world.Send("PUT", "/os-quota-class-sets/default", "admin", $"{{\"quota_class_set\": {limits}}}", version)).Status);

    private static Task<TestReply> Try(ComputeWorld world, string path, string limits) => world.Send("PUT", path, "admin", $"{{\"quota_set\": {limits}}}");

    private static async Task Put(ComputeWorld world, string path, string limits)
    {
        var reply = await Try(world, path, limits);
        Assert.True(reply.Status == 200, reply.Text);
    }
}
