using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public class BackupTests
{
    private const string Nobody = "44444444-4444-4444-8444-444444444444";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_volume_is_backed_up_whole_and_then_its_changes_and_a_new_volume_has_both(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volume = await world.Volume("\"size\": 1, \"metadata\": {\"a\": \"b\"}");
        world.Node.Bytes[volume] = "first";
        var full = await Made(world, volume);
        Assert.Equal("available", (string)(await Shown(world, "volumes", volume))["status"]!);
        world.Node.Bytes[volume] = "second";
        var more = await Made(world, volume, ", \"incremental\": true, \"description\": \"d\", \"container\": \"c\"");
        var shown = await Shown(world, "backups", more, "3.56");
        Assert.Equal((true, false, "c", "d", 1), ((bool)shown["is_incremental"]!, (bool)shown["has_dependent_backups"]!, (string)shown["container"]!,
            (string)shown["description"]!, (int)shown["size"]!));
        Assert.Null(shown["os-backup-project-attr:project_id"]);
        Assert.Equal(TestCallers.Id("member-a"), (string)shown["user_id"]!);
        Assert.True((bool)(await Shown(world, "backups", full))["has_dependent_backups"]!);
        var restore = await world.Send("POST", $"/backups/{more}/restore", body: new { restore = new { } });
        Assert.True(restore.Status == 202, restore.Text);
        var copy = (string)restore.Json["restore"]!["volume_id"]!;
        Assert.Equal("restore_backup_" + more, (string)restore.Json["restore"]!["volume_name"]!);
        var made = (await world.Until("volumes", copy, "available")).Json["volume"]!;
        Assert.Equal("first+second", world.Node.Bytes[copy]);
        Assert.Equal(("b", more), ((string)made["metadata"]!["a"]!, (string)made["metadata"]!["src_backup_id"]!));
        Assert.Equal("available", (string)(await Shown(world, "backups", more))["status"]!);
        var first = await world.Volume($"\"backup_id\": \"{full}\"", version: "3.47");
        Assert.Equal("first", world.Node.Bytes[first]);
        Assert.Equal(400, (await world.Send("DELETE", "/backups/" + full)).Status);
        foreach (var id in new[] { more, full })
        {
            Assert.Equal(202, (await world.Send("DELETE", "/backups/" + id)).Status);
            await world.Until("backups", id, null);
        }

        Assert.Empty(Kept(world));
        await Rest(world, ItemKinds.VolumeSnapshot);
        world.Verified();
    }

    [Fact]
    public async Task Only_the_newest_backup_keeps_its_point_and_without_it_the_next_one_is_whole()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        Assert.Equal(400, (await Order(world, volume, ", \"incremental\": true")).Status);
        var first = await Made(world, volume);
        var second = await Made(world, volume, ", \"incremental\": true");
        await Until(() => world.Node.Items.Keys.Count(key => key.Kind == ItemKinds.VolumeSnapshot) == 1);
        Assert.Empty((await world.Send("GET", "/snapshots")).Json["snapshots"]!.AsArray());
        Assert.Equal(202, (await world.Send("DELETE", "/backups/" + second)).Status);
        await world.Until("backups", second, null);
        await Until(() => !world.Node.Items.Keys.Any(key => key.Kind == ItemKinds.VolumeSnapshot));
        var third = await Made(world, volume, ", \"incremental\": true");
        Assert.False((bool)(await Shown(world, "backups", third))["is_incremental"]!);
        Assert.False((bool)(await Shown(world, "backups", first))["has_dependent_backups"]!);

        // The volume goes, and what is kept stays.
        Assert.Equal(202, (await world.Send("DELETE", "/volumes/" + volume)).Status);
        await world.Until("volumes", volume, null);
        await Rest(world, ItemKinds.VolumeSnapshot);
        Assert.Equal(2, Kept(world).Length);
        world.Verified();
    }

    [Fact]
    public async Task Changes_that_can_t_be_told_any_more_become_a_whole_backup()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "a";
        await Made(world, volume);
        world.Node.Twist = item => item.VolumeContent is { SinceSnapshotId: not null }
            ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "It does not stand on the snapshot.") : null;
        world.Node.Bytes[volume] = "b";
        var whole = await Made(world, volume, ", \"incremental\": true");
        Assert.False((bool)(await Shown(world, "backups", whole))["is_incremental"]!);
        Assert.Equal("b", await Restored(world, whole));
    }

    [Fact]
    public async Task A_backup_of_an_attached_volume_needs_force_and_goes_back_to_in_use()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        var attachment = await world.Write(tx => world.Module.Volumes.Reserve(tx, world.Grant(), volume, Nobody, "/dev/vdb"));
        await world.Write<Kernel.Outcomes.Done>(tx =>
        {
            world.Module.Volumes.Attached(tx, attachment, "/dev/vdb", "node-000");
            return Kernel.Outcomes.Done.Value;
        });
        Assert.Equal(400, (await Order(world, volume)).Status);
        var backup = await Made(world, volume, ", \"force\": true");
        Assert.Equal("in-use", (string)(await Shown(world, "volumes", volume))["status"]!);
        Assert.True(world.Node.Items[(ItemKinds.VolumeSnapshot, Point(world))].VolumeSnapshot!.Freeze);
        Assert.Equal(400, (await world.Send("POST", $"/backups/{backup}/restore", body: new { restore = new { volume_id = volume } })).Status);
    }

    [Fact]
    public async Task A_snapshot_is_backed_up_and_is_busy_meanwhile()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "then";
        var snapshot = await world.Snapshot(volume);
        world.Node.Bytes[volume] = "now";
        world.Node.Twist = item => item.VolumeContent is not null ? new ItemReport(item.Kind, item.Id, 0, ItemState.Absent) : null;
        var reply = await Order(world, volume, $", \"snapshot_id\": \"{snapshot}\"");
        Assert.True(reply.Status == 202, reply.Text);
        var backup = (string)reply.Json["backup"]!["id"]!;
        Assert.Equal("backing-up", (string)(await Shown(world, "snapshots", snapshot))["status"]!);
        Assert.Equal("available", (string)(await Shown(world, "volumes", volume))["status"]!);
        Assert.Equal(400, (await world.Send("DELETE", "/snapshots/" + snapshot)).Status);
        Assert.Equal(400, (await world.Send("DELETE", "/backups/" + backup)).Status);
        world.Node.Twist = null;
        Assert.Equal(202, (await world.Send("POST", $"/backups/{backup}/action", "admin", "{\"os-force_delete\": null}")).Status);
        await world.Until("backups", backup, null);
        await world.Until("snapshots", snapshot, "available");
        var again = await Made(world, volume, $", \"snapshot_id\": \"{snapshot}\"");
        Assert.Equal(snapshot, (string)(await Shown(world, "backups", again))["snapshot_id"]!);
        Assert.Equal("then", await Restored(world, again));
        Assert.Equal(202, (await world.Send("DELETE", "/snapshots/" + snapshot)).Status);
        await world.Until("snapshots", snapshot, null);
        var whole = await Made(world, volume, ", \"incremental\": true");
        Assert.False((bool)(await Shown(world, "backups", whole))["is_incremental"]!);
        world.Verified();
    }

    [Fact]
    public async Task A_backup_is_restored_onto_a_volume_and_one_that_fails_leaves_it_as_it_was()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "old";
        var backup = await Made(world, volume);
        world.Node.Bytes[volume] = "new";
        world.Node.Twist = item => item.Volume is { Generation: > 0 } ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The disk is full.") : null;
        Assert.Equal(202, (await world.Send("POST", $"/backups/{backup}/restore", body: new { restore = new { volume_id = volume } })).Status);
        await world.Until("volumes", volume, "error_restoring");
        await world.Until("backups", backup, "available");
        Assert.Equal(0, world.Node.Volume(volume).Generation);
        world.Node.Twist = null;
        await world.Act(volume, "{\"os-reset_status\": {\"status\": \"available\"}}", token: "admin");
        Assert.Equal("new", world.Node.Bytes[volume]);
        Assert.Equal(202, (await world.Send("POST", $"/backups/{backup}/restore", body: new { restore = new { volume_id = volume } })).Status);
        await world.Until("volumes", volume, "available");
        Assert.Equal("old", world.Node.Bytes[volume]);
        var small = await world.Volume("\"size\": 2");
        var large = await Made(world, small);
        var refused = await world.Send("POST", $"/backups/{large}/restore", body: new { restore = new { volume_id = volume } });
        Assert.Equal(400, refused.Status);
        Assert.Contains("too small to restore backup of size 2", refused.Text, StringComparison.Ordinal);
        world.Verified();
    }

    [Fact]
    public async Task A_store_that_is_gone_ends_the_backup_with_what_to_do_and_the_volume_is_free()
    {
        var directory = Path.Combine(Path.GetTempPath(), "sovereign-none-" + Nobody);
        await using var world = await VolumeWorld.Start(options: new VolumeOptions(BackupDirectory: directory));
        var volume = await world.Volume();
        var reply = await Order(world, volume);
        var id = (string)reply.Json["backup"]!["id"]!;
        var shown = (await world.Until("backups", id, "error")).Json["backup"]!;
        Assert.Contains("is not there. Mount it", (string)shown["fail_reason"]!, StringComparison.Ordinal);
        Assert.Equal("available", (string)(await Shown(world, "volumes", volume))["status"]!);
        await Rest(world, ItemKinds.VolumeContent);
        await Rest(world, ItemKinds.VolumeSnapshot);
        Directory.CreateDirectory(directory);
        try
        {
            Assert.Equal(202, (await world.Send("DELETE", "/backups/" + id)).Status);
            await world.Until("backups", id, null);
            await Made(world, volume);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        world.Verified();
    }

    [Fact]
    public async Task What_breaks_on_the_way_to_the_store_leaves_nothing_and_is_begun_again()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Twist = item => item.VolumeContent is not null ? new ItemReport(item.Kind, item.Id, item.Version - 1, ItemState.Absent) : null;
        var id = (string)(await Order(world, volume)).Json["backup"]!["id"]!;
        var refused = await world.Module.ReceiveContent(id, new CutStream(), TestContext.Current.CancellationToken);
        Assert.IsType<Kernel.Outcomes.Fault.Unavailable>(refused.Fault);
        Assert.Empty(Kept(world));
        Assert.Equal("creating", (string)(await Shown(world, "backups", id))["status"]!);
        var kept = await world.Module.ReceiveContent(id, new MemoryStream([1, 2, 3]), TestContext.Current.CancellationToken);
        Assert.Equal(64, kept.Value.Length);

        // Only when the node says that it read the same bytes it is available.
        Assert.Equal("creating", (string)(await Shown(world, "backups", id))["status"]!);
        Assert.Single(Kept(world));
    }

    [Fact]
    public async Task An_encrypted_volume_s_backup_is_not_plain_in_the_store_and_never_becomes_plain()
    {
        await using var world = await VolumeWorld.Start();
        var type = await world.Send("POST", "/types", "admin", new { volume_type = new { name = "secret" } });
        var made = await world.Send("POST", $"/types/{(string)type.Json["volume_type"]!["id"]!}/encryption", "admin",
            new { encryption = new { provider = "luks", control_location = "front-end" } });
        Assert.True(made.Status == 200, made.Text);
        var text = string.Concat(Enumerable.Repeat("nobody may read this. ", 9000));
        var (secret, plain) = (await world.Volume("\"size\": 1, \"volume_type\": \"secret\""), await world.Volume());
        world.Node.Bytes[secret] = world.Node.Bytes[plain] = text;
        var open = await Made(world, plain);
        Assert.Contains("nobody may read", await File.ReadAllTextAsync(Kept(world).Single()), StringComparison.Ordinal);
        Assert.Equal(202, (await world.Send("DELETE", "/backups/" + open)).Status);
        await world.Until("backups", open, null);
        var backup = await Made(world, secret);
        var kept = Kept(world).Single();
        Assert.True(new FileInfo(kept).Length > text.Length);
        Assert.DoesNotContain("read", await File.ReadAllTextAsync(kept, Encoding.Latin1), StringComparison.Ordinal);
        Assert.NotNull((await Shown(world, "backups", backup, "3.64"))["encryption_key_id"]);
        Assert.Equal(text, await Restored(world, backup));
        Assert.Equal(400, (await world.Send("POST", $"/backups/{backup}/restore", body: new { restore = new { volume_id = plain } })).Status);
        var opened = world.Module.OpenContent(backup).Value;
        opened.Seek(100_000, SeekOrigin.Begin);
        using var rest = new MemoryStream();
        await opened.CopyToAsync(rest);
        Assert.Equal(text[100_000..], Encoding.UTF8.GetString(rest.ToArray()));
    }

    [Fact]
    public async Task A_record_is_exported_and_imported_and_the_bytes_go_with_the_last_backup_that_has_them()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "kept";
        var backup = await Made(world, volume);
        Assert.Equal(403, (await world.Send("GET", $"/backups/{backup}/export_record")).Status);
        var record = (await world.Send("GET", $"/backups/{backup}/export_record", "admin")).Json["backup-record"]!;
        Assert.Equal("cinder.backup.drivers.directory", (string)record["backup_service"]!);
        Assert.Equal(400, (await Import(world, record)).Status);
        var changed = JsonNode.Parse(Convert.FromBase64String((string)record["backup_url"]!))!;
        changed["id"] = Nobody;
        record["backup_url"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(changed.ToJsonString()));
        var imported = await Import(world, record);
        Assert.True(imported.Status == 201, imported.Text);
        await world.Until("backups", Nobody, "available", "admin");
        Assert.Equal(202, (await world.Send("DELETE", "/backups/" + backup)).Status);
        await world.Until("backups", backup, null);
        Assert.Equal("kept", await Restored(world, Nobody, "admin"));
        Assert.Equal(202, (await world.Send("DELETE", "/backups/" + Nobody, "admin")).Status);
        await world.Until("backups", Nobody, null, "admin");
        Assert.Empty(Kept(world));
        Assert.Equal(201, (await Import(world, record)).Status);
        var reason = (string)(await world.Until("backups", Nobody, "error", "admin")).Json["backup"]!["fail_reason"]!;
        Assert.Contains("import the record again", reason, StringComparison.Ordinal);
        foreach (var (service, url) in new[] { ("moon", "x"), ("directory", "x"), ("directory", "e30=") })
        {
            Assert.Equal(400, (await Import(world, new JsonObject { ["backup_service"] = "cinder.backup.drivers." + service, ["backup_url"] = url })).Status);
        }

        world.Verified();
    }

    [Fact]
    public async Task Quotas_of_backups_hold_at_the_limit_and_one_past_it()
    {
        await using var world = await VolumeWorld.Start();
        var project = TestCallers.Id("project-a");
        var (one, two) = (await world.Volume(), await world.Volume("\"size\": 2"));
        await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"backups\": 2, \"backup_gigabytes\": 2}}");
        await Made(world, one);
        var large = await Order(world, two);
        Assert.Equal(413, large.Status);
        Assert.Contains("Requested 2G, quota is 2G and 1G has been consumed", large.Text, StringComparison.Ordinal);
        await Made(world, one);
        await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"backup_gigabytes\": -1}}");
        var many = await Order(world, one);
        Assert.Equal(413, many.Status);
        Assert.Contains("Maximum number of backups allowed (2) exceeded", many.Text, StringComparison.Ordinal);
        var limits = (await world.Send("GET", "/limits")).Json["limits"]!["absolute"]!;
        Assert.Equal((2, 2), ((int)limits["totalBackupsUsed"]!, (int)limits["totalBackupGigabytesUsed"]!));
        world.Verified();
    }

    [Fact]
    public async Task Backups_are_listed_filtered_renamed_and_other_projects_see_none()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        var (first, second) = (await Made(world, volume, ", \"name\": \"one\""), await Made(world, volume, ", \"name\": \"two\""));
        string[] none = [];
        Assert.Equal([second], await Listed(world, "name=two"));
        Assert.Equal([first], await Listed(world, "sort=created_at:asc&limit=1"));
        Assert.Equal([second], await Listed(world, $"sort=created_at:asc&marker={first}"));
        Assert.Equal(none, await Listed(world, "volume_id=" + Nobody));
        Assert.Equal(404, (await world.Send("PUT", "/backups/" + first, body: new { backup = new { name = "x" } })).Status);
        var renamed = await world.Send("PUT", "/backups/" + first, body: new { backup = new { name = "x", metadata = new { k = "v" } } }, version: "3.43");
        Assert.True(renamed.Status == 200, renamed.Text);
        Assert.Equal("v", (string)(await Shown(world, "backups", first, "3.43"))["metadata"]!["k"]!);
        Assert.Equal(2, (int)(await world.Send("GET", "/backups?with_count=true", version: "3.45")).Json["count"]!);
        foreach (var (method, path, body) in new (string, string, object?)[]
        {
            ("GET", "", null), ("PUT", "", new { backup = new { name = "x" } }), ("DELETE", "", null), ("POST", "/restore", new { restore = new { } }),
        })
        {
            Assert.Equal(404, (await world.Send(method, $"/backups/{first}{path}", "member-b", body, "3.43")).Status);
        }

        Assert.Empty((await world.Send("GET", "/backups", "member-b")).Json["backups"]!.AsArray());
        Assert.Equal(404, (await Order(world, volume, token: "member-b")).Status);
        Assert.Equal(403, (await world.Send("POST", $"/backups/{first}/action", body: "{\"os-reset_status\": {\"status\": \"error\"}}")).Status);
        Assert.Equal(202, (await world.Send("POST", $"/backups/{first}/action", "admin", "{\"os-reset_status\": {\"status\": \"error\"}}")).Status);
        Assert.Equal(400, (await world.Send("POST", $"/backups/{first}/restore", body: new { restore = new { } })).Status);
        Assert.Equal(202, (await world.Send("POST", $"/backups/{first}/action", "admin", "{\"os-reset_status\": {\"status\": \"available\"}}")).Status);
        foreach (var bad in new List<string>
        {
            "{}", "{\"backup\": {}}", "{\"backup\": {\"volume_id\": 5}}", "{\"backup\": {\"volume_id\": \"x\", \"force\": \"moon\"}}",
        })
        {
            Assert.Equal(400, (await world.Send("POST", "/backups", body: bad)).Status);
        }
    }

    private static Task<TestReply> Order(VolumeWorld world, string volume, string members = "", string token = "member-a") =>
        world.Send("POST", "/backups", token, $"{{\"backup\": {{\"volume_id\": \"{volume}\"{members}}}}}");

    private static async Task<string> Made(VolumeWorld world, string volume, string members = "")
    {
        var reply = await Order(world, volume, members);
        Assert.True(reply.Status == 202, reply.Text);
        var id = (string)reply.Json["backup"]!["id"]!;
        await world.Until("backups", id, "available");
        return id;
    }

    private static async Task<string> Restored(VolumeWorld world, string backup, string token = "member-a")
    {
        var reply = await world.Send("POST", $"/backups/{backup}/restore", token, new { restore = new { name = "r" } });
        Assert.True(reply.Status == 202, reply.Text);
        var id = (string)reply.Json["restore"]!["volume_id"]!;
        await world.Until("volumes", id, "available", token);
        return world.Node.Bytes[id];
    }

    private static Task<TestReply> Import(VolumeWorld world, JsonNode record) =>
        world.Send("POST", "/backups/import_record", "admin", $"{{\"backup-record\": {record.ToJsonString()}}}");

    private static async Task<JsonNode> Shown(VolumeWorld world, string collection, string id, string? version = null) =>
        (await world.Send("GET", $"/{collection}/{id}", version: version)).Json[collection[..^1]]!;

    private static async Task<string[]> Listed(VolumeWorld world, string query) =>
        [.. (await world.Send("GET", "/backups/detail?" + query)).Json["backups"]!.AsArray().Select(backup => (string)backup!["id"]!)];

    private static string[] Kept(VolumeWorld world) =>
        Directory.GetFiles(Path.Combine(world.Cloud.Kernel.Settings.DataDirectory, "backups"), "*", SearchOption.AllDirectories);

    private static string Point(VolumeWorld world) => world.Node.Items.Keys.Single(key => key.Kind == ItemKinds.VolumeSnapshot).Id;

    private static Task Rest(VolumeWorld world, string kind) => Until(() => world.Node.Items.Keys.All(key => key.Kind != kind));

    private static async Task Until(Func<bool> holds)
    {
        for (var tries = 0; tries < 400 && !holds(); tries++) await Task.Delay(25);
        Assert.True(holds());
    }

    /// <summary>Breaks after some bytes.</summary>
    private sealed class CutStream() : MemoryStream(new byte[500_000])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < 200_000 ? base.ReadAsync(buffer[..100_000], cancellationToken) : throw new IOException("It was cut.");
    }
}
