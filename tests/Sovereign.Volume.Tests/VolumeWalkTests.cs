using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>The life of a volume, of its snapshot and of a volume made of that, killed at every commit.</summary>
public sealed class VolumeWalkTests(ITestOutputHelper output)
{
    private const int TriesMax = 600;

    /// <summary>Every so many points: each crash restarts the cloud and its node.</summary>
    private const int Stride = 8;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(10);

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_crash_at_every_point_of_a_volume_s_life_loses_nothing_and_leaves_nothing_behind(string engine)
    {
        var findings = new List<string>();
        var straight = await Walk(engine, 0, findings);
        for (var point = 1; point <= straight.Count; point += Stride) await Walk(engine, point, findings);
        output.WriteLine($"volume on {engine}: {straight.Count} points crossed.");
        foreach (var finding in findings) output.WriteLine(finding);
        Assert.Empty(findings);
        Assert.True(straight.Count > 30, $"Only {straight.Count} points: the walk does not walk.");
    }

    private static async Task<IReadOnlyList<string>> Walk(string engine, int point, List<string> findings)
    {
        using var home = new TestHome(engine);
        var points = new MortalPoints(point);
        await using var life = new Life(home, points);
        var at = point == 0 ? "without a crash: " : $"crash at {point}: ";
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
        var volume = await Made(life, "volumes", "v", "{\"volume\": {\"size\": 1, \"name\": \"v\"}}");
        await life.Until(
            "the volume grows",
            async () => await Shown(life, "volumes", volume) is { } shown && (string)shown["status"]! == "available" && (int)shown["size"]! == 2,
            () => life.Send("POST", $"/volumes/{volume}/action", "{\"os-extend\": {\"new_size\": 2}}"));
        var snapshot = await Made(life, "snapshots", "s", $"{{\"snapshot\": {{\"volume_id\": \"{volume}\", \"name\": \"s\"}}}}");
        var copy = await Made(life, "volumes", "c", $"{{\"volume\": {{\"snapshot_id\": \"{snapshot}\", \"name\": \"c\"}}}}");
        foreach (var (collection, id) in new[] { ("volumes", copy), ("snapshots", snapshot), ("volumes", volume) })
        {
            await life.Until(
                $"{collection} {id} goes", async () => (await life.Send("GET", $"/{collection}/{id}"))?.Status == 404, () => life.Send("DELETE", $"/{collection}/{id}"));
        }
    }

    private static async Task<string> Made(Life life, string collection, string name, string body)
    {
        string? id = null;
        await life.Until(
            $"the name {name}",
            async () =>
            {
                id = (string?)(await life.Send("GET", $"/{collection}?name={name}"))!.Json[collection]!.AsArray().FirstOrDefault()?["id"];
                return id is not null;
            },
            () => life.Send("POST", "/" + collection, body));
        await life.Until($"{name} is there", async () => (string?)(await Shown(life, collection, id!))?["status"] == "available");
        return id!;
    }

    private static async Task<JsonNode?> Shown(Life life, string collection, string id) =>
        await life.Send("GET", $"/{collection}/{id}") is { Status: 200 } reply ? reply.Json[collection[..^1]] : null;

    /// <summary>A cloud that is started again whenever it died, its node with it, and a client that asks again.</summary>
    private sealed class Life(TestHome home, MortalPoints points) : IAsyncDisposable
    {
        private TestCloud? cloud;
        private VolumeModule? module;
        private FakeNode? node;
        private CancellationTokenSource? stop;
        private Task agent = Task.CompletedTask;

        public async Task Boot()
        {
            await End();
            points.Revive();
            NodeHub? hub = null;
            cloud = await TestCloud.Live(home, points, kernel =>
            {
                var nodes = new NodeModule(kernel);
                hub = nodes.Hub;
                module = new VolumeModule(kernel, hub, new FakeImages(kernel), new VolumeOptions());
                return [nodes, module];
            });
            stop = new CancellationTokenSource();
            var before = node;
            node = new FakeNode(hub!, "node-000", 100);
            foreach (var (key, item) in before?.Items ?? []) node.Items[key] = item;
            agent = Agent(node, stop.Token);
        }

        /// <summary>Null: the process died, so the outcome is unknown; it is started again. Questions are asked again until they are answered.</summary>
        public async Task<TestReply?> Send(string method, string path, string? body = null)
        {
            TestReply? reply = null;
            try
            {
                if (!points.Dead) reply = await cloud!.Send(method, "/volume/v3" + path, body: body);
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

        public async Task Until(string what, Func<Task<bool>> holds, Func<Task<TestReply?>>? act = null)
        {
            for (var tries = 0; tries < TriesMax; tries++)
            {
                if (points.Dead) await Boot();
                if (await holds()) return;
                if (act is not null) await act();
                await Task.Delay(pause);
            }

            throw new InvalidOperationException($"{what}: this did not come true.");
        }

        /// <summary>What rest leaves: rows, items, work, and books that don't add up.</summary>
        public async Task<IReadOnlyList<string>> Leftovers()
        {
            await Until("rest", () => Task.FromResult(Rows("due") == 0 && Rows("manifest_items") == 0));
            return
            [
                .. node!.Items.Keys.Select(key => $"the node kept {key}"),
                .. new[] { "volumes", "volume_snapshots", "volume_attachments" }.Where(table => Rows(table) > 0)
                    .Select(table => $"{Rows(table)} rows of {table} were left behind"),
                .. cloud!.Kernel.Journal.Verify(), .. cloud.Kernel.Quotas.Verify(),
            ];
        }

        public async ValueTask DisposeAsync() => await End();

        /// <summary>A node says hello again whenever the control plane is back.</summary>
        private static async Task Agent(FakeNode node, CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await node.Hello(stop);
                    await node.Run(stop);
                }
                catch (Exception) when (!stop.IsCancellationRequested)
                {
                    await Task.Delay(pause, CancellationToken.None);
                }
                catch (Exception)
                {
                    return;
                }
            }
        }

        private async Task End()
        {
            if (cloud is null) return;
            await stop!.CancelAsync();
            await agent.WaitAsync(TimeSpan.FromSeconds(10));
            await cloud.DisposeAsync();
            stop.Dispose();
            cloud = null;
        }

        private long Rows(string table) => cloud!.Kernel.Database.Read(session =>
            session.Scalar<long>(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM {table}")));
    }
}
