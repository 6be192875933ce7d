using Sovereign.Node.Contract;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

public sealed class ManagingTests(ITestOutputHelper output)
{
    private const string Host = "node-000@files#files";
    private const string Walked = "walked";

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_volume_that_is_unmanaged_stays_on_its_node_and_becomes_another_volume_with_its_content(string engine)
    {
        await using var world = await VolumeWorld.Start(engine: engine);
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "kept";
        Assert.Equal(403, (await world.Send("POST", $"/volumes/{volume}/action", body: "{\"os-unmanage\": {}}")).Status);
        await world.Act(volume, "{\"os-unmanage\": {}}", token: "admin");
        await world.Until("volumes", volume, null);
        Assert.Contains((ItemKinds.Volume, volume), world.Node.Items.Keys);
        world.Verified();
        var listed = (await world.Send("GET", $"/manageable_volumes/detail?host={Uri.EscapeDataString(Host)}", "admin", version: "3.8")).Json["manageable-volumes"]!;
        Assert.Equal(("volume-" + volume, true), ((string)listed[0]!["reference"]!["source-name"]!, (bool)listed[0]!["safe_to_manage"]!));
        var managed = await Manage(world, volume, ", \"name\": \"again\", \"bootable\": true, \"metadata\": {\"a\": \"b\"}");
        Assert.True(managed.Status == 202, managed.Text);
        var again = (string)managed.Json["volume"]!["id"]!;
        var shown = (await world.Until("volumes", again, "available", "admin")).Json["volume"]!;
        Assert.Equal(("again", "true", 1), ((string)shown["name"]!, (string)shown["bootable"]!, (int)shown["size"]!));
        Assert.Equal("kept", world.Node.Bytes[again]);
        for (var tries = 0; tries < 200 && world.Node.Items.ContainsKey((ItemKinds.Volume, volume)); tries++) await Task.Delay(25);
        Assert.DoesNotContain((ItemKinds.Volume, volume), world.Node.Items.Keys);
        Assert.Equal(400, (await Manage(world, volume)).Status);
        Assert.Equal(400, (await Manage(world, again)).Status);
        world.Verified();
    }

