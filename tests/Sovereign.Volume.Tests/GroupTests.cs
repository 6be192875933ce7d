using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public sealed class GroupTests(ITestOutputHelper output)
{
    private const string Nobody = "44444444-4444-4444-8444-444444444444";
    private const string Version = "3.58";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_group_is_kept_at_one_moment_and_another_group_is_made_of_that(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var (group, type) = await Group(world);
        var (one, two) = (await Member(world, group, type, "a"), await Member(world, group, type, "b"));
        (world.Node.Bytes[one], world.Node.Bytes[two]) = ("1", "2");
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + one)).Status);
        Assert.Equal(group, (string)(await Show(world, "volumes", one))["group_id"]!);
        var listed = (await world.Send("GET", $"/groups/{group}?list_volume=true", version: Version)).Json["group"]!;
        Assert.Equal(2, listed["volumes"]!.AsArray().Count);
        Assert.Null(listed["project_id"]);
        var taken = await world.Send("POST", "/group_snapshots", body: new { group_snapshot = new { group_id = group, name = "s" } }, version: Version);
        Assert.True(taken.Status == 202, taken.Text);
        var snapshot = (string)taken.Json["group_snapshot"]!["id"]!;
        await Until(world, "group_snapshots", snapshot, "available");
        var kept = (await world.Send("GET", "/snapshots/detail", version: Version)).Json["snapshots"]!.AsArray();
        Assert.Equal([snapshot, snapshot], kept.Select(item => (string)item!["group_snapshot_id"]!));
        var spec = world.Node.Items[(ItemKinds.VolumeSnapshot, (string)kept[0]!["id"]!)].VolumeSnapshot!;
        Assert.Equal(new[] { one, two }.Order(), spec.Together!.Values.Order());
        Assert.Equal(400, (await world.Send("DELETE", "/snapshots/" + (string)kept[0]!["id"]!)).Status);
        Assert.Equal(400, (await Act(world, group, "{\"delete\": {\"delete-volumes\": true}}")).Status);
        (world.Node.Bytes[one], world.Node.Bytes[two]) = ("3", "4");
        var source = $"{{\"create-from-src\": {{\"group_snapshot_id\": \"{snapshot}\", \"name\": \"c\"}}}}";
        var copied = await world.Send("POST", "/groups/action", body: source, version: Version);
        Assert.True(copied.Status == 202, copied.Text);
        var copy = (string)copied.Json["group"]!["id"]!;
        await Until(world, "groups", copy, "available");
        var copies = (await world.Send("GET", $"/volumes?group_id={copy}")).Json["volumes"]!.AsArray();
        Assert.Equal(["1", "2"], copies.Select(volume => world.Node.Bytes[(string)volume!["id"]!]).Order());
        Assert.Equal(202, (await Act(world, copy, "{\"delete\": {\"delete-volumes\": true}}")).Status);
        await Until(world, "groups", copy, null);
        Assert.Equal(202, (await world.Send("DELETE", "/group_snapshots/" + snapshot, version: Version)).Status);
        await Until(world, "group_snapshots", snapshot, null);
        Assert.Equal(202, (await Act(world, group, "{\"delete\": {\"delete-volumes\": true}}")).Status);
        await Until(world, "groups", group, null);
        Assert.Empty((await world.Send("GET", "/volumes")).Json["volumes"]!.AsArray());
        Assert.Equal(0, await Used(world));
        world.Verified();
    }

    [Fact]
    public async Task A_group_is_copied_as_it_is_now()
    {
        await using var world = await VolumeWorld.Start();
        var (group, type) = await Group(world);
        var empty = await world.Send("POST", "/groups/action", body: $"{{\"create-from-src\": {{\"source_group_id\": \"{group}\"}}}}", version: Version);
        Assert.Equal(400, empty.Status);
        var one = await Member(world, group, type, "a");
        world.Node.Bytes[one] = "now";
        var copied = await world.Send("POST", "/groups/action", body: $"{{\"create-from-src\": {{\"source_group_id\": \"{group}\"}}}}", version: Version);
        var copy = (string)copied.Json["group"]!["id"]!;
        await Until(world, "groups", copy, "available");
        Assert.Equal(group, (string)(await Show(world, "groups", copy))["source_group_id"]!);
        var volume = (string)(await world.Send("GET", $"/volumes?group_id={copy}")).Json["volumes"]![0]!["id"]!;
        Assert.Equal("now", world.Node.Bytes[volume]);
        world.Node.Twist = item => item.Volume?.Source is not null ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "No.") : null;
        var failing = await world.Send("POST", "/groups/action", body: $"{{\"create-from-src\": {{\"source_group_id\": \"{group}\"}}}}", version: Version);
        await Until(world, "groups", (string)failing.Json["group"]!["id"]!, "error");
        world.Verified();
    }

    [Fact]
    public async Task Volumes_join_and_leave_a_group_and_its_volumes_are_in_one_place()
    {
        await using var world = await VolumeWorld.Start(nodes: 3);
        var (group, type) = await Group(world);
        var first = await Member(world, group, type, "a");
        var second = await Member(world, group, type, "b");
        Assert.Equal(Host(await world.Send("GET", "/volumes/" + first, "admin")), Host(await world.Send("GET", "/volumes/" + second, "admin")));
        Assert.Equal(202, (await Update(world, group, new { name = "n", remove_volumes = second })).Status);
        Assert.Null(((string?)(await Show(world, "volumes", second))["group_id"]));
        Assert.Equal(("n", "available"), ((string)(await Show(world, "groups", group))["name"]!, (string)(await Show(world, "groups", group))["status"]!));
        Assert.Equal(202, (await Update(world, group, new { add_volumes = second })).Status);
        Assert.Equal(group, (string)(await Show(world, "volumes", second))["group_id"]!);
        var foreign = await world.Volume();
        foreach (var (changes, words) in new (object, string)[]
        {
            (new { add_volumes = foreign }, "is not supported by the group"), (new { remove_volumes = foreign }, "not in the group"),
            (new { add_volumes = Nobody }, "cannot be found"),
            (new { add_volumes = second, remove_volumes = second }, "both"), (new { }, "At least one"),
        })
        {
            var refused = await Update(world, group, changes);
            Assert.Equal(400, refused.Status);
            Assert.Contains(words, refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal(400, (await Act(world, group, "{\"delete\": {}}")).Status);
        Assert.Equal(400, (await world.Send("POST", "/volumes", body: $"{{\"volume\": {{\"size\": 1, \"group_id\": \"{group}\"}}}}", version: Version)).Status);
        Assert.Equal(404, (await world.Send("POST", "/volumes", body: $"{{\"volume\": {{\"size\": 1, \"group_id\": \"{Nobody}\"}}}}", version: Version)).Status);
        world.Verified();
    }

    [Fact]
    public async Task Groups_are_counted_shown_set_and_kept_from_others()
    {
        await using var world = await VolumeWorld.Start();
        await world.Send("PUT", "/os-quota-sets/" + TestCallers.Id("project-a"), "admin", "{\"quota_set\": {\"groups\": 1}}");
        var (group, type) = await Group(world);
        var body = new { group = new { group_type = "kind", volume_types = new[] { type }, name = "g" } };
        var over = await world.Send("POST", "/groups", body: body, version: Version);
        Assert.Equal(413, over.Status);
        Assert.Contains("Maximum number of groups allowed (1) exceeded", over.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await world.Send("GET", "/groups")).Status);
        Assert.Equal(404, (await world.Send("GET", "/groups/" + group, "member-b", version: Version)).Status);
        Assert.Equal(404, (await world.Send("PUT", "/groups/" + group, "member-b", new { group = new { name = "x" } }, Version)).Status);
        Assert.Equal(404, (await world.Send("POST", $"/groups/{group}/action", "member-b", "{\"delete\": {}}", Version)).Status);
        Assert.Equal(404, (await world.Send("POST", "/group_snapshots", "member-b", new { group_snapshot = new { group_id = group } }, Version)).Status);
        Assert.Equal(400, (await world.Send("POST", "/group_snapshots", body: new { group_snapshot = new { group_id = group } }, version: Version)).Status);
        Assert.Equal(403, (await Act(world, group, "{\"reset_status\": {\"status\": \"error\"}}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/groups/{group}/action", "admin", "{\"reset_status\": {\"status\": \"error\"}}", Version)).Status);
        Assert.Equal("error", (string)(await Show(world, "groups", group))["status"]!);
        Assert.Equal(400, (await world.Send("POST", $"/groups/{group}/action", "admin", "{\"reset_status\": {\"status\": \"moon\"}}", Version)).Status);
        Assert.Equal(400, (await Act(world, group, "{\"enable_replication\": {}}")).Status);
        foreach (var path in new List<string> { "/groups/detail?name~=g", "/groups?sort=name:asc&limit=1", "/groups/detail?status=error" })
        {
            Assert.Single((await world.Send("GET", path, version: Version)).Json["groups"]!.AsArray());
        }

        Assert.Equal(400, (await world.Send("GET", "/groups?metadata={}", version: Version)).Status);
        Assert.Equal(TestCallers.Id("project-a"), (string)(await world.Send("GET", "/groups/" + group, "admin", version: Version)).Json["group"]!["project_id"]!);
        Assert.Equal(202, (await Act(world, group, "{\"delete\": {\"delete-volumes\": false}}")).Status);
        await Until(world, "groups", group, null);
        world.Verified();
    }

    [Fact]
    public async Task Group_types_have_specs_and_are_not_deleted_while_groups_have_them()
    {
        await using var world = await VolumeWorld.Start();
        await Group(world);
        Assert.Equal(409, (await Type(world, "kind")).Status);
        Assert.Equal(403, (await world.Send("POST", "/group_types", body: new { group_type = new { name = "x" } }, version: Version)).Status);
        var id = (string)(await world.Send("GET", "/group_types", "admin", version: Version)).Json["group_types"]![0]!["id"]!;
        Assert.Equal(400, (await world.Send("DELETE", "/group_types/" + id, "admin", version: Version)).Status);
        var hidden = (string)(await Type(world, "hidden", ", \"is_public\": false")).Json["group_type"]!["id"]!;
        Assert.Single((await world.Send("GET", "/group_types", version: Version)).Json["group_types"]!.AsArray());
        Assert.Equal(2, (await world.Send("GET", "/group_types?is_public=None", "admin", version: Version)).Json["group_types"]!.AsArray().Count);
        Assert.Equal(404, (await world.Send("GET", "/group_types/" + hidden, version: Version)).Status);
        Assert.Equal(404, (await world.Send("GET", "/group_types")).Status);
        var specs = $"/group_types/{hidden}/group_specs";
        Assert.Equal(202, (await world.Send("POST", specs, "admin", "{\"group_specs\": {\"a\": \"b\"}}", Version)).Status);
        Assert.Equal(200, (await world.Send("PUT", specs + "/a", "admin", "{\"a\": \"c\"}", Version)).Status);
        Assert.Equal("{\"a\":\"c\"}", (await world.Send("GET", specs + "/a", "admin", version: Version)).Text);
        Assert.Equal(400, (await world.Send("PUT", specs + "/a", "admin", "{\"b\": \"c\"}", Version)).Status);
        Assert.Equal(202, (await world.Send("DELETE", specs + "/a", "admin", version: Version)).Status);
        Assert.Equal(404, (await world.Send("GET", specs + "/a", "admin", version: Version)).Status);
        Assert.Equal(409, (await world.Send("PUT", "/group_types/" + hidden, "admin", "{\"group_type\": {\"name\": \"kind\"}}", Version)).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/group_types/" + hidden, "admin", version: Version)).Status);
        foreach (var bad in new List<string> { "{\"group_type\": {}}", "{\"group_type\": {\"name\": \"\"}}", "{\"group_type\": {\"name\": \"x\", \"moon\": 1}}", "[]" })
        {
            Assert.Equal(400, (await world.Send("POST", "/group_types", "admin", bad, Version)).Status);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_in_a_group_s_life_loses_nothing_and_leaves_nothing_behind(string engine) => await WalkLife.Run(engine, 12, Scenario, output);

    private static async Task Scenario(WalkLife life)
    {
        await life.Until(
            "a group type", async () => (await life.Send("GET", "/group_types", version: Version))!.Json["group_types"]!.AsArray().Count == 1,
            () => life.Send("POST", "/group_types", "{\"group_type\": {\"name\": \"kind\"}}", "admin", Version));
        var group = await life.Made("groups", "g", "{\"group\": {\"group_type\": \"kind\", \"volume_types\": [\"__DEFAULT__\"], \"name\": \"g\"}}", Version);
        foreach (var name in new[] { "a", "b" })
        {
            var body = $"{{\"volume\": {{\"size\": 1, \"name\": \"{name}\", \"volume_type\": \"__DEFAULT__\", \"group_id\": \"{group}\"}}}}";
            await life.Made("volumes", name, body, Version);
        }

        var snapshot = await life.Made("group_snapshots", "s", $"{{\"group_snapshot\": {{\"group_id\": \"{group}\", \"name\": \"s\"}}}}", Version);
        string? copy = null;
        await life.Until(
            "a group of it",
            async () =>
            {
                copy = (string?)(await life.Send("GET", "/groups?name=c", version: Version))!.Json["groups"]!.AsArray().FirstOrDefault()?["id"];
                return copy is not null && (string)(await life.Send("GET", "/groups/" + copy, version: Version))!.Json["group"]!["status"]! == "available";
            },
            () => copy is null
                ? life.Send("POST", "/groups/action", $"{{\"create-from-src\": {{\"group_snapshot_id\": \"{snapshot}\", \"name\": \"c\"}}}}", version: Version)
                : life.Send("GET", "/volumes"));
        await life.Until(
            "the snapshot goes", async () => (await life.Send("GET", "/group_snapshots/" + snapshot, version: Version))?.Status == 404,
            () => life.Send("DELETE", "/group_snapshots/" + snapshot, version: Version));
        foreach (var id in new[] { copy!, group })
        {
            await life.Until(
                "the group goes", async () => (await life.Send("GET", "/groups/" + id, version: Version))?.Status == 404,
                () => life.Send("POST", $"/groups/{id}/action", "{\"delete\": {\"delete-volumes\": true}}", version: Version));
        }
    }

    private static async Task<(string Group, string Type)> Group(VolumeWorld world)
    {
        await Type(world, "kind");
        var type = (string)(await world.Send("POST", "/types", "admin", new { volume_type = new { name = "together" } })).Json["volume_type"]!["id"]!;
        var made = await world.Send(
            "POST", "/groups", body: new { group = new { group_type = "kind", volume_types = new[] { "together" }, name = "g" } }, version: Version);
        Assert.True(made.Status == 202, made.Text);
        var id = (string)made.Json["group"]!["id"]!;
        Assert.Equal("available", (string)(await Show(world, "groups", id))["status"]!);
        return (id, type);
    }

    private static Task<TestReply> Type(VolumeWorld world, string name, string members = "") =>
        world.Send("POST", "/group_types", "admin", $"{{\"group_type\": {{\"name\": \"{name}\"{members}}}}}", Version);

    private static Task<string> Member(VolumeWorld world, string group, string type, string name) =>
        world.Volume($"\"size\": 1, \"name\": \"{name}\", \"volume_type\": \"{type}\", \"group_id\": \"{group}\"", version: Version);

    private static Task<TestReply> Act(VolumeWorld world, string group, string body) => world.Send("POST", $"/groups/{group}/action", body: body, version: Version);

    private static Task<TestReply> Update(VolumeWorld world, string group, object changes) =>
        world.Send("PUT", "/groups/" + group, body: new { group = changes }, version: Version);

    private static async Task<JsonNode> Show(VolumeWorld world, string collection, string id) =>
        (await world.Send("GET", $"/{collection}/{id}", version: Version)).Json[collection[..^1]]!;

    private static string Host(TestReply reply) => (string)reply.Json["volume"]!["os-vol-host-attr:host"]!;

    private static async Task<int> Used(VolumeWorld world) =>
        (int)(await world.Send("GET", $"/os-quota-sets/{TestCallers.Id("project-a")}?usage=True")).Json["quota_set"]!["groups"]!["in_use"]!;

    private static async Task Until(VolumeWorld world, string collection, string id, string? status)
    {
        TestReply? reply = null;
        for (var tries = 0; tries < 400; tries++)
        {
            reply = await world.Send("GET", $"/{collection}/{id}", version: Version);
            if (status is null ? reply.Status == 404 : (string?)reply.Json[collection[..^1]]?["status"] == status) return;
            await Task.Delay(25);
        }

        Assert.Fail($"{collection} {id} does not become {status ?? "gone"}: {reply?.Text}");
    }
}
