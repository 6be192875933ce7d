using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Compute.Tests;

public class ServerCopiesTests
{
    private const string CreateImage = "{\"createImage\": {\"name\": \"copy\", \"metadata\": {\"image_type\": \"test\", \"own\": \"1\"}}}";

    public static TheoryData<string> Engines => ServerLifeTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_image_is_made_of_a_server_that_goes_on(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        world.Nodes[0].HoldsSnapshots = true;
        var old = await world.Send("POST", $"/servers/{id}/action", body: CreateImage, version: "2.44");
        Assert.True(old.Status == 202, old.Text);
        var image = old.Headers["Location"].Split('/')[^1];
        var shown = (await world.Send("GET", "/servers/" + id)).Json["server"]!;
        Assert.Equal(("ACTIVE", "image_snapshot"), ((string)shown["status"]!, (string)shown["OS-EXT-STS:task_state"]!));
        var rebuild = $"{{\"rebuild\": {{\"imageRef\": \"{ComputeWorld.Image}\"}}}}";
        foreach (var action in new[] { CreateImage, "{\"os-stop\": null}", "{\"pause\": null}", "{\"shelve\": null}", rebuild })
        {
            await Act(world, id, action, 409);
        }

        await world.Nodes[0].SendSnapshots(TestContext.Current.CancellationToken);
        await world.Until(id, "ACTIVE");
        var made = world.Images.Made.Single();
        Assert.Equal((image, "copy", "active"), (made.Id, made.Image.Name, made.Status));
        Assert.Equal((id, "test", "1", ComputeWorld.Image), (
            made.Image.Properties["instance_uuid"], made.Image.Properties["image_type"], made.Image.Properties["own"], made.Image.Properties["base_image_ref"]));
        Assert.Equal("cirros", made.Image.Properties["os_distro"]);
        Assert.Equal(("scsi", "virtio", "pc", "usbtablet"), (
            made.Image.Properties["hw_disk_bus"], made.Image.Properties["hw_video_model"], made.Image.Properties["hw_machine_type"],
            made.Image.Properties["hw_pointer_model"]));
        Assert.Equal(("available", "member,reader"), (made.Image.Properties["image_state"], made.Image.Properties["boot_roles"]));
        await ComputeWorld.Eventually(() => !world.Nodes[0].Items.Keys.Any(key => key.Kind == ItemKinds.Snapshot));
        var newer = await world.Send("POST", $"/servers/{id}/action", body: CreateImage, version: "2.45");
        Assert.False(newer.Headers.ContainsKey("Location"));
        Assert.Equal(36, ((string)newer.Json["image_id"]!).Length);
        await world.Until(id, "ACTIVE");
        var actions = (await world.Send("GET", $"/servers/{id}/os-instance-actions")).Json["instanceActions"]!.AsArray();
        Assert.Equal(["createImage", "createImage", "create"], actions.Select(a => (string)a!["action"]!));
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task A_copy_whose_image_is_deleted_or_whose_node_fails_ends_and_leaves_nothing()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        world.Nodes[0].Twist = item => item.Snapshot is null ? null
            : new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The disk could not be read.");
        var reply = await world.Send("POST", $"/servers/{id}/action", body: CreateImage, version: "2.45");
        Assert.Equal(202, reply.Status);
        await world.Until(id, "ACTIVE");
        Assert.Empty(world.Images.Made);
        var action = (await world.Send("GET", $"/servers/{id}/os-instance-actions")).Json["instanceActions"]![0]!;
        Assert.Equal("Error", (string)action["message"]!);
        world.Nodes[0].Twist = null;
        world.Nodes[0].HoldsSnapshots = true;
        await Act(world, id, CreateImage);
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.Empty(world.Images.Made);
        await Act(world, id, CreateImage, 404);
    }

    [Fact]
    public async Task Backups_rotate_and_wrong_orders_are_refused()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        foreach (var number in new[] { 1, 2, 3 })
        {
            var body = $"{{\"createBackup\": {{\"name\": \"b{number}\", \"backup_type\": \"daily\", \"rotation\": \"2\"}}}}";
            Assert.Equal(202, (await world.Send("POST", $"/servers/{id}/action", body: body, version: "2.45")).Status);
            await world.Until(id, "ACTIVE");
        }

