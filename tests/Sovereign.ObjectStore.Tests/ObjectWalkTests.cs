using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Due;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.ObjectStore.Tests;

/// <summary>The life of objects, versions, a copy and a multipart upload, killed at every commit and every effect on files.</summary>
public sealed partial class ObjectWalkTests(ITestOutputHelper output)
{
    private const int TriesMax = 200;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20);
    private static readonly byte[] first = Encoding.UTF8.GetBytes("the first content");
    private static readonly byte[] second = Encoding.UTF8.GetBytes("the second content, which is longer");

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_an_object_s_life_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        var findings = new List<string>();
        var straight = await Walk(engine, 0, findings);
        for (var point = 1; point <= straight.Count; point++) await Walk(engine, point, findings);
        output.WriteLine($"objects on {engine}: {straight.Count} points crossed.");
        foreach (var finding in findings) output.WriteLine(finding);
        Assert.Empty(findings);
        Assert.True(straight.Count > 60, $"Only {straight.Count} points: the walk does not walk.");
    }

    private static async Task<IReadOnlyList<string>> Walk(string engine, int point, List<string> findings)
    {
        using var home = new TestHome(engine);
        var points = new MortalPoints(point);
        await using var life = new Life(home, points);
        var at = point == 0 ? "without a crash: " : "crash at " + point.ToString(CultureInfo.InvariantCulture) + ": ";
        try
        {
            await life.Boot();
            points.Count(true);
            await Scenario(life);
            points.Count(false);
            findings.AddRange((await life.Leftovers()).Select(finding => at + finding));
        }
        catch (InvalidOperationException error)
        {
            findings.Add(at + error.Message);
        }

        return points.Crossed;
    }

    private static async Task Scenario(Life life)
    {
        await life.Until("the bucket", async () => (await life.Ask("HEAD", "/bucket")).Status == 200, () => life.Act("PUT", "/bucket"));
        await life.Until("an object", () => life.Has("/bucket/k", first), () => life.Act("PUT", "/bucket/k", first));
        await life.Until("another content", () => life.Has("/bucket/k", second), () => life.Act("PUT", "/bucket/k", second));
        await life.Until("a copy", () => life.Has("/bucket/copy", second), () => life.Act("PUT", "/bucket/copy", [], ("x-amz-copy-source", "/bucket/k")));
        await life.Until("the original goes", async () => (await life.Ask("GET", "/bucket/k")).Status == 404, () => life.Act("DELETE", "/bucket/k"));
        if (!await life.Has("/bucket/copy", second)) throw new InvalidOperationException("The copy's content went with the original.");
        await life.Until("versions are on", async () => (await life.Ask("GET", "/bucket?versioning")).Text.Contains("Enabled", StringComparison.Ordinal),
            () => life.Act("PUT", "/bucket?versioning", Encoding.UTF8.GetBytes("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")));
        await life.Until("a second version", () => life.Has("/bucket/copy", first), () => life.Act("PUT", "/bucket/copy", first));
        await life.Until("a marker", async () => (await life.Ask("GET", "/bucket/copy")).Status == 404, () => life.Act("DELETE", "/bucket/copy"));
        await Upload(life);
        await life.Until("a sealed object", () => life.Has("/bucket/sealed", first), () =>
            life.Act("PUT", "/bucket/sealed", first, ("x-amz-server-side-encryption", "AES256")));
        await life.Until("a wrong sum is refused", async () => await life.Act("PUT", "/bucket/wrong", first, ("content-md5",
            Convert.ToBase64String(new byte[16]))) is { Status: 400 });
        await life.Until("the bucket is empty", () => Emptied(life));
        await life.Until("the bucket goes", async () => (await life.Ask("HEAD", "/bucket")).Status == 404, () => life.Act("DELETE", "/bucket"));
    }

    /// <summary>Parts become an object; another upload is aborted.</summary>
    private static async Task Upload(Life life)
    {
        await life.Until("an object of parts", () => life.Has("/bucket/parts", second), async () =>
        {
            if (await life.Act("POST", "/bucket/parts?uploads") is not { Status: 200 } begun) return null;
            var id = UploadId().Match(begun.Text).Groups[1].Value;
            if (await life.Act("PUT", $"/bucket/parts?partNumber=2&uploadId={id}", second) is not { Status: 200 }) return null;
            if (await life.Act("PUT", $"/bucket/parts?partNumber=1&uploadId={id}", first) is not { Status: 200 }) return null;
            var list = $"<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>{S3Client.Md5(second)}</ETag></Part></CompleteMultipartUpload>";
            return await life.Act("POST", $"/bucket/parts?uploadId={id}", Encoding.UTF8.GetBytes(list));
        });
        await life.Until("an upload to abort", async () => (await life.Ask("GET", "/bucket?uploads")).Text.Contains("aborted", StringComparison.Ordinal), () =>
            life.Act("POST", "/bucket/aborted?uploads"));
        await life.Until("no upload", async () =>
        {
            var list = (await life.Ask("GET", "/bucket?uploads")).Text;
            foreach (Match match in Listed().Matches(list))
            {
                await life.Act("PUT", $"/bucket/{match.Groups[1].Value}?partNumber=1&uploadId={match.Groups[2].Value}", first);
                await life.Act("DELETE", $"/bucket/{match.Groups[1].Value}?uploadId={match.Groups[2].Value}");
            }

            return !list.Contains("<Upload>", StringComparison.Ordinal);
        });
    }

    private static async Task<bool> Emptied(Life life)
    {
        var list = (await life.Ask("GET", "/bucket?versions")).Text;
        foreach (Match match in Versions().Matches(list)) await life.Act("DELETE", $"/bucket/{match.Groups[2].Value}?versionId={match.Groups[1].Value}");
        return !list.Contains("<VersionId>", StringComparison.Ordinal);
    }

    [GeneratedRegex("<UploadId>([0-9a-f]+)</UploadId>")]
    private static partial Regex UploadId();

    [GeneratedRegex("<Upload><Key>([a-z]+)</Key><UploadId>([0-9a-f]+)</UploadId>")]
    private static partial Regex Listed();

    [GeneratedRegex("<VersionId>([0-9a-z]+)</VersionId><IsLatest>[a-z]+</IsLatest><Key>([a-z]+)</Key>")]
    private static partial Regex Versions();

    /// <summary>A cloud that is started again whenever it died, and a client that asks again.</summary>
    private sealed class Life(TestHome home, MortalPoints points) : IAsyncDisposable
    {
        private TestCloud? cloud;
        private ObjectStoreModule? module;

        public async Task Boot()
        {
            if (cloud is not null) await cloud.DisposeAsync();
            points.Revive();
            cloud = await TestCloud.Live(home, points, kernel => [module = new ObjectStoreModule(kernel)]);
        }

        /// <summary>A question is asked again until it is answered.</summary>
        public async Task<TestReply> Ask(string method, string path)
        {
            while (true)
            {
                if (await Act(method, path) is { } reply) return reply;
            }
        }

        /// <summary>Null: the process died, so the outcome is unknown; it is started again.</summary>
        public async Task<TestReply?> Act(string method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
        {
            TestReply? reply = null;
            try
            {
                reply = await cloud!.S3(method, path, body, headers: headers);
            }
            catch (HttpRequestException) when (points.Dead)
            {
                // The connection broke with the process.
            }

            if (points.Dead)
            {
                await Boot();
                return null;
            }

            return reply is { Status: < 500 } ? reply : throw new InvalidOperationException($"{method} {path} gave {reply?.Status}: {reply?.Text}");
        }

        public async Task<bool> Has(string path, byte[] content) => await Ask("GET", path) is { Status: 200 } reply && reply.Bytes.SequenceEqual(content);

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

        /// <summary>What rest leaves: files, rows, and books that don't add up.</summary>
        public async Task<IReadOnlyList<string>> Leftovers()
        {
            if (points.Dead) await Boot();
            foreach (var periodic in module!.Periodics) await periodic.Run(CancellationToken.None);
            return
            [
                .. Directory.EnumerateFiles(Path.Combine(home.Directory, "objects"), "*", SearchOption.AllDirectories).Select(file => $"the file {file} was left behind"),
                .. new[] { "buckets", "bucket_settings", "objects", "uploads", "parts", "object_garbage" }
                    .Where(table => Rows(table) > 0).Select(table => $"{Rows(table)} rows of {table} were left behind"),
                .. module.Verify(), .. cloud!.Kernel.Journal.Verify(), .. cloud.Kernel.Quotas.Verify(),
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
