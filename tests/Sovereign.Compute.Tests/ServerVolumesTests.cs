using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Volumes of servers.</summary>
public class ServerVolumesTests
{
    public static TheoryData<string> Engines => ServerLifeTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_volume_is_attached_shown_and_given_back(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var server = await world.Create();
        await world.Until(server, "ACTIVE");
        var volume = await Volume(world);
        var made = await Attach(world, server, volume, "2.89", tag: "data");
        Assert.Equal((server, volume, "/dev/vdb", "data"), ((string)made["serverId"]!, (string)made["volumeId"]!, (string)made["device"]!, (string)made["tag"]!));
        Assert.False((bool)made["delete_on_termination"]!);
        Assert.Equal(volume, (string)made["id"]!);
        var known = (await world.Send("GET", $"/servers/{server}/os-volume_attachments/{volume}", version: "2.89")).Json["volumeAttachment"]!;
        Assert.Null(known["id"]);
        var shown = await world.UntilVolume(volume, "in-use");
        Assert.Equal(server, (string)shown.Json["volume"]!["attachments"]![0]!["server_id"]!);
        var disk = Assert.Single(world.Nodes[0].Items[(ItemKinds.Domain, server)].Domain!.Volumes);
        Assert.Equal((volume, "/dev/vdb", (string)known["attachment_id"]!), (disk.VolumeId, disk.Device, disk.Id));
        var attached = (await world.Send("GET", "/servers/" + server, version: "2.3")).Json["server"]!["os-extended-volumes:volumes_attached"]!;
        Assert.Equal($$"""[{"id":"{{volume}}","delete_on_termination":false}]""", attached.ToJsonString());
        var old = (await world.Send("GET", $"/servers/{server}/os-volume_attachments")).Json["volumeAttachments"]!.AsArray();
        Assert.Equal(["id", "serverId", "volumeId", "device"], Assert.Single(old)!.AsObject().Select(member => member.Key));
        Assert.Equal(200, (await world.Send("GET", $"/servers/{server}/os-volume_attachments/{volume}")).Status);
        Assert.Equal(400, (await world.Send("POST", $"/servers/{server}/os-volume_attachments", body: Body(volume))).Status);
        Assert.Equal(202, (await world.Send("DELETE", $"/servers/{server}/os-volume_attachments/{volume}")).Status);
        await world.UntilVolume(volume, "available");
        Assert.Empty(world.Nodes[0].Items[(ItemKinds.Domain, server)].Domain!.Volumes);
        Assert.Equal(404, (await world.Send("GET", $"/servers/{server}/os-volume_attachments/{volume}")).Status);
        Assert.Equal(404, (await world.Send("DELETE", $"/servers/{server}/os-volume_attachments/{volume}")).Status);
        var actions = (await world.Send("GET", $"/servers/{server}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal(["detach_volume", "attach_volume", "create"], actions.Select(action => (string)action!["action"]!));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task Volumes_go_with_their_server_or_are_free_again()
    {
        await using var world = await ComputeWorld.Start();
        var server = await world.Create();
        await world.Until(server, "ACTIVE");
        var (kept, gone) = (await Volume(world), await Volume(world));
        await Attach(world, server, kept, "2.79");
        await Attach(world, server, gone, "2.79");
        await world.UntilVolume(gone, "in-use");
        await world.UntilVolume(kept, "in-use");
        var update = new { volumeAttachment = new { volumeId = gone, delete_on_termination = true } };
        Assert.Equal(202, (await world.Send("PUT", $"/servers/{server}/os-volume_attachments/{gone}", body: update, version: "2.85")).Status);
        Assert.Equal(400, (await world.Send("PUT", $"/servers/{server}/os-volume_attachments/{gone}", body: update, version: "2.84")).Status);
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + server)).Status);
        await world.Until(server, null);
        await world.UntilVolume(gone, null);
        await world.UntilVolume(kept, "available");
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task What_can_t_be_attached_is_refused_and_changes_nothing()
    {
        await using var world = await ComputeWorld.Start();
        var server = await world.Create();
        await world.Until(server, "ACTIVE");
        var volume = await Volume(world);
        var path = $"/servers/{server}/os-volume_attachments";
        Assert.Equal(404, (await world.Send("POST", path, body: Body(Guid.NewGuid().ToString()))).Status);
        Assert.Equal(404, (await world.Send("POST", path, "member-b", Body(volume))).Status);
        Assert.Equal(400, (await world.Send("POST", path, body: Body("nothing"))).Status);
        Assert.Equal(400, (await world.Send("POST", path, body: new { volumeAttachment = new { volumeId = volume, device = "vdb" } })).Status);
        Assert.Equal(409, (await world.Send("POST", path, body: new { volumeAttachment = new { volumeId = volume, device = "/dev/vda" } })).Status);
        Assert.Equal(400, (await world.Send("POST", path, body: new { volumeAttachment = new { volumeId = volume, tag = "x" } }, version: "2.48")).Status);
        Assert.Equal(403, (await world.Send("POST", path, "reader-a", Body(volume))).Status);
        await world.UntilVolume(volume, "available");
        Assert.Equal("[]", (await world.Send("GET", path)).Json["volumeAttachments"]!.ToJsonString());
    }

    [Theory]
    [InlineData("image")]
    [InlineData("volume")]
    public async Task A_server_boots_from_a_volume(string source)
    {
        await using var world = await ComputeWorld.Start();
        var existing = source == "volume" ? await Volume(world, ComputeWorld.Image) : ComputeWorld.Image;
        var server = await Boot(world, 202, new
        {
            boot_index = "0", uuid = existing, source_type = source, destination_type = "volume", volume_size = "2", delete_on_termination = source == "image",
        });
        await world.Until(server, "ACTIVE");
        var shown = (await world.Send("GET", "/servers/" + server, version: "2.3")).Json["server"]!;
        Assert.Equal("", (string)shown["image"]!);
        var volume = (string)shown["os-extended-volumes:volumes_attached"]![0]!["id"]!;
        if (source == "volume") Assert.Equal(existing, volume);
        var kept = (await world.UntilVolume(volume, "in-use")).Json["volume"]!;
        Assert.Equal(("2", "true", "/dev/vda"), (kept["size"]!.ToString(), (string)kept["bootable"]!, (string)kept["attachments"]![0]!["device"]!));
        var domain = world.Nodes[0].Items[(ItemKinds.Domain, server)].Domain!;
        Assert.Null(domain.Root);
        Assert.Equal((volume, 0), (Assert.Single(domain.Volumes).VolumeId, domain.Volumes[0].BootIndex));
        Assert.Equal("scsi", domain.Hardware.DiskBus);
        Assert.Equal(403, (await world.Send("DELETE", $"/servers/{server}/os-volume_attachments/{volume}")).Status);
        Assert.Equal(400, (await world.Send("POST", $"/servers/{server}/action", "admin", "{\"migrate\": null}")).Status);
        var bigger = await world.Send("POST", $"/servers/{server}/action", body: "{\"resize\": {\"flavorRef\": \"" + await world.Flavor("SCS-1V-4") + "\"}}");
        Assert.Equal(202, bigger.Status);
        await world.Until(server, "VERIFY_RESIZE");
        Assert.Equal(202, (await world.Send("POST", $"/servers/{server}/action", body: "{\"revertResize\": null}")).Status);
        await world.Until(server, "ACTIVE");
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + server)).Status);
        await world.Until(server, null);
        await world.UntilVolume(volume, source == "image" ? null : "available");
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task What_another_project_has_is_no_disk_of_a_server()
    {
        await using var world = await ComputeWorld.Start();
        var volume = await Volume(world);
        var made = await world.Volumes("POST", "/snapshots", body: new { snapshot = new { volume_id = volume, name = "s" } });
        var snapshot = (string)made.Json["snapshot"]!["id"]!;
        object root = new { boot_index = 0, uuid = ComputeWorld.Image, source_type = "image", destination_type = "volume", volume_size = 2 };
        foreach (var (source, id) in new[] { ("snapshot", snapshot), ("volume", volume), ("image", ComputeWorld.PrivateImage) })
        {
            object data = new { boot_index = -1, uuid = id, source_type = source, destination_type = "volume", volume_size = 2 };
            var body = new { server = new { name = "b", flavorRef = await world.Flavor(), block_device_mapping_v2 = new[] { root, data } } };
            var refused = await world.Send("POST", "/servers", source == "image" ? "member-a" : "member-b", body);
            Assert.True(refused.Status == 400, source + refused.Text);
        }

        Assert.Single((await world.Volumes("GET", "/volumes")).Json["volumes"]!.AsArray());
        Assert.Empty((await world.Volumes("GET", "/volumes", "member-b")).Json["volumes"]!.AsArray());
    }

    [Fact]
    public async Task Wrong_block_devices_are_refused()
    {
        await using var world = await ComputeWorld.Start();
        var blank = await Volume(world);
        await Boot(world, 400, new { boot_index = 0, uuid = blank, source_type = "volume", destination_type = "volume" });
        await Boot(world, 400, new { boot_index = 0, uuid = Guid.NewGuid(), source_type = "volume", destination_type = "volume" });
        await Boot(world, 400, new { boot_index = 0, uuid = ComputeWorld.Image, source_type = "image", destination_type = "volume" });
        await Boot(world, 400, new { boot_index = 0, uuid = ComputeWorld.Image, source_type = "image", destination_type = "volume", volume_size = -1 });
        await Boot(world, 400, new { boot_index = 0, uuid = "x", source_type = "image", destination_type = "volume", volume_size = 1 });
        await Boot(world, 400, new { boot_index = 0, uuid = ComputeWorld.Image, source_type = "nothing", destination_type = "volume", volume_size = 1 });
        await Boot(world, 400, new { boot_index = 0, uuid = blank, source_type = "volume", destination_type = "local" });
        await Boot(world, 400, new { uuid = blank, source_type = "volume", destination_type = "volume" });
        await world.UntilVolume(blank, "available");
    }

    internal static async Task<string> Boot(ComputeWorld world, int status, object device)
    {
        var body = new { server = new { name = "b", flavorRef = await world.Flavor(), block_device_mapping_v2 = new[] { device } } };
        var made = await world.Send("POST", "/servers", body: body);
        Assert.True(made.Status == status, made.Text);
        return status == 202 ? (string)made.Json["server"]!["id"]! : "";
    }

    private static object Body(string volume) => new { volumeAttachment = new { volumeId = volume } };

    internal static async Task<string> Volume(ComputeWorld world, string? image = null)
    {
        var made = await world.Volumes("POST", "/volumes", body: new { volume = new { size = image is null ? 1 : 2, name = "data", imageRef = image } });
        Assert.True(made.Status == 202, made.Text);
        var id = (string)made.Json["volume"]!["id"]!;
        await world.UntilVolume(id, "available");
        return id;
    }

    internal static async Task<JsonNode> Attach(ComputeWorld world, string server, string volume, string version, string? tag = null)
    {
        var body = new { volumeAttachment = new { volumeId = volume, tag } };
        var made = await world.Send("POST", $"/servers/{server}/os-volume_attachments", body: body, version: version);
        Assert.True(made.Status == 200, made.Text);
        return made.Json["volumeAttachment"]!;
    }
}
