using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>The life of a volume, of its snapshot and of a volume made of that, killed at every commit.</summary>
public sealed class VolumeWalkTests(ITestOutputHelper output)
{
    /// <summary>Every so many points: each crash restarts the cloud and its node.</summary>
    private const int Stride = 8;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_a_volume_s_life_loses_nothing_and_leaves_nothing_behind(string engine) =>
        await WalkLife.Run(engine, Stride, Scenario, output);

    private static async Task Scenario(WalkLife life)
    {
        var volume = await life.Made("volumes", "v", "{\"volume\": {\"size\": 1, \"name\": \"v\"}}");
        await life.Until(
            "the volume grows",
            async () => await life.Shown("volumes", volume) is { } shown && (string)shown["status"]! == "available" && (int)shown["size"]! == 2,
            () => life.Send("POST", $"/volumes/{volume}/action", "{\"os-extend\": {\"new_size\": 2}}"));
        var snapshot = await life.Made("snapshots", "s", $"{{\"snapshot\": {{\"volume_id\": \"{volume}\", \"name\": \"s\"}}}}");
        var copy = await life.Made("volumes", "c", $"{{\"volume\": {{\"snapshot_id\": \"{snapshot}\", \"name\": \"c\"}}}}");
        foreach (var (collection, id) in new[] { ("volumes", copy), ("snapshots", snapshot), ("volumes", volume) })
        {
            await life.Until(
                $"{collection} {id} goes", async () => (await life.Send("GET", $"/{collection}/{id}"))?.Status == 404, () => life.Send("DELETE", $"/{collection}/{id}"));
        }
    }
}
