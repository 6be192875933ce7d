using System.Text.Json.Nodes;
using Sovereign.Kernel.Outcomes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public class VolumeLifeTests
{
    private const string Server = "44444444-4444-4444-8444-444444444444";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Fact]
    public async Task A_volume_without_room_or_that_its_node_can_t_make_says_why()
    {
        await using var world = await VolumeWorld.Start(freeGib: 120);
        await world.Volume("\"size\": 100");
        var big = await world.Volume("\"size\": 110", status: "error");
        Assert.DoesNotContain(world.Node.Items.Keys, key => key.Id == big);
        var message = (await world.Send("GET", "/messages?resource_uuid=" + big, version: "3.5")).Json["messages"]![0]!;
        Assert.Contains("at most 100 GiB are free", (string)message["user_message"]!, StringComparison.Ordinal);
        Assert.Equal(404, (await world.Send("GET", "/messages")).Status);
        Assert.Equal(204, (await world.Send("DELETE", "/messages/" + (string)message["id"]!, version: "3.3")).Status);
        world.Node.Twist = item => item.Volume is null ? null : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The disk is full.");
        var failed = await world.Volume(status: "error");
        world.Node.Twist = null;
        foreach (var id in new[] { big, failed })
        {
            Assert.Equal(202, (await world.Send("DELETE", "/volumes/" + id)).Status);
            await world.Until("volumes", id, null);
        }

        world.Verified();
    }

    [Fact]
    public async Task An_extension_that_fails_gives_its_quota_back()
    {
        await using var world = await VolumeWorld.Start();
        var id = await world.Volume();
        world.Node.Twist = item => item.Volume is { SizeBytes: > 1L << 30 } ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "No room.") : null;
        await world.Act(id, "{\"os-extend\": {\"new_size\": 4}}");
        var shown = await world.Until("volumes", id, "error_extending");
        Assert.Equal(1, (int)shown.Json["volume"]!["size"]!);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Quotas_hold_at_the_limit_and_one_past_it(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var project = TestCallers.Id("project-a");
        var type = await Type(world, "fast");
        var set = await world.Send("PUT", "/os-quota-sets/" + project, "admin",
            "{\"quota_set\": {\"tenant_id\": \"x\", \"volumes\": 3, \"gigabytes\": \"6\", \"volumes_fast\": 1, \"per_volume_gigabytes\": 4}}");
        Assert.True(set.Status == 200, set.Text);
        Assert.Equal((3, 6, 1), ((int)set.Json["quota_set"]!["volumes"]!, (int)set.Json["quota_set"]!["gigabytes"]!, (int)set.Json["quota_set"]!["volumes_fast"]!));
        var first = await world.Volume("\"size\": 1, \"volume_type\": \"fast\"");
        var second = await Order(world, "\"size\": 1, \"volume_type\": \"fast\"");
        Assert.Equal(413, second.Status);
        Assert.Equal(413, (int)second.Json["overLimit"]!["code"]!);
        Assert.Equal(413, (await Order(world, "\"size\": 5")).Status);
        await world.Volume("\"size\": 3");
        Assert.Equal(413, (await Order(world, "\"size\": 3")).Status);
        Assert.Equal(202, (await Order(world, "\"size\": 2")).Status);
        Assert.Equal(413, (await Order(world, "\"size\": 1")).Status);
        Assert.Equal(413, (await world.Send("POST", "/snapshots", body: new { snapshot = new { volume_id = first } })).Status);
        await world.Act(first, "{\"os-extend\": {\"new_size\": 2}}", 413);
        var used = (await world.Send("GET", $"/os-quota-sets/{project}?usage=True")).Json["quota_set"]!;
        Assert.Equal((3, 6, 1, 0), ((int)used["volumes"]!["in_use"]!, (int)used["gigabytes"]!["in_use"]!, (int)used["volumes_fast"]!["in_use"]!,
            (int)used["volumes_fast"]!["reserved"]!));
        var limits = (await world.Send("GET", "/limits")).Json["limits"]!["absolute"]!;
        Assert.Equal((3, 6), ((int)limits["totalVolumesUsed"]!, (int)limits["totalGigabytesUsed"]!));
        Assert.Equal(10, (int)(await world.Send("GET", $"/os-quota-sets/{project}/defaults")).Json["quota_set"]!["volumes"]!);
        Assert.Equal(403, (await world.Send("GET", "/os-quota-sets/" + TestCallers.Id("project-b"))).Status);
        Assert.Equal(400, (await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"moon\": 1}}")).Status);
        Assert.Equal(400, (await world.Send("PUT", "/os-quota-sets/" + project, "admin", "{\"quota_set\": {\"volumes\": -2}}")).Status);
        Assert.Equal(403, (await world.Send("PUT", "/os-quota-sets/" + project, body: "{\"quota_set\": {\"volumes\": 9}}")).Status);
        Assert.Equal(200, (await world.Send("DELETE", "/os-quota-sets/" + project, "admin")).Status);
        Assert.Equal(200, (await world.Send("PUT", "/os-quota-class-sets/default", "admin", "{\"quota_class_set\": {\"snapshots\": 7}}")).Status);
        Assert.Equal(7, (int)(await world.Send("GET", "/os-quota-sets/" + project)).Json["quota_set"]!["snapshots"]!);
        Assert.Equal(400, (await world.Send("DELETE", "/types/" + type, "admin")).Status);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_server_takes_a_volume_and_gives_it_back(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volumes = world.Module.Volumes;
        var changes = new List<VolumeChange>();
        volumes.OnChange((_, change) => changes.Add(change));
        var made = await world.Write(tx => volumes.Create(tx, world.Grant(), new VolumeOrder("root", null, 2) { ImageId = VolumeWorld.Image }));
        var attachment = await world.Write(tx => volumes.Reserve(tx, world.Grant(), made.Id, Server, "/dev/vda"));
        await world.Until("volumes", made.Id, "reserved");
        Assert.Equal("reserved", changes.Single(change => change.VolumeId == made.Id).Status);
        var info = world.Cloud.Kernel.Database.Read(session => volumes.Find(session, world.Grant(), made.Id)).Value;
        Assert.Equal((world.Node.Id, false, true), (info.NodeId, info.Shared, info.Bootable));
        Assert.Equal(VolumeWorld.Image, info.ImageMetadata["image_id"]);
        await world.Write(tx => volumes.Bring(tx, attachment, world.Node.Id));
        var disk = world.Cloud.Kernel.Database.Read(session => volumes.Disk(session, new VolumeDiskOrder(attachment, "/dev/vda", "virtio", 0))).Value;
        Assert.Equal(new VolumeDiskSpec(attachment, made.Id, "/dev/vda", "virtio", false, 0), disk);
        await world.Write(tx => Did(() => volumes.Attached(tx, attachment, "/dev/vda", "node-000")));
        var shown = (await world.Until("volumes", made.Id, "in-use")).Json["volume"]!["attachments"]![0]!;
        Assert.Equal((Server, "/dev/vda", attachment), ((string)shown["server_id"]!, (string)shown["device"]!, (string)shown["attachment_id"]!));
        Assert.Null((string?)shown["host_name"]);
        Assert.Equal(400, (await world.Send("DELETE", "/volumes/" + made.Id)).Status);
        await world.Act(made.Id, "{\"os-extend\": {\"new_size\": 3}}", 400);
        await world.Act(made.Id, "{\"os-extend\": {\"new_size\": 3}}", 202, version: "3.42");
        await world.Until("volumes", made.Id, "in-use");
        Assert.Equal(400, (await world.Send("POST", "/snapshots", body: new { snapshot = new { volume_id = made.Id } })).Status);
        var snapshot = await world.Snapshot(made.Id);
        Assert.True(world.Node.Items[(ItemKinds.VolumeSnapshot, snapshot)].VolumeSnapshot!.Freeze);
        var second = await world.Cloud.Kernel.Queue.Write<string>("test", Kernel.Store.Origin.System, tx => volumes.Reserve(tx, world.Grant(),
            made.Id, Guid.Empty.ToString(), null), default);
        Assert.IsType<Fault.Invalid>(second.Fault);
        await world.Write(tx => volumes.BeginDetach(tx, world.Grant(), made.Id, Server));
        await world.Until("volumes", made.Id, "detaching");
        await world.Write(tx => Did(() => volumes.KeepAttached(tx, attachment)));
        await world.Until("volumes", made.Id, "in-use");
        await world.Write(tx => Did(() => volumes.Detached(tx, attachment)));
        await world.Until("volumes", made.Id, "available");
        await world.Write(tx => Did(() => volumes.Delete(tx, made.Id)));
        Assert.Equal(200, (await world.Send("GET", "/volumes/" + made.Id)).Status);
        Assert.Equal(202, (await world.Send("DELETE", $"/volumes/{made.Id}?cascade=true")).Status);
        await world.Until("volumes", made.Id, null);
        world.Verified();
    }

    [Fact]
    public async Task A_volume_for_several_servers_is_made_only_where_several_can_write_it()
    {
        await using var world = await VolumeWorld.Start();
        await Type(world, "several", ("multiattach", "<is> True"));
        await Type(world, "several-in-files", ("volume_backend_name", "files"), ("multiattach", "<is> True"));
        var made = await world.Volume("\"size\": 1, \"volume_type\": \"several\"");
        var info = world.Cloud.Kernel.Database.Read(session => world.Module.Volumes.Find(session, world.Grant(), made)).Value;
        Assert.True(info.Shared);
        await world.Volume("\"size\": 1, \"volume_type\": \"several-in-files\"", status: "error");
        var local = await world.Volume();
        await world.Act(local, "{\"os-retype\": {\"new_type\": \"several\"}}", 400);
    }

    [Fact]
    public async Task Only_a_shared_backend_reaches_a_server_on_another_node_and_only_some_types_several_servers()
    {
        await using var world = await VolumeWorld.Start(nodes: 2);
        var volumes = world.Module.Volumes;
        await Type(world, "shared", ("volume_backend_name", "pool"), ("multiattach", "<is> True"));
        var local = await world.Volume();
        var info = world.Cloud.Kernel.Database.Read(session => volumes.Find(session, world.Grant(), local)).Value;
        var other = world.Nodes.Single(node => node.Id != info.NodeId);
        var attachment = await world.Write(tx => volumes.Reserve(tx, world.Grant(), local, Server, null));
        var brought = await world.Cloud.Kernel.Queue.Write<Done>("test", Kernel.Store.Origin.System, tx => volumes.Bring(tx, attachment, other.Id), default);
        Assert.IsType<Fault.Conflict>(brought.Fault);
        var shared = await world.Volume("\"size\": 1, \"volume_type\": \"shared\"");
        Assert.True((bool)(await world.Send("GET", "/volumes/" + shared)).Json["volume"]!["multiattach"]!);
        foreach (var node in world.Nodes)
        {
            var tie = await world.Write(tx => volumes.Reserve(tx, world.Grant(), shared, Guid.NewGuid().ToString(), null));
            await world.Write(tx => volumes.Bring(tx, tie, node.Id));
            await world.Write(tx => Did(() => volumes.Attached(tx, tie, "/dev/vdb", "h")));
            Assert.True(world.Cloud.Kernel.Database.Read(session => volumes.Disk(session, new VolumeDiskOrder(tie, "/dev/vdb", "virtio"))).Value.Shared);
        }

        var shown = (await world.Send("GET", "/volumes/" + shared)).Json["volume"]!;
        Assert.Equal(2, shown["attachments"]!.AsArray().Count);
        for (var i = 0; i < 400 && !world.Nodes.All(node => node.Items.ContainsKey((ItemKinds.Volume, shared))); i++) await Task.Delay(25);
        Assert.All(world.Nodes, node => Assert.Equal("pool", node.Volume(shared).Backend));
    }

    [Fact]
    public async Task Volumes_of_encrypted_types_have_a_key_that_their_copies_share()
    {
        await using var world = await VolumeWorld.Start();
        var type = await Type(world, "secret");
        var path = $"/types/{type}/encryption";
        var made = await world.Send("POST", path, "admin",
            "{\"encryption\": {\"provider\": \"luks\", \"cipher\": \"aes-xts-plain64\", \"key_size\": 256, \"control_location\": \"front-end\"}}");
        Assert.True(made.Status == 200, made.Text);
        var id = await world.Volume("\"size\": 1, \"volume_type\": \"secret\"");
        var key = world.Node.Volume(id).Key!;
        Assert.Matches("^[0-9a-f]{64}$", key);
        var shown = (await world.Send("GET", "/volumes/" + id, version: "3.64"));
        Assert.True((bool)shown.Json["volume"]!["encrypted"]!);
        Assert.DoesNotContain(key, shown.Text, StringComparison.Ordinal);
        var copy = await world.Volume($"\"source_volid\": \"{id}\"");
        Assert.Equal(key, world.Node.Volume(copy).Key);
        var another = await world.Volume("\"size\": 1, \"volume_type\": \"secret\"");
        Assert.NotEqual(key, world.Node.Volume(another).Key);
        var secret = "/key-manager/v1/secrets/" + (string)shown.Json["volume"]!["encryption_key_id"]!;
        Assert.Equal(key, Convert.ToHexStringLower((await world.Cloud.Send("GET", secret + "/payload", "member-a", null, ("Accept", "application/octet-stream"))).Bytes));
        Assert.Equal(409, (await world.Cloud.Send("DELETE", secret)).Status);
        Assert.Equal(403, (await world.Cloud.Send("GET", secret, "member-b")).Status);
        Assert.Equal(400, (await Order(world, $"\"source_volid\": \"{id}\", \"volume_type\": \"__DEFAULT__\"")).Status);
        await world.Act(id, "{\"os-retype\": {\"new_type\": \"__DEFAULT__\"}}", 400);
        Assert.Equal("aes-xts-plain64", (string)(await world.Send("GET", $"/volumes/{id}/encryption")).Json["cipher"]!);
        Assert.Equal(400, (await world.Send("PUT", path + "/" + (string)made.Json["encryption"]!["encryption_id"]!, "admin",
            "{\"encryption\": {\"key_size\": 512}}")).Status);
        Assert.Equal(403, (await world.Send("GET", path)).Status);
    }

    private static Outcome<Done> Did(Action change)
    {
        change();
        return Done.Value;
    }

    private static async Task<string> Type(VolumeWorld world, string name, params (string Name, string Value)[] specs)
    {
        var reply = await world.Send("POST", "/types", "admin", new { volume_type = new { name, extra_specs = specs.ToDictionary(s => s.Name, s => s.Value) } });
        Assert.True(reply.Status == 200, reply.Text);
        return (string)reply.Json["volume_type"]!["id"]!;
    }

    private static Task<TestReply> Order(VolumeWorld world, string members) => world.Send("POST", "/volumes", body: $"{{\"volume\": {{{members}}}}}");
}
