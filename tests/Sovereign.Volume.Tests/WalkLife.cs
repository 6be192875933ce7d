using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.KeyManager;
using Sovereign.Node.Control;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Volume.Tests;

/// <summary>A cloud that is started again whenever it died, its node with it, and a client that asks again.</summary>
internal sealed class WalkLife(TestHome home, MortalPoints points) : IAsyncDisposable
{
    private const int TriesMax = 600;
    private static readonly string[] tables =
    [
        "volumes", "volume_snapshots", "volume_attachments", "volume_backups", "volumes_unmanaged", "volume_snapshots_unmanaged", "volume_groups",
        "volume_group_snapshots",
    ];

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(10);
    private TestCloud? cloud;
    private VolumeModule? module;
    private FakeNode? node;
    private CancellationTokenSource? stop;
    private Task agent = Task.CompletedTask;

    /// <summary>A scenario once without a crash, then killed at every so many of the points that it crossed.</summary>
    public static async Task Run(string engine, int stride, Func<WalkLife, Task> scenario, ITestOutputHelper output)
    {
        var findings = new List<string>();
        var straight = await Walk(engine, 0, scenario, findings);
        for (var point = 1; point <= straight.Count; point += stride) await Walk(engine, point, scenario, findings);
        output.WriteLine($"On {engine}: {straight.Count} points crossed.");
        foreach (var finding in findings) output.WriteLine(finding);
        Assert.Empty(findings);
        Assert.True(straight.Count > 30, $"Only {straight.Count} points: the walk does not walk.");
    }

    private static async Task<IReadOnlyList<string>> Walk(string engine, int point, Func<WalkLife, Task> scenario, List<string> findings)
    {
        using var home = new TestHome(engine);
        var points = new MortalPoints(point);
        await using var life = new WalkLife(home, points);
        var at = point == 0 ? "without a crash: " : $"crash at {point}: ";
        try
        {
            await life.Boot();
            points.Count(true);
            await scenario(life);
            points.Count(false);
            findings.AddRange((await life.Leftovers()).Select(finding => at + finding));
        }
        catch (InvalidOperationException error)
        {
            findings.Add(at + error.Message);
        }

        return points.Crossed;
    }

    public async Task Boot()
    {
        await End();
        points.Revive();
        NodeHub? hub = null;
        cloud = await TestCloud.Live(home, points, kernel =>
        {
            var nodes = new NodeModule(kernel);
            hub = nodes.Hub;
            var keys = new KeyManagerModule(kernel);
            module = new VolumeModule(kernel, hub, new FakeImages(kernel), keys.Secrets, new VolumeOptions());
            hub.ContentSource = module.OpenContent;
            hub.ContentSink = module.ReceiveContent;
            return [nodes, keys, module];
        });
        stop = new CancellationTokenSource();
        var before = node;
        node = new FakeNode(hub!, "node-000", 100);
        foreach (var (key, item) in before?.Items ?? []) node.Items[key] = item;
        agent = Agent(node, stop.Token);
    }

    /// <summary>Null: the process died, so the outcome is unknown; it is started again. Questions are asked again until they are answered.</summary>
    public async Task<TestReply?> Send(string method, string path, string? body = null, string token = "member-a", string? version = null)
    {
        TestReply? reply = null;
        try
        {
            if (!points.Dead) reply = await cloud!.Send(
                method, "/volume/v3" + path, token, body, version is null ? [] : [("OpenStack-API-Version", "volume " + version)]);
        }
        catch (HttpRequestException) when (points.Dead)
        {
            // The connection broke with the process.
        }

        if (points.Dead)
        {
            await Boot();
            return method == "GET" ? await Send(method, path, token: token, version: version) : null;
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

    /// <summary>Makes one of this name, once, and waits until it is available.</summary>
    public async Task<string> Made(string collection, string name, string body, string? version = null)
    {
        string? id = null;
        await Until(
            $"the name {name}",
            async () =>
            {
                id = (string?)(await Send("GET", $"/{collection}?name={name}", version: version))!.Json[collection]!.AsArray().FirstOrDefault()?["id"];
                return id is not null;
            },
            () => Send("POST", "/" + collection, body, version: version));
        await Until($"{name} is there", async () => (string?)(await Shown(collection, id!, version))?["status"] == "available");
        return id!;
    }

    public async Task<JsonNode?> Shown(string collection, string id, string? version = null) =>
        await Send("GET", $"/{collection}/{id}", version: version) is { Status: 200 } reply ? reply.Json[collection[..^1]] : null;

    /// <summary>What rest leaves: rows, items, work, and books that don't add up.</summary>
    public async Task<IReadOnlyList<string>> Leftovers()
    {
        await Until("rest", () => Task.FromResult(Rows("due") == 0 && Rows("manifest_items") == 0));
        return
        [
            .. node!.Items.Keys.Select(key => $"the node kept {key}"),
            .. tables.Where(table => Rows(table) > 0)
                .Select(table => $"{Rows(table)} rows of {table} were left behind"),
            .. Kept().Select(file => $"{file} was left in the store of backups"),
            .. cloud!.Kernel.Journal.Verify(), .. cloud.Kernel.Quotas.Verify(),
        ];
    }

    private string[] Kept() =>
        Path.Combine(home.Directory, "backups") is var store && Directory.Exists(store) ? Directory.GetFiles(store, "*", SearchOption.AllDirectories) : [];

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
