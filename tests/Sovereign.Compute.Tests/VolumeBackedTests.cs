using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>What is done to servers that boot from a volume, or have volumes.</summary>
public class VolumeBackedTests
{
    public static TheoryData<string> Engines => ServerLifeTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_image_of_a_server_on_a_volume_is_snapshots_of_its_volumes_and_boots(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var (server, root) = await OnVolume(world);
        var data = await ServerVolumesTests.Volume(world);
        await ServerVolumesTests.Attach(world, server, data, "2.79");
        await world.UntilVolume(data, "in-use");
        var made = await Act(world, server, new { createImage = new { name = "kept", metadata = new { purpose = "test" } } }, version: "2.45");
        Assert.True(made.Status == 202, made.Text);
        var image = world.Images.Made.Single(one => one.Id == (string)made.Json["image_id"]!);
        Assert.Equal(("active", true, "test"), (image.Status, image.Image.Empty, image.Image.Properties["purpose"]));
        var mapping = JsonNode.Parse(image.Image.Properties["block_device_mapping"])!.AsArray();
        Assert.Equal(("True", "/dev/vda"), (image.Image.Properties["bdm_v2"], image.Image.Properties["root_device_name"]));
        Assert.Equal(
            [("snapshot", "volume", "0", "2"), ("snapshot", "volume", "", "1")],
            mapping.Select(one => ((string)one!["source_type"]!, (string)one["destination_type"]!, one["boot_index"]?.ToString() ?? "", one["volume_size"]!.ToString())));
        var snapshots = (await world.Volumes("GET", "/snapshots")).Json["snapshots"]!.AsArray();
        Assert.Equal([(root, "snapshot for kept"), (data, "snapshot for kept")],
            mapping.Select(one => snapshots.Single(known => (string)known!["id"]! == (string)one!["snapshot_id"]!))
                .Select(known => ((string)known!["volume_id"]!, (string)known["name"]!)));
        var actions = (await world.Send("GET", $"/servers/{server}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal("createImage", (string)actions[0]!["action"]!);
        await ComputeWorld.Eventually(() => Available(world));
        var copy = await world.Send("POST", "/servers", body: new
        {
            server = new { name = "copy", imageRef = image.Id, flavorRef = await world.Flavor(), networks = new[] { new { uuid = ComputeWorld.Network } } },
        });
        Assert.True(copy.Status == 202, copy.Text);
        var second = (string)copy.Json["server"]!["id"]!;
        await world.Until(second, "ACTIVE");
        var domain = world.Nodes[0].Items[(ItemKinds.Domain, second)].Domain!;
        Assert.Null(domain.Root);
        Assert.Equal([("/dev/vda", 0), ("/dev/vdb", (int?)null)], domain.Volumes.Select(disk => (disk.Device, disk.BootIndex)));
        Assert.DoesNotContain(domain.Volumes, disk => disk.VolumeId == root || disk.VolumeId == data);
        var refused = await Act(world, server, new { createBackup = new { name = "b", backup_type = "daily", rotation = 1 } });
        Assert.Equal((400, true), (refused.Status, refused.Text.Contains("Backup is not supported for volume-backed instances", StringComparison.Ordinal)));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());

        static bool Available(ComputeWorld world) => world.Volumes("GET", "/snapshots").GetAwaiter().GetResult().Json["snapshots"]!.AsArray()
            .All(snapshot => (string)snapshot!["status"]! == "available");
    }

    [Fact]
    public async Task A_rebuild_keeps_the_volume_of_the_same_image_and_makes_it_anew_since_2_93()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await OnVolume(world);
        var rebuild = new { rebuild = new { imageRef = ComputeWorld.Image, name = "rebuilt" } };
        Assert.Equal(202, (await Act(world, server, rebuild)).Status);
        var shown = (await world.Until(server, "ACTIVE")).Json["server"]!;
        Assert.Equal(("rebuilt", ""), ((string)shown["name"]!, (string)shown["image"]!));
        Assert.Equal((0, 1), (Spec(world, volume).Generation, Domain(world, server).RebootCount));

        var image = await ImageOf(world);
        var other = new { rebuild = new { imageRef = image } };
        var refused = await Act(world, server, other, version: "2.92");
        Assert.Equal(400, refused.Status);
        Assert.Contains("Unable to rebuild with a different image for a volume-backed server.", refused.Text, StringComparison.Ordinal);

        var powers = new List<(PowerTarget, int)>();
        world.Nodes[0].Twist = item =>
        {
            if (item.Domain is { } domain && domain.Id == server) powers.Add((domain.Power, domain.RebootCount));
            return null;
        };
        Assert.Equal(202, (await Act(world, server, other, version: "2.93")).Status);
        await world.Until(server, "ACTIVE");
        Assert.Equal(1, Spec(world, volume).Generation);
        // Off while the volume is made anew, then started again.
        Assert.Equal([(PowerTarget.Shutoff, 1), (PowerTarget.Running, 2)], powers.Distinct());
        var kept = (await world.UntilVolume(volume, "in-use")).Json["volume"]!;
        Assert.Equal(image, (string)kept["volume_image_metadata"]!["image_id"]!);
    }