        Assert.Equal(["b2", "b3"], world.Images.Made.Select(image => image.Image.Name));
        Assert.All(world.Images.Made, image => Assert.Equal(("backup", "daily"), (image.Image.Properties["image_type"], image.Image.Properties["backup_type"])));
        await Act(world, id, "{\"createBackup\": {\"name\": \"b\", \"backup_type\": \"daily\", \"rotation\": -1}}", 400);
        await Act(world, id, "{\"createBackup\": {\"name\": \"b\", \"backup_type\": \"daily\"}}", 400);
        await Act(world, id, "{\"createImage\": {\"name\": \"\"}}", 400);
        await Act(world, id, "{\"createImage\": {\"name\": \" x\"}}", 400);
        await Act(world, id, "{\"createImage\": {\"name\": \"x\", \"metadata\": {\"\": \"\"}}}", 400);
        await Act(world, id, $"{{\"createImage\": {{\"name\": \"x\", \"metadata\": {{\"{new string('a', 256)}\": \"b\"}}}}}}", 400);
        await Act(world, id, CreateImage, 404, "member-b");
        await Act(world, id, CreateImage, 403, "reader-a");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_server_goes_on_the_shelf_and_comes_back(string engine)
    {
        await using var world = await ComputeWorld.Start(engine: engine);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"unshelve\": null}", 409);
        await Act(world, id, "{\"pause\": null}");
        await world.Until(id, "PAUSED");
        await Act(world, id, "{\"shelve\": null}");
        await world.Until(id, "SHELVED_OFFLOADED");
        Assert.Equal("vm-shelved", world.Images.Made.Single().Image.Name);
        Assert.Equal(0, world.Placement.Claims);
        Assert.DoesNotContain(world.Nodes[0].Items.Keys, key => key.Id == id);
        foreach (var action in new[] { "shelve", "os-start", "os-stop", "pause", "suspend", "rescue" }) await Act(world, id, $"{{\"{action}\": null}}", 409);
        await Act(world, id, "{\"shelveOffload\": null}", 403);
        await Act(world, id, "{\"shelveOffload\": null}", 409, "admin");
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        await Act(world, id, "{\"unshelve\": {\"availability_zone\": \"moon\"}}", 400, version: "2.77");
        await Act(world, id, "{\"unshelve\": null}");
        await world.Until(id, "ACTIVE");
        var domain = world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!;
        Assert.Equal((new string('b', 64), 1), (domain.Root!.ImageDigest, domain.Root!.Generation));
        await ComputeWorld.Eventually(() => !world.Images.Made.Any());
        await Act(world, id, "{\"shelve\": null}");
        await world.Until(id, "SHELVED_OFFLOADED");
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.Empty(world.Images.Made);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task A_server_is_mended_from_another_disk()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"unrescue\": null}", 409);
        await Act(world, id, "{\"rescue\": {\"rescue_image_ref\": \"x\"}}", 400);
        await Act(world, id, $"{{\"rescue\": {{\"rescue_image_ref\": \"{ComputeWorld.Network}\"}}}}", 400);
        var made = await world.Send("POST", $"/servers/{id}/action", body: "{\"rescue\": {\"adminPass\": \"secret\"}}");
        Assert.Equal((200, "secret"), (made.Status, (string)made.Json["adminPass"]!));
        await world.Until(id, "RESCUE");
        var domain = world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!;
        Assert.Equal((new string('a', 64), "scsi", false, 1), (domain.Rescue!.Disk.ImageDigest, domain.Rescue.Bus, domain.Rescue.Last, domain.RebootCount));
        foreach (var action in new[] { "{\"rescue\": null}", "{\"reboot\": {\"type\": \"HARD\"}}", "{\"pause\": null}", CreateImage }) await Act(world, id, action, 409);
        await Act(world, id, "{\"unrescue\": null}");
        await world.Until(id, "ACTIVE");
        Assert.Null(world.Nodes[0].Items[(ItemKinds.Domain, id)].Domain!.Rescue);
        await Act(world, id, "{\"pause\": null}");
        await world.Until(id, "PAUSED");
        await Act(world, id, "{\"rescue\": null}", 409);
    }

    [Fact]
    public async Task What_needs_another_node_is_refused_as_the_reference_says()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        const string live = "{\"os-migrateLive\": {\"host\": \"none\", \"block_migration\": false, \"disk_over_commit\": false}}";
        foreach (var action in new[] { "{\"migrate\": null}", live, "{\"evacuate\": {\"onSharedStorage\": false}}", "{\"resetNetwork\": null}" })
        {
            await Act(world, id, action, 403);
        }

        await Act(world, id, "{\"migrate\": null}", 400, "admin");
        await Act(world, id, live, 400, "admin");
        await Act(world, id, "{\"evacuate\": {\"onSharedStorage\": false}}", 400, "admin");
        await Act(world, id, "{\"resetNetwork\": null}", 410, "admin");
        await Act(world, id, "{\"injectNetworkInfo\": null}", 410, "admin");
        await Act(world, id, "{\"restore\": null}", 409);
        await Act(world, id, "{\"suspend\": null}");
        await world.Until(id, "SUSPENDED");
        await Act(world, id, "{\"migrate\": null}", 409, "admin");
        foreach (var nothing in new[] { "null", "{}" }) await Act(world, Guid.Empty.ToString(), "{\"migrate\": " + nothing + "}", 404, "admin");
        await Act(world, id, "{\"resume\": null}");
        await world.Until(id, "ACTIVE");
        await Act(world, id, $"{{\"resize\": {{\"flavorRef\": \"{await world.Flavor("SCS-2V-4")}\"}}}}");
        await world.Until(id, "VERIFY_RESIZE");
        await Act(world, id, "{\"confirmResize\": null}", 204);
        Assert.Equal(403, (await world.Send("GET", "/os-migrations")).Status);
        var listed = (await world.Send("GET", "/os-migrations", "admin", version: "2.80")).Json["migrations"]!.AsArray().Single()!;
        Assert.Equal((id, "confirmed", "resize"), ((string)listed["instance_uuid"]!, (string)listed["status"]!, (string)listed["migration_type"]!));
        Assert.Equal(400, (await world.Send("GET", "/os-migrations?marker=x", "admin", version: "2.59")).Status);
        Assert.Empty((await world.Send("GET", $"/servers/{id}/migrations", "admin", version: "2.23")).Json["migrations"]!.AsArray());
        Assert.Equal(404, (await world.Send("GET", $"/servers/{id}/migrations/1", "admin", version: "2.23")).Status);
    }

    private static async Task Act(ComputeWorld world, string id, string body, int status = 202, string token = "member-a", string? version = null)
    {
        var reply = await world.Send("POST", $"/servers/{id}/action", token, body, version);
        Assert.True(reply.Status == status, $"{body}: {reply.Status} {reply.Text}");
    }
}
