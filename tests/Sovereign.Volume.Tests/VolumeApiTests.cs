using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public class VolumeApiTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_volume_is_made_shown_grown_and_deleted(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var made = await world.Send("POST", "/volumes", body: """
            {"volume": {"size": "1", "name": " tvol ", "description": "d", "metadata": {"x": "y"}, "consistencygroup_id": null, "backup_id": null}}
            """);
        Assert.True(made.Status == 202, made.Text);
        var answer = made.Json["volume"]!;
        var id = (string)answer["id"]!;
        Assert.Equal(("creating", 1, "nova", "tvol"), ((string)answer["status"]!, (int)answer["size"]!, (string)answer["availability_zone"]!, (string)answer["name"]!));
        Assert.Null(answer["os-vol-tenant-attr:tenant_id"]);
        var shown = (await world.Until("volumes", id, "available")).Json["volume"]!;
        Assert.Equal("__DEFAULT__", (string)shown["volume_type"]!);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$", (string)shown["created_at"]!);
        Assert.Equal(TestCallers.Id("project-a"), (string)shown["os-vol-tenant-attr:tenant_id"]!);
        Assert.Equal("false", (string)shown["bootable"]!);
        Assert.Equal("http://cloud.example:8443/volume/v3/" + TestCallers.Id("project-a") + "/volumes/" + id, (string)shown["links"]![0]!["href"]!);
        var admin = (await world.Send("GET", "/volumes/" + id, "admin", version: "3.65")).Json["volume"]!;
        Assert.Equal("node-000@files#files", (string)admin["os-vol-host-attr:host"]!);
        Assert.True((bool)admin["consumes_quota"]!);
        Assert.Equal(("files", 1L << 30), (world.Node.Volume(id).Backend, world.Node.Volume(id).SizeBytes));
        await world.Act(id, "{\"os-extend\": {\"new_size\": 1}}", 400);
        await world.Act(id, "{\"os-extend\": {\"new_size\": \"abc\"}}", 400);
        await world.Act(id, "{\"os-extend\": {\"new_size\": null}}", 400);
        await world.Act(id, "{\"os-extend\": {\"new_size\": 3}}");
        var grown = (await world.Until("volumes", id, "available")).Json["volume"]!;
        Assert.Equal(3, (int)grown["size"]!);
        Assert.Equal(3L << 30, world.Node.Volume(id).SizeBytes);
        world.Verified();
        var renamed = await world.Send("PUT", "/volumes/" + id, body: "{\"volume\": {\"display_name\": \"other\"}}");
        Assert.Equal(("other", "d"), ((string)renamed.Json["volume"]!["name"]!, (string)renamed.Json["volume"]!["description"]!));
        Assert.Equal(400, (await world.Send("PUT", "/volumes/" + id, body: "{\"volume\": {}}")).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/volumes/" + id)).Status);
        await world.Until("volumes", id, null);
        Assert.Empty(world.Node.Items);
        world.Verified();
    }

    [Fact]
    public async Task Volumes_are_made_of_images_snapshots_and_volumes()
    {
        await using var world = await VolumeWorld.Start(nodes: 2);
        Assert.Equal(400, (await Order(world, $"\"size\": 1, \"imageRef\": \"{VolumeWorld.Image}\"")).Status);
        Assert.Equal(400, (await Order(world, "\"size\": 1, \"imageRef\": \"22222222-1111-4111-8111-111111111111\"")).Status);
        var image = await world.Volume($"\"size\": 2, \"imageRef\": \"{VolumeWorld.Image}\"");
        var shown = (await world.Send("GET", "/volumes/" + image)).Json["volume"]!;
        Assert.Equal("true", (string)shown["bootable"]!);
        Assert.Equal((VolumeWorld.Image, "scsi"), ((string)shown["volume_image_metadata"]!["image_id"]!, (string)shown["volume_image_metadata"]!["hw_disk_bus"]!));
        var node = world.Nodes.Single(one => one.Items.ContainsKey((ItemKinds.Volume, image)));
        Assert.Equal(new VolumeImageSpec(new string('a', 64), "qcow2", 13_000_000), node.Volume(image).Source!.Image);
        var snapshot = await world.Snapshot(image);
        Assert.Equal(400, (await Order(world, $"\"size\": 1, \"snapshot_id\": \"{snapshot}\"")).Status);
        Assert.Equal(404, (await Order(world, "\"size\": 1, \"snapshot_id\": \"22222222-1111-4111-8111-111111111111\"")).Status);
        Assert.Equal(404, (await Order(world, $"\"size\": 2, \"snapshot_id\": \"{snapshot}\"", "member-b")).Status);
        Assert.Equal(404, (await Order(world, $"\"size\": 2, \"source_volid\": \"{image}\"", "member-b")).Status);
        Assert.Equal(400, (await Order(world, $"\"size\": 2, \"source_volid\": \"{image}\", \"snapshot_id\": \"{snapshot}\"")).Status);
        var copy = await world.Volume($"\"snapshot_id\": \"{snapshot}\"");
        var clone = await world.Volume($"\"size\": 5, \"source_volid\": \"{copy}\"");
        Assert.Equal((snapshot, 2L << 30), (node.Volume(copy).Source!.SnapshotId, node.Volume(copy).SizeBytes));
        Assert.Equal((copy, 5L << 30), (node.Volume(clone).Source!.VolumeId, node.Volume(clone).SizeBytes));
        Assert.Equal(("true", copy), await Of(world, clone));
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + image)).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/snapshots/" + snapshot)).Status);
        await world.Until("snapshots", snapshot, null);
        foreach (var id in new[] { clone, copy, image })
        {
            Assert.Equal(202, (await world.Send("DELETE", "/volumes/" + id)).Status);
            await world.Until("volumes", id, null);
        }

        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Lists_are_filtered_sorted_and_paged(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var ids = new List<string>();
        foreach (var name in new[] { "a", "b", "c" })
        {
            ids.Add(await world.Volume($"\"size\": 1, \"name\": \"{name}\", \"metadata\": {{\"Type\": \"work\", \"n\": \"{name}'s\"}}"));
        }

        await world.Volume("\"size\": 1, \"name\": \"foreign\"", "member-b");
        Assert.Equal(["c", "b", "a"], await Names(world, "/volumes"));
        Assert.Equal(["a", "b", "c"], await Names(world, "/volumes/detail?sort=name:asc"));
        Assert.Equal(["a", "b", "c"], await Names(world, "/volumes/detail?sort_key=created_at&sort_dir=asc"));
        Assert.Equal(["b"], await Names(world, "/volumes?name=b"));
        Assert.Equal(["c", "b", "a"], await Names(world, "/volumes?status=available&availability_zone=nova&bootable=false"));
        Assert.Empty(await Names(world, "/volumes?status=error"));
        Assert.Equal(["c", "b", "a"], await Names(world, "/volumes/detail?metadata=%7B%27Type%27%3A+%27work%27%7D"));
        Assert.Equal(["b"], await Names(world, "/volumes?metadata=" + Uri.EscapeDataString("{'Type': 'work', \"n\": \"b's\"}")));
        Assert.Empty(await Names(world, "/volumes?metadata=" + Uri.EscapeDataString("{'Type': 'wor%'}")));
        Assert.Equal(400, (await world.Send("GET", "/volumes?metadata=xyz")).Status);
        Assert.Empty(await Names(world, "/volumes?limit=0"));
        Assert.Equal(["b"], await Names(world, "/volumes?limit=1&offset=1"));
        Assert.Equal(["b", "a"], await Names(world, "/volumes?marker=" + ids[2]));
        Assert.Equal(404, (await world.Send("GET", "/volumes?marker=" + Guid.Empty)).Status);
        foreach (var wrong in new[] { "limit=-1", "limit=x", "offset=-1", "offset=x", "sort_key=moon", "sort=name:up", "bootable=perhaps" })
        {
            Assert.Equal(400, (await world.Send("GET", "/volumes?" + wrong)).Status);
        }

        Assert.Equal(400, (await world.Send("GET", "/volumes?moon=1", version: "3.31")).Status);
        Assert.Equal(200, (await world.Send("GET", "/volumes?moon=1")).Status);
        Assert.Equal(["b"], await Names(world, "/volumes?name~=b", "3.31"));
        Assert.Equal(["c", "b", "a"], await Names(world, "/volumes?created_at=gt:2020-01-01T00:00:00", "3.60"));
        Assert.Empty(await Names(world, "/volumes?created_at=lt:2020-01-01T00:00:00", "3.60"));
        var page = (await world.Send("GET", "/volumes?limit=3")).Json;
        Assert.Equal("next", (string)page["volumes_links"]![0]!["rel"]!);
        Assert.Contains("marker=" + ids[0], (string)page["volumes_links"]![0]!["href"]!, StringComparison.Ordinal);
        Assert.Null((await world.Send("GET", "/volumes?limit=4")).Json["volumes_links"]);
        Assert.Equal(4, (await world.Send("GET", "/volumes?all_tenants=1", "admin")).Json["volumes"]!.AsArray().Count);
        Assert.Equal(3, (await world.Send("GET", "/volumes?all_tenants=1")).Json["volumes"]!.AsArray().Count);
        var summary = (await world.Send("GET", "/volumes/summary", version: "3.36")).Json["volume-summary"]!;
        Assert.Equal((3, 3, "work"), ((int)summary["total_size"]!, (int)summary["total_count"]!, (string)summary["metadata"]!["Type"]![0]!));
        Assert.Equal(3, (int)(await world.Send("GET", "/volumes?limit=1&with_count=true", version: "3.45")).Json["count"]!);
    }

    [Fact]
    public async Task Bad_input_is_refused_and_other_projects_see_nothing()
    {
        await using var world = await VolumeWorld.Start();
        var zero = await Order(world, "\"size\": 0");
        Assert.Equal(400, zero.Status);
        Assert.Equal("Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1", (string)zero.Json["badRequest"]!["message"]!);
        foreach (var members in new[]
        {
            "\"size\": \"-1\"", "\"size\": \"\"", "\"size\": \"#$%\"", "\"size\": 99999999999999", "\"size\": 1.5", "\"size\": true", "\"name\": \"x\"",
            $"\"size\": 1, \"name\": \"{new string('n', 256)}\"", "\"size\": 1, \"metadata\": {\"\": \"\"}", "\"size\": 1, \"metadata\": {\"a\": null}",
            "\"size\": 1, \"availability_zone\": \"moon\"", "\"size\": 1, \"name\": 5",
        })
        {
            var reply = await Order(world, members);
            Assert.True(reply.Status == 400, $"{members}: {reply.Status} {reply.Text}");
        }

        Assert.Equal(404, (await Order(world, "\"size\": 1, \"volume_type\": \"moon\"")).Status);
        Assert.Equal(400, (await world.Send("POST", "/volumes", body: "{\"volume\": []}")).Status);
        Assert.Equal(400, (await world.Send("POST", "/volumes", body: "[")).Status);
        Assert.Equal(404, (await world.Send("GET", "/volumes/")).Status);
        var id = await world.Volume();
        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("GET", "", null), ("PUT", "", "{\"volume\": {\"name\": \"n\"}}"), ("DELETE", "", null), ("POST", "/action", "{\"os-extend\": {\"new_size\": 9}}"),
            ("GET", "/metadata", null), ("POST", "/metadata", "{\"metadata\": {}}"), ("GET", "/encryption", null), ("POST", "/action", "{\"os-reserve\": {}}"),
        })
        {
            Assert.Equal(404, (await world.Send(method, "/volumes/" + id + path, "member-b", body)).Status);
            Assert.Equal(404, (await world.Send(method, "/volumes/moon" + path, body: body)).Status);
        }

        Assert.Equal(403, (await Order(world, "\"size\": 1", "reader-a")).Status);
        await world.Act(id, "{\"os-reset_status\": {\"status\": \"error\"}}", 403);
        await world.Act(id, "{\"os-reset_status\": {\"status\": \"moon\"}}", 400, "admin");
        await world.Act(id, "{\"os-reset_status\": {}}", 400, "admin");
        await world.Act(id, "{\"moon\": {}}", 400);
        await world.Act(id, "{}", 400);
        await world.Act(id, "{\"os-set_bootable\": {}}", 400);
        await world.Act(id, "{\"os-set_bootable\": {\"bootable\": \"string\"}}", 400);
        await world.Act(id, "{\"os-reset_status\": {\"status\": \"creating\"}}", 202, "admin");
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + id)).Status);
        await world.Act(id, "{\"os-force_delete\": {}}", 403);
        await world.Act(id, "{\"os-force_delete\": {}}", 202, "admin");
        await world.Until("volumes", id, null);
        Assert.Equal(400, (await world.Send("GET", $"/{TestCallers.Id("project-b")}/volumes")).Status);
        Assert.Equal(200, (await world.Send("GET", $"/{TestCallers.Id("project-a")}/volumes")).Status);
        world.Verified();
    }

    [Fact]
    public async Task Flags_and_metadata_change_as_the_reference_says()
    {
        await using var world = await VolumeWorld.Start();
        var id = await world.Volume();
        await world.Act(id, "{\"os-set_bootable\": {\"bootable\": true}}", 200);
        Assert.Equal("true", (string)(await world.Send("GET", "/volumes/" + id)).Json["volume"]!["bootable"]!);
        await world.Act(id, "{\"os-update_readonly_flag\": {\"readonly\": \"true\"}}");
        await world.Act(id, "{\"os-set_image_metadata\": {\"metadata\": {\"k\": \"v\", \"l\": \"w\"}}}", 200);
        await world.Act(id, "{\"os-unset_image_metadata\": {\"key\": \"k\"}}", 200);
        await world.Act(id, "{\"os-unset_image_metadata\": {\"key\": \"k\"}}", 404);
        var image = await world.Send("POST", $"/volumes/{id}/action", body: "{\"os-show_image_metadata\": {}}");
        Assert.Equal("{\"metadata\":{\"l\":\"w\"}}", image.Text);
        var path = $"/volumes/{id}/metadata";
        Assert.Equal("{\"metadata\":{\"a\":\"1\",\"b\":\"2\"}}", (await world.Send("POST", path, body: "{\"metadata\": {\"a\": \"1\", \"b\": \"2\"}}")).Text);
        Assert.Equal("{\"metadata\":{\"c\":\"3\"}}", (await world.Send("PUT", path, body: "{\"metadata\": {\"c\": \"3\"}}")).Text);
        Assert.Equal("{\"meta\":{\"c\":\"4\"}}", (await world.Send("PUT", path + "/c", body: "{\"meta\": {\"c\": \"4\"}}")).Text);
        Assert.Equal(400, (await world.Send("PUT", path + "/c", body: "{\"meta\": {\"d\": \"4\"}}")).Status);
        Assert.Equal("{\"meta\":{\"c\":\"4\"}}", (await world.Send("GET", path + "/c")).Text);
        Assert.Equal(200, (await world.Send("DELETE", path + "/c")).Status);
        Assert.Equal(404, (await world.Send("DELETE", path + "/c")).Status);
        Assert.Equal(404, (await world.Send("GET", path + "/c")).Status);
        Assert.Equal(403, (await world.Send("POST", path, "reader-a", "{\"metadata\": {}}")).Status);
    }

    private static Task<TestReply> Order(VolumeWorld world, string members, string token = "member-a") =>
        world.Send("POST", "/volumes", token, $"{{\"volume\": {{{members}}}}}");

    private static async Task<(string, string)> Of(VolumeWorld world, string id)
    {
        var shown = (await world.Send("GET", "/volumes/" + id)).Json["volume"]!;
        return ((string)shown["bootable"]!, (string)shown["source_volid"]!);
    }

    private static async Task<IEnumerable<string>> Names(VolumeWorld world, string path, string? version = null)
    {
        var reply = await world.Send("GET", path, version: version);
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Json["volumes"]!.AsArray().Select(volume => (string)volume!["name"]!).ToList();
    }
}
