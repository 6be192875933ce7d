using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>The life of a backup, of one that holds the changes since it, of a volume made of both; killed at every commit and effect on the store.</summary>
public sealed class BackupWalkTests(ITestOutputHelper output)
{
    private const int Stride = 8;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_a_backup_s_life_loses_nothing_and_leaves_nothing_behind(string engine) =>
        await WalkLife.Run(engine, Stride, Scenario, output);

    private static async Task Scenario(WalkLife life)
    {
        var volume = await life.Made("volumes", "v", "{\"volume\": {\"size\": 1, \"name\": \"v\"}}");
        var full = await life.Made("backups", "f", $"{{\"backup\": {{\"volume_id\": \"{volume}\", \"name\": \"f\"}}}}");
        var changes = await life.Made("backups", "i", $"{{\"backup\": {{\"volume_id\": \"{volume}\", \"name\": \"i\", \"incremental\": true}}}}");
        if ((bool)(await life.Shown("backups", changes))!["is_incremental"]! == false) throw new InvalidOperationException("The second backup is not incremental.");
        if ((string)(await life.Shown("volumes", volume))!["status"]! != "available") throw new InvalidOperationException("The volume did not come back.");
        string? restored = null;
        await life.Until(
            "a volume is made of both",
            async () =>
            {
                restored = (string?)(await life.Send("GET", "/volumes?name=r"))!.Json["volumes"]!.AsArray().FirstOrDefault()?["id"];
                return restored is not null && (string)(await life.Shown("volumes", restored))!["status"]! == "available";
            },
            () => restored is null ? life.Send("POST", $"/backups/{changes}/restore", "{\"restore\": {\"name\": \"r\"}}") : life.Send("GET", "/volumes"));
        if ((string)(await life.Shown("backups", changes))!["status"]! != "available") throw new InvalidOperationException("The backup is not free again.");
        foreach (var (collection, id) in new[] { ("volumes", restored!), ("backups", changes), ("backups", full), ("volumes", volume) })
        {
            await life.Until(
                $"{collection} {id} goes", async () => (await life.Send("GET", $"/{collection}/{id}"))?.Status == 404, () => life.Send("DELETE", $"/{collection}/{id}"));
        }
    }
}