    [Fact]
    public async Task A_volume_that_can_t_be_made_anew_fails_the_rebuild_and_the_next_one_heals_it()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await OnVolume(world);
        world.Nodes[0].Twist = item =>
            item.Volume is { Generation: 1 } ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The image is broken.") : null;
        var rebuild = new { rebuild = new { imageRef = ComputeWorld.Image } };
        Assert.Equal(202, (await Act(world, server, rebuild, version: "2.93")).Status);
        var failed = await world.Until(server, "ERROR");
        Assert.Contains("The image is broken.", failed.Text, StringComparison.Ordinal);
        world.Nodes[0].Twist = null;
        Assert.Equal(202, (await Act(world, server, rebuild, version: "2.93")).Status);
        await world.Until(server, "ACTIVE");
        await world.UntilVolume(volume, "in-use");
    }

    [Fact]
    public async Task A_server_of_an_image_keeps_its_volumes_when_it_is_rebuilt()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await WithVolume(world);
        Assert.Equal(202, (await Act(world, server, new { rebuild = new { imageRef = ComputeWorld.Image } })).Status);
        await world.Until(server, "ACTIVE");
        Assert.Equal(volume, Assert.Single(Domain(world, server).Volumes).VolumeId);
        await world.UntilVolume(volume, "in-use");
    }

    [Fact]
    public async Task A_server_on_a_volume_goes_to_the_shelf_without_an_image_and_comes_back()
    {
        await using var world = await ComputeWorld.Start(nodes: 3);
        var (server, volume) = await OnVolume(world);
        var home = world.Nodes.Single(node => node.Items.ContainsKey((ItemKinds.Domain, server)));
        Assert.Equal(202, (await Act(world, server, new { shelve = (object?)null })).Status);
        await world.Until(server, "SHELVED_OFFLOADED");
        Assert.Empty(world.Images.Made);
        Assert.DoesNotContain(home.Items.Keys, key => key.Kind == ItemKinds.Domain);
        Assert.Equal(202, (await Act(world, server, new { unshelve = (object?)null })).Status);
        await world.Until(server, "ACTIVE");
        Assert.Equal(volume, Assert.Single(home.Items[(ItemKinds.Domain, server)].Domain!.Volumes).VolumeId);
        await world.UntilVolume(volume, "in-use");
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task A_shelved_server_keeps_its_volumes_and_gets_and_gives_others_since_2_20()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await WithVolume(world);
        Assert.Equal(202, (await Act(world, server, new { shelve = (object?)null })).Status);
        await world.Until(server, "SHELVED_OFFLOADED");
        var (more, gone) = (await ServerVolumesTests.Volume(world), await ServerVolumesTests.Volume(world));
        var body = new { volumeAttachment = new { volumeId = more } };
        Assert.Equal(409, (await world.Send("POST", $"/servers/{server}/os-volume_attachments", body: body, version: "2.19")).Status);
        await ServerVolumesTests.Attach(world, server, more, "2.20");
        await ServerVolumesTests.Attach(world, server, gone, "2.20");
        await world.UntilVolume(more, "in-use");
        Assert.Equal(202, (await world.Send("DELETE", $"/servers/{server}/os-volume_attachments/{gone}", version: "2.20")).Status);
        await world.UntilVolume(gone, "available");
        Assert.Equal(202, (await Act(world, server, new { unshelve = (object?)null })).Status);
        await world.Until(server, "ACTIVE");
        Assert.Equal([volume, more], Domain(world, server).Volumes.Select(disk => disk.VolumeId));
        var results = (await world.Send("GET", $"/servers/{server}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal(["unshelve", "detach_volume", "attach_volume", "attach_volume", "shelve"], results.Take(5).Select(action => (string)action!["action"]!));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task A_server_on_a_volume_is_rescued_by_an_image_that_keeps_the_names_of_its_disks()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await OnVolume(world);
        var image = await ImageOf(world);
        var rescue = new { rescue = new { rescue_image_ref = image } };
        Assert.Contains("Cannot rescue a volume-backed instance", (await Act(world, server, new { rescue = new { } }, version: "2.87")).Text, StringComparison.Ordinal);
        Assert.Equal(400, (await Act(world, server, rescue, version: "2.87")).Status);
        world.Images.Describe(null!, image, new Dictionary<string, string> { ["hw_rescue_bus"] = "virtio" });
        Assert.Equal(400, (await Act(world, server, rescue, version: "2.86")).Status);
        Assert.Equal(200, (await Act(world, server, rescue, version: "2.87")).Status);
        await world.Until(server, "RESCUE");
        var domain = Domain(world, server);
        Assert.Equal((true, "virtio", volume), (domain.Rescue!.Last, domain.Rescue.Bus, Assert.Single(domain.Volumes).VolumeId));
        var data = await ServerVolumesTests.Volume(world);
        var body = new { volumeAttachment = new { volumeId = data } };
        Assert.Equal(409, (await world.Send("POST", $"/servers/{server}/os-volume_attachments", body: body)).Status);
        Assert.Equal(202, (await Act(world, server, new { unrescue = (object?)null })).Status);
        await world.Until(server, "ACTIVE");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_administrator_swaps_a_volume_of_a_running_server(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var (server, old) = await WithVolume(world);
        var next = await ServerVolumesTests.Volume(world);
        var path = $"/servers/{server}/os-volume_attachments/{old}";
        var body = new { volumeAttachment = new { volumeId = next } };
        Assert.Equal(403, (await world.Send("PUT", path, body: body)).Status);
        Assert.Equal(400, (await world.Send("PUT", path, "admin", new { volumeAttachment = new { volumeId = Guid.NewGuid() } })).Status);
        Assert.Equal(404, (await world.Send("PUT", $"/servers/{server}/os-volume_attachments/{Guid.NewGuid()}", "admin", body)).Status);
        world.Nodes[0].Twist = item => item.VolumeSwap is null ? null : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The server does not run.");
        Assert.Equal(202, (await world.Send("PUT", path, "admin", body)).Status);
        await world.UntilVolume(next, "available");
        await world.UntilVolume(old, "in-use");

        world.Nodes[0].Twist = null;
        Assert.Equal(202, (await world.Send("PUT", path, "admin", body)).Status);
        await world.UntilVolume(old, "available");
        await world.UntilVolume(next, "in-use");
        var shown = Assert.Single((await world.Send("GET", $"/servers/{server}/os-volume_attachments")).Json["volumeAttachments"]!.AsArray())!;
        Assert.Equal((next, "/dev/vdb"), ((string)shown["volumeId"]!, (string)shown["device"]!));
        Assert.Equal(next, Assert.Single(Domain(world, server).Volumes).VolumeId);
        await ComputeWorld.Eventually(() => !world.Nodes[0].Items.Keys.Any(key => key.Kind == ItemKinds.VolumeSwap));
        var actions = (await world.Send("GET", $"/servers/{server}/os-instance-actions", "admin")).Json["instanceActions"]!.AsArray();
        Assert.Equal(("swap_volume", null), ((string)actions[0]!["action"]!, (string?)actions[0]!["message"]));
        Assert.Equal(("swap_volume", "Error"), ((string)actions[1]!["action"]!, (string?)actions[1]!["message"]));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task A_server_that_goes_while_a_volume_is_swapped_leaves_both_free()
    {
        await using var world = await ComputeWorld.Start();
        var (server, old) = await WithVolume(world);
        var next = await ServerVolumesTests.Volume(world);
        world.Nodes[0].Twist = item => item.VolumeSwap is null ? null : new ItemReport(item.Kind, item.Id, item.Version - 1, ItemState.Present);
        var body = new { volumeAttachment = new { volumeId = next } };
        Assert.Equal(202, (await world.Send("PUT", $"/servers/{server}/os-volume_attachments/{old}", "admin", body)).Status);
        Assert.Equal(400, (await world.Send("DELETE", $"/servers/{server}/os-volume_attachments/{old}")).Status);
        await world.UntilVolume(next, "reserved");
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + server)).Status);
        await world.Until(server, null);
        await world.UntilVolume(old, "available");
        await world.UntilVolume(next, "available");
        await ComputeWorld.Eventually(() => !world.Nodes[0].Items.Keys.Any(key => key.Kind == ItemKinds.VolumeSwap));
    }

    [Fact]
    public async Task A_server_with_volumes_is_resized_on_its_node_and_stays_where_they_are()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var (server, volume) = await WithVolume(world);
        Assert.Equal(202, (await Act(world, server, new { resize = new { flavorRef = await world.Flavor("SCS-1V-4") } })).Status);
        await world.Until(server, "VERIFY_RESIZE");
        Assert.Equal(202, (await Act(world, server, new { revertResize = (object?)null })).Status);
        await world.Until(server, "ACTIVE");
        await world.UntilVolume(volume, "in-use");
        Assert.Equal(400, (await world.Send("POST", $"/servers/{server}/action", "admin", new { migrate = (object?)null })).Status);
    }

    [Fact]
    public async Task A_volume_that_grows_tells_its_server()
    {
        await using var world = await ComputeWorld.Start();
        var (server, volume) = await WithVolume(world);
        var grown = await world.Volumes("POST", $"/volumes/{volume}/action", body: new Dictionary<string, object> { ["os-extend"] = new { new_size = 2 } });
        Assert.Equal(202, grown.Status);
        await world.UntilVolume(volume, "in-use");
        var actions = (await world.Send("GET", $"/servers/{server}/os-instance-actions", "admin")).Json["instanceActions"]!.AsArray();
        Assert.Equal("extend_volume", (string)actions[0]!["action"]!);
        var shown = (await world.Send("GET", $"/servers/{server}/os-instance-actions/{(string)actions[0]!["request_id"]!}", "admin")).Json["instanceAction"]!;
        Assert.Equal(("compute_extend_volume", "Success"), ((string)shown["events"]![0]!["event"]!, (string)shown["events"]![0]!["result"]!));
    }

    [Fact]
    public async Task A_server_boots_from_the_volume_that_comes_beside_an_image_and_finds_its_disks_by_their_tags()
    {
        await using var world = await ComputeWorld.Start();
        var (root, data) = (await ServerVolumesTests.Volume(world, ComputeWorld.Image), await ServerVolumesTests.Volume(world));
        object Disk(string volume, int index, string? tag) => new { boot_index = index, uuid = volume, source_type = "volume", destination_type = "volume", tag };
        var made = await world.Send("POST", "/servers", version: "2.42", body: new
        {
            server = new
            {
                name = "both", imageRef = ComputeWorld.Image, flavorRef = await world.Flavor(), networks = "none",
                block_device_mapping_v2 = new[] { Disk(root, 0, "boot"), Disk(data, 1, null) },
            },
        });
        Assert.True(made.Status == 202, made.Text);
        var server = (string)made.Json["server"]!["id"]!;
        await world.Until(server, "ACTIVE");
        Assert.Equal((null, 2), (Domain(world, server).Root, Domain(world, server).Volumes.Count));
        var document = JsonNode.Parse(Domain(world, server).Guest.MetaDataJson)!["devices"]!.AsArray();
        Assert.Equal(("disk", root, "/dev/vda", "boot"), ((string)document.Single()!["type"]!, (string)document[0]!["serial"]!, (string)document[0]!["path"]!,
            (string)document[0]!["tags"]![0]!));
    }

    [Fact]
    public async Task Images_whose_disks_can_t_be_read_boot_nothing()
    {
        await using var world = await ComputeWorld.Start();
        foreach (var mapping in new[] { "{", "7", "[7]", """[{"source_type":"snapshot","boot_index":0}]""", """[{"source_type":"x","boot_index":0}]""" })
        {
            var image = await ImageOf(world, new { block_device_mapping = mapping, bdm_v2 = "true" });
            var refused = await world.Send("POST", "/servers", body: new { server = new { name = "s", imageRef = image, flavorRef = await world.Flavor() } });
            Assert.True(refused.Status == 400, mapping + refused.Text);
        }
    }

    [Fact]
    public async Task Old_clients_find_volumes_and_snapshots_with_compute_until_2_35()
    {
        await using var world = await ComputeWorld.Start();
        var made = await world.Send("POST", "/os-volumes", body: new { volume = new { size = "1", display_name = "old", metadata = new { a = "b" } } });
        Assert.True(made.Status == 200, made.Text);
        var id = (string)made.Json["volume"]!["id"]!;
        await world.UntilVolume(id, "available");
        var shown = (await world.Send("GET", "/os-volumes/" + id)).Json["volume"]!;
        Assert.Equal(("old", "available", "[{}]"), ((string)shown["displayName"]!, (string)shown["status"]!, shown["attachments"]!.ToJsonString()));
        Assert.Equal(404, (await world.Send("GET", "/os-volumes/" + id, "member-b")).Status);
        Assert.Empty((await world.Send("GET", "/os-volumes", "member-b")).Json["volumes"]!.AsArray());
        Assert.Equal(404, (await world.Send("GET", "/os-volumes", version: "2.36")).Status);
        foreach (var size in new object?[] { null, 0, "#", -1 })
        {
            Assert.Equal(400, (await world.Send("POST", "/os-volumes", body: new { volume = new { size } })).Status);
        }

        Assert.Single((await world.Send("GET", "/os-volumes/detail?limit=1&offset=0")).Json["volumes"]!.AsArray());
        Assert.Empty((await world.Send("GET", "/os-volumes?limit=1&offset=1")).Json["volumes"]!.AsArray());
        Assert.Equal(400, (await world.Send("GET", "/os-volumes?limit=x")).Status);
        var snapshot = await world.Send("POST", "/os-snapshots", body: new { snapshot = new { volume_id = id, display_name = "point" } });
        Assert.True(snapshot.Status == 200, snapshot.Text);
        var point = (string)snapshot.Json["snapshot"]!["id"]!;
        Assert.Equal(("point", id), ((string)snapshot.Json["snapshot"]!["displayName"]!, (string)snapshot.Json["snapshot"]!["volumeId"]!));
        Assert.Single((await world.Send("GET", "/os-snapshots")).Json["snapshots"]!.AsArray());
        Assert.Equal(400, (await world.Send("DELETE", "/os-volumes/" + id)).Status);
        await ComputeWorld.Eventually(() => world.Send("GET", "/os-snapshots/" + point).GetAwaiter().GetResult().Text.Contains("available", StringComparison.Ordinal));
        Assert.Equal(202, (await world.Send("DELETE", "/os-snapshots/" + point)).Status);
        await ComputeWorld.Eventually(() => world.Send("GET", "/os-snapshots/" + point).GetAwaiter().GetResult().Status == 404);
        Assert.Equal(202, (await world.Send("DELETE", "/os-volumes/" + id)).Status);
        await world.UntilVolume(id, null);
    }

    private static Task<TestReply> Act(ComputeWorld world, string server, object action, string version = "2.60") =>
        world.Send("POST", $"/servers/{server}/action", body: action, version: version);

    private static DomainSpec Domain(ComputeWorld world, string server) => world.Nodes[0].Items[(ItemKinds.Domain, server)].Domain!;

    private static VolumeSpec Spec(ComputeWorld world, string volume) => world.Nodes[0].Items[(ItemKinds.Volume, volume)].Volume!;

    /// <summary>A server that runs on a volume of the image.</summary>
    private static async Task<(string Server, string Volume)> OnVolume(ComputeWorld world)
    {
        var volume = await ServerVolumesTests.Volume(world, ComputeWorld.Image);
        var server = await ServerVolumesTests.Boot(world, 202, new { boot_index = 0, uuid = volume, source_type = "volume", destination_type = "volume" });
        await world.Until(server, "ACTIVE");
        await world.UntilVolume(volume, "in-use");
        return (server, volume);
    }

    /// <summary>A server of the image that runs with a volume.</summary>
    private static async Task<(string Server, string Volume)> WithVolume(ComputeWorld world)
    {
        var server = await world.Create();
        await world.Until(server, "ACTIVE");
        var volume = await ServerVolumesTests.Volume(world);
        await ServerVolumesTests.Attach(world, server, volume, "2.79");
        await world.UntilVolume(volume, "in-use");
        return (server, volume);
    }

    /// <summary>Another image, of a server of its own.</summary>
    private static async Task<string> ImageOf(ComputeWorld world, object? metadata = null)
    {
        var server = await world.Create();
        await world.Until(server, "ACTIVE");
        var made = await Act(world, server, new { createImage = new { name = "other", metadata = metadata ?? new { } } });
        Assert.True(made.Status == 202, made.Text);
        await world.Until(server, "ACTIVE");
        return (string)made.Json["image_id"]!;
    }
}
