using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Servers that go to another node while they run. Real ones: tests/e2e/nodes.sh; kills between the steps: the walk of Sovereign.Cloud.Tests.</summary>
public sealed class LiveMigrationTests
{
    private const string Version = "2.90";
    private const string Live = """{"os-migrateLive": {"host": null, "block_migration": "auto"}}""";

    [Fact]
    public async Task A_server_goes_to_another_node_and_only_that_one_has_it_afterwards()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        ManifestItem? departure = null, arrival = null;
        from.Twist = item => (item.Departure is null ? null : departure = item) is null ? null : null;
        to.Twist = item => (item.Domain?.Arrival is { Here: false } ? arrival = item : null) is null ? null : null;
        await Act(world, id, Live, 403, "member-a");
        await Act(world, id, Live, 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal(to.Name, await Host(world, id));
        Assert.Equal(("192.0.2.9", 49152), (departure!.Departure!.Door!.Address, departure.Departure.Door.Port));
        Assert.Equal(64, departure.Departure.Key.Length);
        Assert.Equal(departure.Departure.Key, arrival!.Domain!.Arrival!.Key);
        await ComputeWorld.Eventually(() => !from.Items.Keys.Any(key => key.Kind is ItemKinds.Domain or ItemKinds.Departure));
        Assert.True(to.Items[(ItemKinds.Domain, id)].Domain!.Arrival!.Here);
        Assert.Equal(1, world.Placement.Claims);
        var migration = (await world.Send("GET", "/os-migrations?migration_type=live-migration", "admin", version: Version)).Json["migrations"]!.AsArray().Single()!;
        Assert.Equal((from.Name, to.Name, "completed"), ((string)migration["source_compute"]!, (string)migration["dest_compute"]!, (string)migration["status"]!));
        Assert.Null(migration["links"]);
        var action = (await world.Send("GET", $"/servers/{id}/os-instance-actions", "admin", version: Version)).Json["instanceActions"]!.AsArray()
            .Single(one => (string)one!["action"]! == "live-migration")!;
        var shown = (await world.Send("GET", $"/servers/{id}/os-instance-actions/{(string)action["request_id"]!}", "admin", version: Version)).Json["instanceAction"]!;
        Assert.Equal(("compute_live_migration", "Success"), ((string)shown["events"]![0]!["event"]!, (string)shown["events"]![0]!["result"]!));
        Assert.Empty((await world.Send("GET", $"/servers/{id}/migrations", "admin", version: Version)).Json["migrations"]!.AsArray());
        await Gone(world, $"/servers/{id}/migrations/{(int)migration["id"]!}");
    }

