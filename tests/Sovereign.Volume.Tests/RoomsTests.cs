using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public class RoomsTests
{
    private const string Server = "44444444-4444-4444-8444-444444444444";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Snapshots_are_listed_changed_and_reverted_to(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volume = await world.Volume();
        var ids = new List<string>();
        foreach (var name in new[] { "a", "b", "c" }) ids.Add(await world.Snapshot(volume, name));
        Assert.Equal(["c", "b", "a"], await Names(world, "/snapshots"));
        Assert.Equal(["a", "b", "c"], await Names(world, "/snapshots/detail?sort_key=display_name&sort_dir=asc"));
        Assert.Equal(["a"], await Names(world, "/snapshots?offset=2&limit=3"));
        Assert.Equal(["a"], await Names(world, "/snapshots?marker=" + ids[1]));
        Assert.Empty(await Names(world, "/snapshots?limit=0"));
        Assert.Equal(3, (await Names(world, "/snapshots?limit=100000&volume_id=" + volume)).Count());
        foreach (var (query, status) in new[] { ("limit=invalid", 400), ("sort_key=invalid", 400), ("marker=" + Guid.Empty, 404) })
        {
            Assert.Equal(status, (await world.Send("GET", "/snapshots?" + query)).Status);
        }

        var shown = (await world.Send("GET", "/snapshots/" + ids[0])).Json["snapshot"]!;
        Assert.Equal("100%", (string)shown["os-extended-snapshot-attributes:progress"]!);
        var renamed = await world.Send("PUT", "/snapshots/" + ids[0], body: "{\"snapshot\": {\"name\": \"z\", \"description\": \"d\"}}");
        Assert.Equal("z", (string)renamed.Json["snapshot"]!["name"]!);
        Assert.Equal("{\"metadata\":{\"k\":\"v\"}}", (await world.Send("PUT", $"/snapshots/{ids[0]}/metadata", body: "{\"metadata\": {\"k\": \"v\"}}")).Text);
        Assert.Equal(404, (await world.Send("GET", "/snapshots/" + ids[0], "member-b")).Status);
        Assert.Equal(404, (await world.Send("POST", "/snapshots", body: new { snapshot = new { volume_id = Guid.Empty } })).Status);
        Assert.Equal(404, (await world.Send("POST", "/snapshots", body: "{\"snapshot\": {\"volume_id\": null}}")).Status);
        await world.Act(volume, $"{{\"revert\": {{\"snapshot_id\": \"{ids[0]}\"}}}}", 400, version: "3.40");
        await world.Act(volume, $"{{\"revert\": {{\"snapshot_id\": \"{ids[2]}\"}}}}", 202, version: "3.40");
        await world.Until("volumes", volume, "available");
        Assert.Equal((1, ids[2]), (world.Node.Volume(volume).Generation, world.Node.Volume(volume).Source!.SnapshotId));
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + volume)).Status);
        Assert.Equal(202, (await world.Send("DELETE", $"/volumes/{volume}?cascade=True")).Status);
        await world.Until("volumes", volume, null);
        Assert.Empty(world.Node.Items);
        world.Verified();
    }

    [Fact]
    public async Task A_snapshot_that_fails_says_so_and_can_be_deleted()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Twist = item => item.VolumeSnapshot is null ? null : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "No room.");
        var made = await world.Send("POST", "/snapshots", body: new { snapshot = new { volume_id = volume, name = "s" } });
        var id = (string)made.Json["snapshot"]!["id"]!;
        await world.Until("snapshots", id, "error");
        world.Node.Twist = null;
        Assert.Equal(403, (await world.Send("POST", $"/snapshots/{id}/action", body: "{\"os-reset_status\": {\"status\": \"available\"}}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/snapshots/{id}/action", "admin", "{\"os-reset_status\": {\"status\": \"creating\"}}")).Status);
        Assert.Equal(400, (await world.Send("DELETE", "/snapshots/" + id)).Status);
        Assert.Equal(202, (await world.Send("POST", $"/snapshots/{id}/action", "admin", "{\"os-force_delete\": {}}")).Status);
        await world.Until("snapshots", id, null);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Types_are_seen_by_who_may_use_them(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var made = await world.Send("POST", "/types", "admin",
            "{\"volume_type\": {\"name\": \"t\", \"description\": \"[scs:encrypted, scs:replicated]\", \"os-volume-type-access:is_public\": false}}");
        Assert.Equal(200, made.Status);
        var id = (string)made.Json["volume_type"]!["id"]!;
        Assert.Equal(409, (await world.Send("POST", "/types", "admin", "{\"volume_type\": {\"name\": \"t\"}}")).Status);
        Assert.Equal(400, (await world.Send("POST", "/types", "admin", "{\"volume_type\": {\"name\": \"\"}}")).Status);
        Assert.Equal(403, (await world.Send("POST", "/types", body: "{\"volume_type\": {\"name\": \"u\"}}")).Status);
        Assert.Equal(404, (await world.Send("GET", "/types/" + id)).Status);
        Assert.Equal(404, (await world.Send("POST", "/volumes", body: "{\"volume\": {\"size\": 1, \"volume_type\": \"t\"}}")).Status);
        var action = $"/types/{id}/action";
        var project = TestCallers.Id("project-a");
        Assert.Equal(202, (await world.Send("POST", action, "admin", $"{{\"addProjectAccess\": {{\"project\": \"{project}\"}}}}")).Status);
        Assert.Equal(409, (await world.Send("POST", action, "admin", $"{{\"addProjectAccess\": {{\"project\": \"{project}\"}}}}")).Status);
        Assert.Equal(project, (string)(await world.Send("GET", $"/types/{id}/os-volume-type-access", "admin")).Json["volume_type_access"]![0]!["project_id"]!);
        Assert.Equal("[scs:encrypted, scs:replicated]", (string)(await world.Send("GET", "/types/" + id)).Json["volume_type"]!["description"]!);
        await world.Volume("\"size\": 1, \"volume_type\": \"t\"");
        Assert.Equal(202, (await world.Send("POST", action, "admin", $"{{\"removeProjectAccess\": {{\"project\": \"{project}\"}}}}")).Status);
        Assert.Equal(404, (await world.Send("POST", action, "admin", $"{{\"removeProjectAccess\": {{\"project\": \"{project}\"}}}}")).Status);
        Assert.Equal(["__DEFAULT__"], (await world.Send("GET", "/types?is_public=None")).Json["volume_types"]!.AsArray().Select(type => (string)type!["name"]!));
        Assert.Equal(2, (await world.Send("GET", "/types?is_public=None", "admin")).Json["volume_types"]!.AsArray().Count);
        Assert.Equal("__DEFAULT__", (string)(await world.Send("GET", "/types/default")).Json["volume_type"]!["name"]!);
        var specs = $"/types/{id}/extra_specs";
        Assert.Equal("{\"extra_specs\":{\"a\":\"1\"}}", (await world.Send("POST", specs, "admin", "{\"extra_specs\": {\"a\": \"1\"}}")).Text);
        Assert.Equal("{\"a\":\"2\"}", (await world.Send("PUT", specs + "/a", "admin", "{\"a\": \"2\"}")).Text);
        Assert.Equal(400, (await world.Send("PUT", specs + "/a", "admin", "{\"b\": \"2\"}")).Status);
        Assert.Equal("{\"a\":\"2\"}", (await world.Send("GET", specs + "/a", "admin")).Text);
        Assert.Equal(202, (await world.Send("DELETE", specs + "/a", "admin")).Status);
        Assert.Equal(404, (await world.Send("GET", specs + "/a", "admin")).Status);
        Assert.Equal("u", (string)(await world.Send("PUT", "/types/" + id, "admin", "{\"volume_type\": {\"name\": \"u\"}}")).Json["volume_type"]!["name"]!);
        Assert.Equal(400, (await world.Send("DELETE", "/types/" + id, "admin")).Status);
    }

    [Fact]
    public async Task Qos_specs_reach_the_disk()
    {
        await using var world = await VolumeWorld.Start();
        var made = await world.Send("POST", "/qos-specs", "admin",
            "{\"qos_specs\": {\"name\": \"q\", \"consumer\": \"front-end\", \"read_iops_sec\": \"100\", \"total_bytes_sec_per_gb\": \"10\"}}");
        Assert.True(made.Status == 200, made.Text);
        var id = (string)made.Json["qos_specs"]!["id"]!;
        Assert.Equal(409, (await world.Send("POST", "/qos-specs", "admin", "{\"qos_specs\": {\"name\": \"q\"}}")).Status);
        Assert.Equal(400, (await world.Send("POST", "/qos-specs", "admin", "{\"qos_specs\": {\"name\": \"r\", \"consumer\": \"moon\"}}")).Status);
        var type = (string)(await world.Send("POST", "/types", "admin", "{\"volume_type\": {\"name\": \"t\"}}")).Json["volume_type"]!["id"]!;
        Assert.Equal(202, (await world.Send("GET", $"/qos-specs/{id}/associate?vol_type_id={type}", "admin")).Status);
        Assert.Equal(type, (string)(await world.Send("GET", $"/qos-specs/{id}/associations", "admin")).Json["qos_associations"]![0]!["id"]!);
        var volume = await world.Volume("\"size\": 2, \"volume_type\": \"t\"");
        var tie = await world.Write(tx => world.Module.Volumes.Reserve(tx, world.Grant(), volume, Server, null));
        var disk = world.Cloud.Kernel.Database.Read(session => world.Module.Volumes.Disk(session, new VolumeDiskOrder(tie, "/dev/vdb", "scsi"))).Value;
        Assert.Equal(new DiskRatesSpec(20, null, null, null, 100, null), disk.Rates);
        Assert.Equal(400, (await world.Send("DELETE", "/qos-specs/" + id, "admin")).Status);
        Assert.Equal(202, (await world.Send("PUT", $"/qos-specs/{id}/delete_keys", "admin", "{\"keys\": [\"read_iops_sec\"]}")).Status);
        Assert.Equal(200, (await world.Send("PUT", "/qos-specs/" + id, "admin", "{\"qos_specs\": {\"write_iops_sec\": \"5\"}}")).Status);
        Assert.Equal(202, (await world.Send("GET", $"/qos-specs/{id}/disassociate_all", "admin")).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/qos-specs/" + id, "admin")).Status);
        Assert.Equal(404, (await world.Send("GET", "/qos-specs/" + id, "admin")).Status);
        Assert.Equal(403, (await world.Send("GET", "/qos-specs")).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Attachments_are_made_updated_completed_and_deleted(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volume = await world.Volume();
        Assert.Equal(404, (await world.Send("GET", "/attachments")).Status);
        var made = await world.Send("POST", "/attachments", body: new { attachment = new { volume_uuid = volume, instance_uuid = Server } }, version: "3.54");
        Assert.True(made.Status == 200, made.Text);
        var id = (string)made.Json["attachment"]!["id"]!;
        await world.Until("volumes", volume, "reserved");
        Assert.Equal(400, (await world.Send("POST", "/attachments",
            body: new { attachment = new { volume_uuid = volume, instance_uuid = Guid.Empty } }, version: "3.27")).Status);
        Assert.Equal(400, (await world.Send("PUT", "/attachments/" + id, body: "{\"attachment\": {}}", version: "3.27")).Status);
        var updated = await world.Send("PUT", "/attachments/" + id,
            body: "{\"attachment\": {\"connector\": {\"host\": \"h\", \"mountpoint\": \"/dev/vdb\"}}}", version: "3.27");
        Assert.Equal(volume, (string)updated.Json["attachment"]!["connection_info"]!["volume_id"]!);
        Assert.Equal(204, (await world.Send("POST", $"/attachments/{id}/action", body: "{\"os-complete\": null}", version: "3.44")).Status);
        var shown = (await world.Until("volumes", volume, "in-use")).Json["volume"]!["attachments"]![0]!;
        Assert.Equal(("/dev/vdb", Server), ((string)shown["device"]!, (string)shown["server_id"]!));
        Assert.Equal("attached", (string)(await world.Send("GET", "/attachments?volume_id=" + volume, version: "3.27")).Json["attachments"]![0]!["status"]!);
        Assert.Equal(404, (await world.Send("GET", "/attachments/" + id, "member-b", version: "3.27")).Status);
        Assert.Equal("{\"attachments\":[]}", (await world.Send("DELETE", "/attachments/" + id, version: "3.27")).Text);
        await world.Until("volumes", volume, "available");
        foreach (var (action, status) in new[]
        {
            ("{\"os-reserve\": {}}", "attaching"), ("{\"os-unreserve\": {}}", "available"), ("{\"os-reserve\": {}}", "attaching"),
            ($"{{\"os-attach\": {{\"instance_uuid\": \"{Server}\", \"mountpoint\": \"/dev/vdc\"}}}}", "in-use"), ("{\"os-begin_detaching\": {}}", "detaching"),
            ("{\"os-roll_detaching\": {}}", "in-use"), ("{\"os-terminate_connection\": {\"connector\": {}}}", "in-use"), ("{\"os-detach\": {}}", "available"),
        })
        {
            await world.Act(volume, action);
            await world.Until("volumes", volume, status);
        }

        await world.Act(volume, "{\"os-begin_detaching\": {}}", 400);
        await world.Act(volume, "{\"os-force_detach\": {}}", 403);
        await world.Act(volume, "{\"os-attach\": {\"instance_uuid\": \"moon\", \"mountpoint\": \"/dev/vdc\"}}", 400);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_volume_is_given_to_another_project(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volume = await world.Volume();
        await world.Snapshot(volume);
        var made = await world.Send("POST", "/os-volume-transfer", body: new { transfer = new { volume_id = volume, name = (string?)null } });
        Assert.True(made.Status == 202, made.Text);
        var (id, key) = ((string)made.Json["transfer"]!["id"]!, (string)made.Json["transfer"]!["auth_key"]!);
        await world.Until("volumes", volume, "awaiting-transfer");
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + volume)).Status);
        Assert.DoesNotContain(key, (await world.Send("GET", "/os-volume-transfer/detail")).Text, StringComparison.Ordinal);
        Assert.Equal(404, (await world.Send("GET", "/os-volume-transfer/" + id, "member-b")).Status);
        Assert.Equal(404, (await world.Send("GET", "/volume-transfers")).Status);
        Assert.Equal(202, (await world.Send("DELETE", "/os-volume-transfer/" + id)).Status);
        await world.Until("volumes", volume, "available");
        made = await world.Send("POST", "/volume-transfers", body: new { transfer = new { volume_id = volume } }, version: "3.57");
        (id, key) = ((string)made.Json["transfer"]!["id"]!, (string)made.Json["transfer"]!["auth_key"]!);
        Assert.False((bool)made.Json["transfer"]!["accepted"]!);
        Assert.Equal(400, (await world.Send("POST", $"/os-volume-transfer/{id}/accept", "member-b", "{\"accept\": {\"auth_key\": \"wrong\"}}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/os-volume-transfer/{id}/accept", "member-b", $"{{\"accept\": {{\"auth_key\": \"{key}\"}}}}")).Status);
        Assert.Equal(404, (await world.Send("POST", $"/os-volume-transfer/{id}/accept", "member-b", $"{{\"accept\": {{\"auth_key\": \"{key}\"}}}}")).Status);
        Assert.Equal(404, (await world.Send("GET", "/volumes/" + volume)).Status);
        await world.Until("volumes", volume, "available", "member-b");
        Assert.Single((await world.Send("GET", "/snapshots", "member-b")).Json["snapshots"]!.AsArray());
        world.Verified();
    }

    [Fact]
    public async Task An_image_is_made_of_a_volume()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume($"\"size\": 2, \"imageRef\": \"{VolumeWorld.Image}\"");
        var reply = await world.Send("POST", $"/volumes/{volume}/action", body: "{\"os-volume_upload_image\": {\"image_name\": \"copy\", \"disk_format\": \"qcow2\"}}");
        Assert.True(reply.Status == 202, reply.Text);
        await world.Until("volumes", volume, "available");
        var made = world.Images.Made.Single();
        Assert.Equal((made.Id, "uploading"), ((string)reply.Json["os-volume_upload_image"]!["image_id"]!, (string)reply.Json["os-volume_upload_image"]!["status"]!));
        Assert.Equal(("copy", "active", "scsi", 1), (made.Image.Name, made.Status, made.Image.Properties["hw_disk_bus"], made.Image.MinDiskGib));
        world.Node.Twist = item => item.VolumeContent is null ? null : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "It can't be read.");
        await world.Act(volume, "{\"os-volume_upload_image\": {\"image_name\": \"second\"}}");
        await world.Until("volumes", volume, "available");
        world.Node.Twist = null;
        Assert.Single(world.Images.Made);
        await world.Act(volume, "{\"os-volume_upload_image\": {}}", 400);
        await world.Act(volume, "{\"os-volume_upload_image\": {\"image_name\": \"x\", \"disk_format\": \"moon\"}}", 400);
        for (var i = 0; i < 400 && world.Node.Items.Keys.Any(key => key.Kind == ItemKinds.VolumeContent); i++) await Task.Delay(25);
        Assert.DoesNotContain(world.Node.Items.Keys, key => key.Kind == ItemKinds.VolumeContent);
    }

    [Fact]
    public async Task Versions_services_pools_and_zones_are_shown()
    {
        await using var world = await VolumeWorld.Start();
        var root = await world.Cloud.Send("GET", "/volume/", null);
        Assert.Equal(300, root.Status);
        Assert.Equal("3.70", (string)root.Json["versions"]![0]!["version"]!);
        Assert.Equal(401, (await world.Send("GET", "/", null)).Status);
        Assert.Equal("v3.0", (string)(await world.Send("GET", "/")).Json["versions"]![0]!["id"]!);
        Assert.Equal("volume 3.27", (await world.Send("GET", "/limits", version: "3.27")).Headers["OpenStack-API-Version"]);
        Assert.Equal(406, (await world.Send("GET", "/limits", version: "3.99")).Status);
        var services = (await world.Send("GET", "/os-services", "admin")).Json["services"]!.AsArray();
        Assert.Contains(services, service => (string)service!["host"]! == "node-000@files" && (string)service["binary"]! == "cinder-volume");
        var disabled = await world.Send("PUT", "/os-services/disable-log-reason", "admin",
            "{\"host\": \"node-000@files\", \"binary\": \"cinder-volume\", \"disabled_reason\": \"r\"}");
        Assert.Equal("disabled", (string)disabled.Json["status"]!);
        await world.Send("PUT", "/os-services/disable", "admin", "{\"host\": \"node-000@pool\", \"binary\": \"cinder-volume\"}");
        await world.Volume(status: "error");
        Assert.Equal(200, (await world.Send("PUT", "/os-services/enable", "admin", "{\"host\": \"node-000@files\", \"binary\": \"cinder-volume\"}")).Status);
        await world.Volume();
        Assert.Equal(404, (await world.Send("PUT", "/os-services/enable", "admin", "{\"host\": \"moon\", \"binary\": \"cinder-volume\"}")).Status);
        Assert.Equal("{\"availabilityZoneInfo\":[{\"zoneName\":\"nova\",\"zoneState\":{\"available\":true}}]}", (await world.Send("GET", "/os-availability-zone")).Text);
        var pools = (await world.Send("GET", "/scheduler-stats/get_pools?detail=True", "admin")).Json["pools"]!.AsArray();
        Assert.Equal(["node-000@files#files", "node-000@pool#pool"], pools.Select(pool => (string)pool!["name"]!));
        Assert.Equal("files", (string)(await world.Send("GET", "/capabilities/node-000@files", "admin")).Json["pool_name"]!);
        Assert.Equal(2, (await world.Send("GET", "/os-hosts/node-000@files", "admin")).Json["host"]!.AsArray().Count);
        Assert.Contains("os-vol-image-meta", (await world.Send("GET", "/extensions")).Text, StringComparison.Ordinal);
        Assert.Equal(200, (await world.Send("GET", "/resource_filters", version: "3.33")).Status);
    }

    private static async Task<IEnumerable<string>> Names(VolumeWorld world, string path)
    {
        var reply = await world.Send("GET", path);
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Json["snapshots"]!.AsArray().Select(snapshot => (string)snapshot!["name"]!).ToList();
    }
}
