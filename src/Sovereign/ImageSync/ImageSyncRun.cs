using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Launcher;

namespace Sovereign.ImageSync;

/// <summary>Makes a cloud's public images equal to what their publishers have. Each run looks at what is there and goes on from it, so that one that was ended
/// in the middle is made up for by the next.</summary>
internal sealed class ImageSyncRun(CloudImages cloud, ImageFetcher fetcher, Action<string> say)
{
    /// <summary>Property with the publisher's checksum: tells whether an image is the newest, and which ones are ours to replace.</summary>
    public const string Checksum = "image_source_checksum";
    private const string OldPurpose = "oldgeneric";

    /// <returns>How many images could not be brought up to date.</returns>
    public async Task<int> Run(IReadOnlyList<StandardImage> wanted, CancellationToken stop)
    {
        var failed = 0;
        foreach (var image in wanted)
        {
            try
            {
                await One(image, stop);
            }
            catch (LauncherException error)
            {
                failed++;
                say($"{image.Name}: {error.Message}");
            }
        }

        return failed;
    }

    private async Task One(StandardImage image, CancellationToken stop)
    {
        var checksum = await fetcher.Checksum(image, stop);
        await cloud.Enter(stop);
        var own = await Own(image, stop);
        var now = own.FirstOrDefault(there => Is(there, checksum) && (string?)there["status"] == "active");
        if (now is null)
        {
            say($"{image.Name}: a new version, {checksum[..19]}…");
            var fetched = await fetcher.Fetch(image, checksum, stop);
            // Hours may have gone by.
            await cloud.Enter(stop);
            var id = await Store(image, checksum, fetched, own.FirstOrDefault(there => Is(there, checksum)), stop);
            own = await Own(image, stop);
            now = own.FirstOrDefault(there => (string?)there["id"] == id && (string?)there["status"] == "active")
                ?? throw new LauncherException("The image did not become active.");
        }

        var replaced = await Replace(image, now, own, stop);
        say(replaced ? $"{image.Name}: is now {now["id"]}." : $"{image.Name}: is the newest.");
    }

    /// <summary>The project's images of this name that an earlier run made; someone's own image of that name stays as it is.</summary>
    private async Task<IReadOnlyList<JsonObject>> Own(StandardImage image, CancellationToken stop)
    {
        var named = await cloud.Named(image.Name, stop);
        foreach (var foreign in named.Where(there => there[Checksum] is null && (string?)there["visibility"] == "public"))
        {
            say($"{image.Name}: the public image {foreign["id"]} has this name too and was not made by this command: rename or hide it.");
        }

        return named.Where(there => there[Checksum] is not null && (string?)there["owner"] == cloud.ProjectId).ToList();
    }

    private static bool Is(JsonObject there, string checksum) => (string?)there[Checksum] == checksum;

    /// <summary>Creates the image and uploads it, or uploads to what an earlier run created; nobody else sees it yet.</summary>
    private async Task<string> Store(StandardImage image, string checksum, FetchedImage fetched, JsonObject? begun, CancellationToken stop)
    {
        if (begun is not null && (string?)begun["status"] != "queued")
        {
            await cloud.Delete((string)begun["id"]!, stop);
            begun = null;
        }

        string id;
        if (begun is not null)
        {
            id = (string)begun["id"]!;
        }
        else
        {
            id = await cloud.Create(Wanted(image, checksum, fetched), stop);
        }

        say($"{image.Name}: uploading {new FileInfo(fetched.Path).Length >> 20} MiB");
        await cloud.Upload(id, fetched.Path, stop);
        return id;
    }

    private static JsonObject Wanted(StandardImage image, string checksum, FetchedImage fetched)
    {
        var wanted = new JsonObject
        {
            ["name"] = image.Name, ["visibility"] = "private", ["disk_format"] = image.DiskFormat, ["container_format"] = "bare", ["min_disk"] = image.MinDisk,
            ["min_ram"] = image.MinRam, ["tags"] = new JsonArray([.. image.Tags.Append("managed_by_sovereign").Select(tag => (JsonNode?)tag)]),
            ["image_source"] = image.Url, [Checksum] = checksum,
            ["image_build_date"] = fetched.BuildDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in image.Properties) wanted[name] = value;
        return wanted;
    }

    /// <summary>The new image takes the name over; the old ones get their date into theirs, are hidden, and stay reachable by id.</summary>
    private async Task<bool> Replace(StandardImage image, JsonObject now, IReadOnlyList<JsonObject> own, CancellationToken stop)
    {
        var id = (string)now["id"]!;
        var changed = false;
        foreach (var old in own.Where(there => (string)there["id"]! != id))
        {
            changed = true;
            if ((string?)old["status"] is not ("active" or "deactivated"))
            {
                await cloud.Delete((string)old["id"]!, stop);
                continue;
            }

            var date = ((string?)old["image_build_date"] ?? (string)old["created_at"]!)[..10].Replace("-", "", StringComparison.Ordinal);
            var changes = new JsonArray(Change("name", $"{image.Name} {date}"), Change("os_hidden", true));
            if ((string?)old["os_purpose"] == "generic") changes.Add(Change("os_purpose", OldPurpose));
            await cloud.Patch((string)old["id"]!, changes, stop);
            say($"{image.Name}: {old["id"]} is now \"{image.Name} {date}\" and hidden.");
        }

        if ((string?)now["visibility"] == "public") return changed;
        await cloud.Patch(id, new JsonArray(Change("visibility", "public")), stop);
        return true;
    }

    private static JsonObject Change(string member, JsonNode value) => new() { ["op"] = "replace", ["path"] = "/" + member, ["value"] = value };
}