    [Fact]
    public async Task A_volume_that_can_t_be_managed_leaves_what_it_was_to_be_made_of()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        await world.Act(volume, "{\"os-unmanage\": {}}", token: "admin");
        world.Node.Twist = item => item.Volume?.Source is not null ? new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error, "No.") : null;
        var failed = (string)(await Manage(world, volume)).Json["volume"]!["id"]!;
        await world.Until("volumes", failed, "error_managing", "admin");
        world.Node.Twist = null;
        Assert.Equal(202, (await world.Send("DELETE", "/volumes/" + failed, "admin")).Status);
        await world.Until("volumes", failed, null, "admin");
        var managed = (string)(await Manage(world, volume)).Json["volume"]!["id"]!;
        await world.Until("volumes", managed, "available", "admin");
        world.Verified();
    }

    [Fact]
    public async Task A_snapshot_is_unmanaged_and_managed_under_another_id_and_volumes_are_made_of_it()
    {
        await using var world = await VolumeWorld.Start();
        var volume = await world.Volume();
        world.Node.Bytes[volume] = "then";
        var snapshot = await world.Snapshot(volume);
        await world.Act(volume, "{\"os-unmanage\": {}}", 400, "admin");
        Assert.Equal(202, (await world.Send("POST", $"/snapshots/{snapshot}/action", "admin", "{\"os-unmanage\": {}}")).Status);
        await world.Until("snapshots", snapshot, null);
        Assert.Contains((ItemKinds.VolumeSnapshot, snapshot), world.Node.Items.Keys);
        await world.Act(volume, "{\"os-unmanage\": {}}", 400, "admin");
        var listed = (await world.Send("GET", "/os-snapshot-manage/detail?host=node-000@files", "admin")).Json["manageable-snapshots"]!;
        Assert.Equal("_snapshot-" + snapshot, (string)listed[0]!["reference"]!["source-name"]!);
        var body = $"{{\"snapshot\": {{\"volume_id\": \"{volume}\", \"ref\": {{\"source-name\": \"_snapshot-{snapshot}\"}}, \"name\": \"s\"}}}}";
        var managed = await world.Send("POST", "/os-snapshot-manage", "admin", body);
        Assert.True(managed.Status == 202, managed.Text);
        var again = (string)managed.Json["snapshot"]!["id"]!;
        Assert.NotEqual(snapshot, again);
        await world.Until("snapshots", again, "available");
        Assert.Equal(400, (await world.Send("POST", "/os-snapshot-manage", "admin", body)).Status);
        var copy = await world.Volume($"\"snapshot_id\": \"{again}\"");
        Assert.Equal("then", world.Node.Bytes[copy]);
        Assert.Equal(202, (await world.Send("DELETE", "/snapshots/" + again)).Status);
        await world.Until("snapshots", again, null);
        Assert.DoesNotContain((ItemKinds.VolumeSnapshot, snapshot), world.Node.Items.Keys);
        world.Verified();
    }

    [Fact]
    public async Task What_names_nothing_is_refused()
    {
        await using var world = await VolumeWorld.Start();
        foreach (var (body, status) in new List<(string, int)>
        {
            ("{\"volume\": {}}", 400), ("{\"volume\": {\"host\": \"moon\", \"ref\": {\"source-id\": \"x\"}}}", 404),
            ("{\"volume\": {\"host\": \"node-000@files\"}}", 400), ("{\"volume\": {\"host\": \"node-000@files\", \"ref\": {\"source-name\": \"x\"}}}", 400),
            ("{\"volume\": {\"host\": \"node-000@files\", \"ref\": {\"source-name\": \"volume-x\"}}}", 400),
            ("{\"volume\": {\"host\": \"node-000@files\", \"ref\": 5}}", 400),
        })
        {
            Assert.Equal(status, (await world.Send("POST", "/os-volume-manage", "admin", body)).Status);
        }

        Assert.Equal(400, (await world.Send("GET", "/os-volume-manage", "admin")).Status);
        Assert.Equal(404, (await world.Send("GET", "/manageable_volumes?host=node-000@files", "admin")).Status);
        Assert.Equal(403, (await world.Send("GET", "/os-volume-manage?host=node-000@files")).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_while_a_volume_is_unmanaged_and_managed_loses_nothing(string engine) => await WalkLife.Run(engine, 6, Scenario, output);

    private static async Task Scenario(WalkLife life)
    {
        var volume = await life.Made("volumes", Walked, $"{{\"volume\": {{\"size\": 1, \"name\": \"{Walked}\"}}}}");
        await life.Until(
            "it is unmanaged", async () => (await life.Send("GET", "/volumes/" + volume))?.Status == 404,
            () => life.Send("POST", $"/volumes/{volume}/action", "{\"os-unmanage\": {}}", "admin"));
        string? again = null;
        await life.Until(
            "it is managed",
            async () =>
            {
                again = (string?)(await life.Send("GET", "/volumes?name=again", token: "admin"))!.Json["volumes"]!.AsArray().FirstOrDefault()?["id"];
                return again is not null && (string)(await life.Send("GET", "/volumes/" + again, token: "admin"))!.Json["volume"]!["status"]! == "available";
            },
            () => again is null ? life.Send("POST", "/os-volume-manage", Body(volume, ", \"name\": \"again\""), "admin") : life.Send("GET", "/volumes"));
        await life.Until(
            "it goes", async () => (await life.Send("GET", "/volumes/" + again, token: "admin"))?.Status == 404,
            () => life.Send("DELETE", "/volumes/" + again, token: "admin"));
    }

    private static Task<TestReply> Manage(VolumeWorld world, string volume, string members = "") =>
        world.Send("POST", "/os-volume-manage", "admin", Body(volume, members));

    private static string Body(string volume, string members) =>
        $"{{\"volume\": {{\"host\": \"{Host}\", \"ref\": {{\"source-name\": \"volume-{volume}\"}}{members}}}}}";
}
