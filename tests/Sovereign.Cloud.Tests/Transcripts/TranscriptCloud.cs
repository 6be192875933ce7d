using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Cloud.Tests.Clouds;
using Sovereign.Kernel.Sources;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Serve;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;

namespace Sovereign.Cloud.Tests.Transcripts;

/// <summary>A cloud like the recorded one: its external range, one machine, and work that stands still until a transcript waits for it.</summary>
internal sealed class TranscriptCloud : IAsyncDisposable
{
    private const string Range = "172.30.0.0/24";
    private static readonly NodeFacts facts = new("peer", "127.0.0.1", 64, 262_144, 5_000, "tcg", "QEMU", 7_002_022, Range)
    {
        Backends = [new BackendFacts("nfs", "qcow2", false, "", 5_000, 5_000)],
    };
    private readonly CancellationTokenSource stop = new();
    private readonly SimulatedMachine machine = new();
    private readonly TestCloud cloud;
    private Task agent = Task.CompletedTask;
    private TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TranscriptCloud(TestCloud cloud) => this.cloud = cloud;

    /// <summary>By "admin" and "member": their tokens, as of their last login.</summary>
    public Dictionary<string, string> Tokens { get; } = [];

    public static Dictionary<string, string> Passwords { get; } = new() { ["admin"] = "admin-password", ["member"] = "demo-password" };

    public static async Task<TranscriptCloud> Start()
    {
        Composition? house = null;
        var made = new TranscriptCloud(await TestCloud.Start(
            kernel => (house = Composition.Of(
                kernel, (Passwords["admin"], Passwords["member"]), new NetworkOptions(Range, DnsNames: false))).Modules, _ => house!.Callers));
        made.Open();
        made.machine.Hook = _ => made.gate.Task;
        made.agent = await OneNode.Start(house!, facts, made.machine, made.stop.Token);
        return made;
    }

    /// <summary>The control plane and the machine work.</summary>
    public void Open()
    {
        Working = true;
        cloud.Work();
        gate.TrySetResult();
    }

    /// <summary>Whether the control plane does what is due.</summary>
    public bool Working { get; private set; }

    /// <summary>The control plane begins nothing more, and the machine stops before its next step, so that states on the way can be seen.</summary>
    public async Task Close(CancellationToken patience)
    {
        await Settled(patience);
        Working = false;
        await cloud.Pause();
        if (gate.Task.IsCompleted) gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The control plane works until it has nothing to do but to wait for the machine, or the patience ends.</summary>
    public async Task Settled(CancellationToken patience)
    {
        Working = true;
        cloud.Work();
        while (!patience.IsCancellationRequested)
        {
            var soon = Micros.Now(cloud.Kernel.Clock) + 1_000_000;
            var due = cloud.Kernel.Database.Read(session => session.Scalar<long>("SELECT COUNT(*) FROM due WHERE at < @soon", new { soon }));
            if (due == 0 && cloud.Kernel.Due.AtRest) return;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }
    }

    public Task<TestReply> Send(string method, string path, byte[]? body, IEnumerable<(string Name, string Value)> headers)
    {
        HttpContent? content = body is null ? null : new ByteArrayContent(body);
        var others = new List<(string, string)>();
        foreach (var (name, value) in headers)
        {
            if (name != "Content-Type") others.Add((name, value));
            else if (content is not null) content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
        }

        return cloud.Send(method, path, null, content, [.. others]);
    }

    /// <summary>The body as it is sent: recorded placeholders replaced.</summary>
    public static byte[]? Bytes(JsonNode? body, string persona)
    {
        if (body is null) return null;
        if (body is JsonValue) return SmallImages.Qcow2;
        return Encoding.UTF8.GetBytes(body.ToJsonString().Replace("\\u003Cpassword\\u003E", Passwords[persona], StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        Open();
        await stop.CancelAsync();
        await agent;
        await cloud.DisposeAsync();
        stop.Dispose();
    }
}