    [Fact]
    public async Task A_paused_server_goes_and_stays_paused()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        await Act(world, id, "{\"pause\": null}", 202);
        await world.Until(id, "PAUSED");
        var (_, to) = Sides(world, id);
        await Act(world, id, """{"os-migrateLive": {"host": "HOST", "block_migration": true}}""".Replace("HOST", to.Name, StringComparison.Ordinal), 202);
        await world.Until(id, "PAUSED");
        Assert.Equal(to.Name, await Host(world, id));
    }

    [Fact]
    public async Task One_that_is_under_way_is_shown_with_its_figures_and_hurried()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        from.HoldsDepartures = true;
        await Act(world, id, Live, 202);
        var shown = await Running(world, id);
        Assert.Equal((6, 2, 4), ((int)shown["memory_total_bytes"]!, (int)shown["memory_processed_bytes"]!, (int)shown["memory_remaining_bytes"]!));
        Assert.Equal((30, 20, 10), ((int)shown["disk_total_bytes"]!, (int)shown["disk_processed_bytes"]!, (int)shown["disk_remaining_bytes"]!));
        Assert.Equal((from.Name, to.Name, id), ((string)shown["source_compute"]!, (string)shown["dest_compute"]!, (string)shown["server_uuid"]!));
        Assert.Equal("MIGRATING", (string)(await world.Send("GET", $"/servers/{id}", "admin", version: Version)).Json["server"]!["status"]!);
        Assert.Equal(2, world.Placement.Claims);
        var row = (await world.Send("GET", "/os-migrations?status=running", "admin", version: Version)).Json["migrations"]!.AsArray().Single()!;
        Assert.Equal(2, row["links"]!.AsArray().Count);
        await Act(world, id, "{\"pause\": null}", 409);
        var path = $"/servers/{id}/migrations/{(int)shown["id"]!}";
        Assert.Equal(400, (await world.Send("POST", path + "/action", "admin", new { force = "yes" }, Version)).Status);
        Assert.Equal(202, (await world.Send("POST", path + "/action", "admin", new Dictionary<string, object?> { ["force_complete"] = null }, Version)).Status);
        await world.Until(id, "ACTIVE");
        Assert.Equal(to.Name, await Host(world, id));
    }

    [Fact]
    public async Task One_that_is_aborted_stays_and_leaves_nothing_at_the_other_node()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        from.HoldsDepartures = true;
        await Act(world, id, Live, 202);
        var path = $"/servers/{id}/migrations/{(int)(await Running(world, id))["id"]!}";
        Assert.Equal(202, (await world.Send("DELETE", path, "admin", version: Version)).Status);
        await world.Until(id, "ACTIVE");
        Assert.Equal(from.Name, await Host(world, id));
        await ComputeWorld.Eventually(() => !to.Items.Keys.Any(key => key.Kind == ItemKinds.Domain) && !from.Items.Keys.Any(key => key.Kind == ItemKinds.Departure));
        Assert.Equal("cancelled", await Status(world));
        Assert.Equal(1, world.Placement.Claims);
        Assert.Equal(409, (await world.Send("DELETE", path, "admin", version: Version)).Status);
        Assert.Equal(404, (await world.Send("DELETE", $"/servers/{id}/migrations/77", "admin", version: Version)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_fails_on_either_side_stays_ACTIVE_where_it_was(bool there)
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        var failing = there ? to : from;
        failing.Twist = item => (there ? item.Domain?.Arrival is not null : item.Departure is { Stay: false })
            ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "The disk is full.") : null;
        await Act(world, id, Live, 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal(from.Name, await Host(world, id));
        Assert.Equal("error", await Status(world));
        await ComputeWorld.Eventually(() => !to.Items.Keys.Any(key => key.Kind == ItemKinds.Domain) && !from.Items.Keys.Any(key => key.Kind == ItemKinds.Departure));
        Assert.Equal(1, world.Placement.Claims);
        Assert.Equal(PowerTarget.Running, from.Items[(ItemKinds.Domain, id)].Domain!.Power);
        failing.Twist = null;
        await Act(world, id, Live, 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal(to.Name, await Host(world, id));
    }

    [Fact]
    public async Task One_whose_server_is_deleted_leaves_nothing_on_either_node()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, _) = Sides(world, id);
        from.HoldsDepartures = true;
        await Act(world, id, Live, 202);
        await Running(world, id);
        Assert.Equal(204, (await world.Send("DELETE", $"/servers/{id}")).Status);
        await ComputeWorld.Eventually(() => world.Nodes.All(node => !node.Items.Keys.Any(key => key.Kind is ItemKinds.Domain or ItemKinds.Departure)));
        await ComputeWorld.Eventually(() => world.Placement.Claims == 0);
        Assert.Equal("error", await Status(world));
        Assert.Empty(world.Cloud.Kernel.Quotas.Verify());
    }

    [Fact]
    public async Task What_can_t_go_is_refused_with_the_reason()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (from, to) = Sides(world, id);
        string To(string host, string more = "\"block_migration\": true") => $$$"""{"os-migrateLive": {"host": "{{{host}}}", {{{more}}}}}""";
        await Act(world, id, To("nobody"), 400);
        await Act(world, id, To(from.Name), 400);
        await Act(world, id, To(to.Name, "\"block_migration\": false"), 400);
        await Act(world, id, To(to.Name, "\"block_migration\": \"maybe\""), 400);
        await Act(world, id, To(to.Name, "\"block_migration\": true, \"disk_over_commit\": false"), 400);
        await Act(world, id, To(to.Name, "\"block_migration\": true, \"force\": true"), 400);
        await Act(world, id, To(to.Name, "\"block_migration\": true"), 400, version: "2.1");
        await Act(world, id, To(to.Name, "\"block_migration\": \"auto\", \"disk_over_commit\": true"), 400, version: "2.1");
        await Act(world, Guid.Empty.ToString(), Live, 404);
        await Act(world, id, "{\"os-stop\": null}", 202);
        await world.Until(id, "SHUTOFF");
        await Act(world, id, Live, 409);
        await Act(world, id, "{\"os-start\": null}", 202);
        await world.Until(id, "ACTIVE");
        var services = (await world.Send("GET", "/os-services", "admin", version: Version)).Json["services"]!.AsArray();
        var service = (string)services.Single(one => (string)one!["host"]! == to.Name)!["id"]!;
        Assert.Equal(200, (await world.Send("PUT", $"/os-services/{service}", "admin", new { status = "disabled" }, Version)).Status);
        await Act(world, id, Live, 400);
        await world.Until(id, "ACTIVE");
        Assert.Equal(1, world.Placement.Claims);
    }

    [Fact]
    public async Task A_node_of_an_older_release_would_start_a_second_copy_and_gets_none()
    {
        await using var world = await ComputeWorld.Start(nodes: 2);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var (_, to) = Sides(world, id);
        to.KnowsMoves = false;
        await to.Hello(TestContext.Current.CancellationToken);
        await Act(world, id, Live, 400);
        to.KnowsMoves = true;
        await to.Hello(TestContext.Current.CancellationToken);
        await Act(world, id, Live, 202);
        await world.Until(id, "ACTIVE");
        Assert.Equal(to.Name, await Host(world, id));
    }

    private static async Task<JsonNode> Running(ComputeWorld world, string id)
    {
        for (var tries = 0; tries < 400; tries++)
        {
            var listed = (await world.Send("GET", $"/servers/{id}/migrations", "admin", version: Version)).Json["migrations"]!.AsArray();
            if (listed.Count == 1 && (string)listed[0]!["status"]! == "running") return listed[0]!;
            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("No migration is running.");
    }

    private static async Task<string> Status(ComputeWorld world) =>
        (string)(await world.Send("GET", "/os-migrations", "admin", version: Version)).Json["migrations"]!.AsArray()[0]!["status"]!;

    private static async Task Gone(ComputeWorld world, string path) => Assert.Equal(404, (await world.Send("GET", path, "admin", version: Version)).Status);

    private static (FakeAgent From, FakeAgent To) Sides(ComputeWorld world, string id)
    {
        var from = world.Nodes.Single(node => node.Items.ContainsKey((ItemKinds.Domain, id)));
        return (from, world.Nodes.Single(node => node != from));
    }

    private static async Task<string> Host(ComputeWorld world, string id) =>
        (string)(await world.Send("GET", $"/servers/{id}", "admin", version: Version)).Json["server"]!["OS-EXT-SRV-ATTR:host"]!;

    private static async Task Act(ComputeWorld world, string id, string body, int status, string token = "admin", string version = Version)
    {
        var reply = await world.Send("POST", $"/servers/{id}/action", token, body, version);
        Assert.True(reply.Status == status, $"{body} gave {reply.Status}: {reply.Text}");
    }
}
