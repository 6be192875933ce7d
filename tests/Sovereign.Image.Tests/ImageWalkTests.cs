using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sovereign.Image.Imports;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Image.Tests;

/// <summary>The life of two images with one content and of one that is refused, killed at every commit and every effect on files.</summary>
public sealed class ImageWalkTests(ITestOutputHelper output)
{
    private const int TriesMax = 400;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20);
    private static readonly byte[] bytes = TestImages.Qcow2();

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public Task A_crash_at_every_point_of_an_image_s_life_loses_nothing_and_leaves_nothing_behind(string engine) => Everywhere(engine, Scenario, 30);

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_an_import_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        await using var web = await WebPlace.Start();
        await Everywhere(engine, life => Imports(life, web), 40);
    }

    private async Task Everywhere(string engine, Func<Life, Task> scenario, int pointsMin)
    {
        var findings = new List<string>();
        var straight = await Walk(engine, 0, findings, scenario);
        for (var point = 1; point <= straight.Count; point++) await Walk(engine, point, findings, scenario);
        foreach (var group in straight.GroupBy(p => p)) output.WriteLine($"{group.Count(),4}  {group.Key}");
        output.WriteLine($"image on {engine}: {straight.Count} points crossed.");
        foreach (var finding in findings) output.WriteLine(finding);
        Assert.Empty(findings);
        Assert.True(straight.Count > pointsMin, $"Only {straight.Count} points: the walk does not walk.");
    }

    private static async Task<IReadOnlyList<string>> Walk(string engine, int point, List<string> findings, Func<Life, Task> scenario)
    {
        using var home = new TestHome(engine);
        var points = new MortalPoints(point);
        await using var life = new Life(home, points);
        try
        {
            await life.Boot();
            points.Count(true);
            await scenario(life);
            points.Count(false);
            findings.AddRange((await life.Leftovers()).Select(finding => At(points, point) + finding));
        }
        catch (InvalidOperationException error)
        {
            findings.Add(At(points, point) + error.Message);
        }

        return points.Crossed;
    }

    private static string At(MortalPoints points, int point) => point == 0 ? "without a crash: " : $"crash at {point} ({points.Crossed.ElementAtOrDefault(point - 1)}): ";

    private static async Task Scenario(Life life)
    {
        var first = await Active(life, "first");
        var second = await Active(life, "second");
        await life.Until("the first image goes", async () => (await life.Send("GET", Path(first)))?.Status == 404, () => life.Send("DELETE", Path(first)));
        var kept = await life.Send("GET", Path(second) + "/file");
        if (!kept!.Bytes.SequenceEqual(bytes)) throw new InvalidOperationException("The second image's bytes were lost.");
        await life.Until("the second image goes", async () => (await life.Send("GET", Path(second)))?.Status == 404, () => life.Send("DELETE", Path(second)));
        var refused = await Named(life, "refused");
        await life.Until("wrong bytes are refused", async () => await life.Upload(refused, [1, 2, 3], "file") is { Status: 400 });
        await life.Until("the refused image goes", async () => (await life.Send("GET", Path(refused)))?.Status == 404, () => life.Send("DELETE", Path(refused)));
    }

    /// <summary>An image by way of the staging directory, one from the web, and one that is deleted with its stage.</summary>
    private static async Task Imports(Life life, WebPlace web)
    {
        web.Files["/image"] = bytes;
        var staged = await Named(life, "staged");
        await life.Until("staged bytes", async () => await Status(life, staged) is "uploading" or "importing" or "active", () => life.Upload(staged, bytes, "stage"));
        await Imported(life, staged, new { method = new { name = "glance-direct" } }, () => life.Upload(staged, bytes, "stage"));
        var fetched = await Named(life, "fetched");
        await Imported(life, fetched, new { method = new { name = "web-download", uri = web.Url("image") } }, null);
        var left = await Named(life, "left");
        await life.Until("bytes to leave", async () => await Status(life, left) == "uploading", () => life.Upload(left, bytes, "stage"));
        foreach (var id in (string[])[staged, fetched, left])
        {
            await life.Until($"{id} goes", async () => (await life.Send("GET", Path(id)))?.Status == 404, () => life.Send("DELETE", Path(id)));
        }
    }

    private static async Task Imported(Life life, string id, object wish, Func<Task<TestReply?>>? before)
    {
        await life.Until($"{id} is imported", async () => await Status(life, id) == "active", async () =>
        {
            var status = await Status(life, id);
            if (status == "queued" && before is not null) await before();
            return status is "queued" or "uploading" ? await life.Send("POST", Path(id) + "/import", wish) : null;
        });
        var reply = await life.Send("GET", Path(id) + "/file");
        if (!reply!.Bytes.SequenceEqual(bytes)) throw new InvalidOperationException("Imported bytes were lost.");
    }

    private static async Task<string?> Status(Life life, string id) => await life.Send("GET", Path(id)) is { Status: 200 } shown ? (string?)shown.Json["status"] : null;

    private static async Task<string> Active(Life life, string name)
    {
        var id = await Named(life, name);
        await life.Until($"{name} becomes active", async () => await Status(life, id) == "active", () => life.Upload(id, bytes, "file"));
        await life.Until($"{name} is whole", async () => await life.Send("GET", Path(id) + "/file") is { Status: 200 } file && file.Bytes.SequenceEqual(bytes));
        return id;
    }

    private static async Task<string> Named(Life life, string name)
    {
        JsonNode? found = null;
        await life.Until(
            $"the image {name}",
            async () =>
            {
                var list = await life.Send("GET", "/image/v2/images?name=" + name);
                found = list!.Json["images"]!.AsArray().FirstOrDefault();
                return found is not null;
            },
            () => life.Send("POST", "/image/v2/images", new { name, disk_format = "qcow2", container_format = "bare" }));
        return (string)found!["id"]!;
    }

    private static string Path(string id) => "/image/v2/images/" + id;

    /// <summary>A cloud that is started again whenever it died, and a client that asks again.</summary>
    private sealed class Life(TestHome home, MortalPoints points) : IAsyncDisposable
    {
        private TestCloud? cloud;
        private ImageModule? module;

        public async Task Boot()
        {
            if (cloud is not null) await cloud.DisposeAsync();
            points.Revive();
            cloud = await TestCloud.Live(home, points, kernel => [module = new ImageModule(kernel, new ImportOptions([IPNetwork.Parse("127.0.0.0/8")], null, null))]);
        }

        /// <summary>Null: the process died, so the outcome is unknown; it is started again. Questions are asked again until they are answered.</summary>
        public async Task<TestReply?> Send(string method, string path, object? body = null)
        {
            TestReply? reply = null;
            try
            {
                reply = await cloud!.Send(method, path, body: body);
            }
            catch (HttpRequestException) when (points.Dead)
            {
                // The connection broke with the process.
            }

            if (points.Dead)
            {
                await Boot();
                return method == "GET" ? await Send(method, path) : null;
            }

            return reply is { Status: < 500 } ? reply : throw new InvalidOperationException($"{method} {path} gave {reply?.Status}: {reply?.Text}");
        }

        public async Task<TestReply?> Upload(string id, byte[] content, string way)
        {
            using var body = new ByteArrayContent(content);
            body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            return await Send("PUT", Path(id) + "/" + way, body);
        }

        public async Task Until(string what, Func<Task<bool>> holds, Func<Task<TestReply?>>? act = null)
        {
            for (var tries = 0; tries < TriesMax; tries++)
            {
                if (await holds()) return;
                if (act is not null) await act();
                if (tries > 2) await Task.Delay(pause);
            }

            throw new InvalidOperationException($"{what}: this did not come true.");
        }

        /// <summary>What rest leaves: files, rows, work, and books that don't add up.</summary>
        public async Task<IReadOnlyList<string>> Leftovers()
        {
            if (points.Dead) await Boot();
            await Until("rest", () => Task.FromResult(Rows("due") == 0));
            return
            [
                .. Directory.EnumerateFiles(System.IO.Path.Combine(home.Directory, "images"), "*", SearchOption.AllDirectories)
                    .Select(file => $"the file {file} was left behind"),
                .. new[] { "images", "image_contents", "image_garbage", "image_stages", "image_tasks WHERE status IN ('pending', 'processing')" }
                    .Where(table => Rows(table) > 0).Select(table => $"{Rows(table)} rows of {table} were left behind"),
                .. module!.Verify(), .. cloud!.Kernel.Journal.Verify(), .. cloud.Kernel.Quotas.Verify(),
            ];
        }

        public async ValueTask DisposeAsync()
        {
            if (cloud is not null) await cloud.DisposeAsync();
        }

        private long Rows(string table) => cloud!.Kernel.Database.Read(session =>
            session.Scalar<long>(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM {table}")));
    }
}
