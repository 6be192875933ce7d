using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Servers that go from one node to another. Fencing and evacuation of a real node: tests/e2e/nodes.sh.</summary>
public sealed class ServerMovingTests
{
    private const string Version = "2.90";

    [Fact]
    public async Task A_server_is_moved_and_what_it_had_goes_when_that_is_confirmed()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        await Act(world, id, "{\"migrate\": null}", 403, "member-a");
        await Act(world, id, "{\"migrate\": null}", 202);
        await world.Until(id, "VERIFY_RESIZE");
        Assert.Equal(to.Name, await Host(world, id));
        var left = from.Items[(ItemKinds.Domain, id)].Domain!;
        Assert.Equal(PowerTarget.Shutoff, left.Power);
        var here = to.Items[(ItemKinds.Domain, id)].Domain!;
        Assert.Equal((PowerTarget.Running, left.Root!.Generation), (here.Power, here.Root!.Generation));
        Assert.Null(here.Root.CopyOf);
        Assert.NotNull(here.Carried);
        var migration = (await world.Send("GET", "/os-migrations?migration_type=migration", "admin", version: Version)).Json["migrations"]!.AsArray().Single()!;
        Assert.Equal((from.Name, to.Name, "finished"), ((string)migration["source_compute"]!, (string)migration["dest_compute"]!, (string)migration["status"]!));
        await Act(world, id, "{\"confirmResize\": null}", 204);
        await Eventually(() => !from.Items.Keys.Any(key => key.Kind is ItemKinds.Domain or ItemKinds.Carry));
        await world.Until(id, "ACTIVE");
        Assert.Equal(1, world.Placement.Claims);
    }

    [Fact]
    public async Task A_move_that_is_reverted_brings_the_server_home()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        await Act(world, id, "{\"migrate\": {\"host\": \"" + to.Name + "\"}}", 202);
        await world.Until(id, "VERIFY_RESIZE");
        await Act(world, id, "{\"revertResize\": null}", 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal(from.Name, await Host(world, id));
        Assert.DoesNotContain(to.Items.Keys, key => key.Kind == ItemKinds.Domain);
        Assert.Equal(PowerTarget.Running, from.Items[(ItemKinds.Domain, id)].Domain!.Power);
        await Eventually(() => !from.Items.Keys.Any(key => key.Kind == ItemKinds.Carry));
        Assert.Equal(1, world.Placement.Claims);
    }

    [Fact]
    public async Task A_server_comes_off_the_shelf_on_the_host_that_the_administrator_names()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        foreach (var host in new[] { from, to, to, from })
        {
            await Act(world, id, "{\"shelve\": null}", 202);
            await world.Until(id, "SHELVED_OFFLOADED");
            await Act(world, id, "{\"unshelve\": {\"host\": \"" + host.Name + "\"}}", 202, version: "2.91");
            await world.Until(id, "ACTIVE");
            Assert.Equal(host.Name, await Host(world, id));
        }
    }

    [Fact]
    public async Task What_a_server_s_disk_stands_on_is_kept_until_it_is_deleted()
    {
        await using var world = await ComputeWorld.Start();
        var (image, slept) = (new string('a', 64), new string('b', 64));
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        Assert.Equal((true, false), (Stands(image), Stands(slept)));
        await Act(world, id, "{\"shelve\": null}", 202);
        await world.Until(id, "SHELVED_OFFLOADED");
        await Act(world, id, "{\"unshelve\": null}", 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal((false, true), (Stands(image), Stands(slept)));
        Assert.Equal(204, (await world.Send("DELETE", "/servers/" + id)).Status);
        await world.Until(id, null);
        Assert.False(Stands(slept));
        Assert.Equal(slept, Assert.Single(world.Images.WasLeft));

        bool Stands(string digest) => world.Cloud.Kernel.Database.Read(session => world.Images.StandsOn(session, digest));
    }

    [Fact]
    public async Task A_server_that_is_off_is_moved_and_stays_off()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"os-stop\": null}", 202);
        await world.Until(id, "SHUTOFF");
        var (_, to) = Sides(world, id);
        await Act(world, id, "{\"migrate\": null}", 202);
        await world.Until(id, "VERIFY_RESIZE");
        Assert.Equal(PowerTarget.Shutoff, to.Items[(ItemKinds.Domain, id)].Domain!.Power);
        await Act(world, id, "{\"confirmResize\": null}", 204);
        await world.Until(id, "SHUTOFF");
    }

    [Fact]
    public async Task A_server_that_is_deleted_on_its_way_leaves_nothing_on_either_node()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"migrate\": null}", 202);
        await world.Until(id, "VERIFY_RESIZE");
        Assert.Equal(204, (await world.Send("DELETE", $"/servers/{id}")).Status);
        await Eventually(() => world.Nodes.All(node => !node.Items.Keys.Any(key => key.Kind is ItemKinds.Domain or ItemKinds.Carry)));
        await Eventually(() => world.Placement.Claims == 0);
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task Where_nothing_can_go_the_answers_say_so()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        await Act(world, id, "{\"migrate\": {\"host\": \"nobody\"}}", 400);
        await Act(world, id, "{\"migrate\": {\"host\": \"" + from.Name + "\"}}", 400);
        await Act(world, id, "{\"evacuate\": {}}", 400);
        var services = (await world.Send("GET", "/os-services", "admin", version: Version)).Json["services"]!.AsArray();
        var service = (string)services.Single(one => (string)one!["host"]! == to.Name)!["id"]!;
        Assert.Equal(200, (await world.Send("PUT", $"/os-services/{service}", "admin", new { status = "disabled" }, Version)).Status);
        await Act(world, id, "{\"migrate\": null}", 400);
        await world.Until(id, "ACTIVE");
        Assert.Equal(1, world.Placement.Claims);
    }

    private static (FakeAgent From, FakeAgent To) Sides(ComputeWorld world, string id)
    {
        var from = world.Nodes.Single(node => node.Items.ContainsKey((ItemKinds.Domain, id)));
        return (from, world.Nodes.Single(node => node != from));
    }

    private static async Task<string> Host(ComputeWorld world, string id) =>
        (string)((JsonNode)(await world.Send("GET", $"/servers/{id}", "admin", version: Version)).Json["server"]!)["OS-EXT-SRV-ATTR:host"]!;

    private static async Task Act(ComputeWorld world, string id, string body, int status, string token = "admin", string version = Version)
    {
        var reply = await world.Send("POST", $"/servers/{id}/action", token, body, version);
        Assert.True(reply.Status == status, $"{body} gave {reply.Status}: {reply.Text}");
    }

    private static async Task Eventually(Func<bool> holds)
    {
        for (var tries = 0; tries < 300 && !holds(); tries++)
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.True(holds());
    }
}
