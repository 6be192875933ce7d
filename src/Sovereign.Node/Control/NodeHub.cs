using System.Collections.Concurrent;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>Where the agents meet the control plane: hands out manifests, takes reports, carries one-shot reads. Waiting is by event, woken by commits.</summary>
public sealed partial class NodeHub : INodes, IControlPlane
{
    private const int AnswerBytesMax = 4 * 1024 * 1024;
    private static readonly TimeSpan manifestWait = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan answerWait = TimeSpan.FromSeconds(10);

    /// <summary>A node between two polls is up; one silent for longer is down.</summary>
    private static readonly TimeSpan silenceMax = TimeSpan.FromSeconds(10);

    /// <summary>A node that was seen this recently is expected back: its agent or the control plane was just restarted.</summary>
    private static readonly TimeSpan returnMax = TimeSpan.FromSeconds(60);

    private readonly KernelServices kernel;
    private readonly ManifestStore store;
    private readonly Carries carries;
    private readonly ConcurrentDictionary<string, NodeState> nodes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<byte[]>> answers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Action<Tx, string, ItemReport>>> reportListeners = new(StringComparer.Ordinal);
    private readonly List<Action<Tx, NodeInfo>> nodeListeners = [];

    public NodeHub(KernelServices kernel)
    {
        (this.kernel, store, Members) = (kernel, new ManifestStore(kernel), new NodeMembers(kernel));
        carries = new Carries(kernel, store);
    }

    /// <summary>Opens the content of an image by digest; the executable joins it to the image service.</summary>
    public Func<string, Outcome<Stream>> ImageSource { get; set; } = digest => new Fault.NotFound("Image", digest);

    /// <summary>Takes a snapshot's bytes by the id of its item; set when the house is put together.</summary>
    public Func<string, Stream, CancellationToken, Task<Outcome<Done>>> SnapshotSink { get; set; } =
        (id, _, _) => Task.FromResult<Outcome<Done>>(new Fault.NotFound("Snapshot", id));

    /// <summary>Takes the password that a guest leaves, by its server's id; set when the house is put together.</summary>
    public Func<string, string, CancellationToken, Task<Outcome<Done>>> PasswordSink { get; set; } =
        (id, _, _) => Task.FromResult<Outcome<Done>>(new Fault.NotFound("Server", id));

    /// <summary>Things on nodes that no manifest ever named, as reported: set aside, for the operator.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Foreign => nodes.ToDictionary(n => n.Value.Info.HostName, n => n.Value.Foreign, StringComparer.Ordinal);

    public bool Settled => nodes.Values.All(state => Current(state).Up || kernel.Clock.Now() - state.SeenAnywhereAt > Micros.Of(returnMax));

    public IReadOnlyList<NodeInfo> List() => [.. nodes.Values.Select(Current).OrderBy(n => n.HostName, StringComparer.Ordinal)];

    public NodeInfo? Find(string id) => nodes.TryGetValue(id, out var state) ? Current(state) : null;

    public void Put(Tx tx, string nodeId, ManifestItem item)
    {
        if (store.Put(tx, nodeId, item)) tx.AfterCommit(() => Wake(nodeId));
    }

    public void Remove(Tx tx, string nodeId, string kind, string id)
    {
        if (store.Remove(tx, nodeId, kind, id)) tx.AfterCommit(() => Wake(nodeId));
    }

    public Observation? Observed(Session session, string nodeId, string kind, string id) => store.Observed(session, nodeId, kind, id);

    public IReadOnlyList<string> NodesOf(Session session, string kind, string id) => store.NodesOf(session, kind, id);

    public void OnReport(string kind, Action<Tx, string, ItemReport> listener)
    {
        if (!reportListeners.TryGetValue(kind, out var listeners)) reportListeners[kind] = listeners = [];
        listeners.Add(listener);
    }

    public void OnNode(Action<Tx, NodeInfo> listener) => nodeListeners.Add(listener);

    /// <summary>Loads the known nodes; they are down until their agents say hello.</summary>
    public void Load()
    {
        Members.Load();
        carries.Sweep();
        foreach (var row in store.Nodes()) nodes[row.Id] = new NodeState(kernel.Clock, Info(row), kernel.Clock.Now() - Micros.Of(silenceMax) - 1);
    }

    public async Task<Outcome<byte[]>> Ask(string nodeId, string kind, string id, int bytesMax, CancellationToken stop)
    {
        if (!nodes.TryGetValue(nodeId, out var state) || !Current(state).Up) return new Fault.Unavailable("The node of this resource is away; try again later.");
        var request = new NodeRequest(kernel.Ids.Hex(), kind, id, Math.Min(bytesMax, AnswerBytesMax));
        var answer = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        answers[request.Ticket] = answer;
        try
        {
            using var timer = kernel.Clock.CreateTimer(_ => answer.TrySetException(new TimeoutException()), null, answerWait, Timeout.InfiniteTimeSpan);
            using var stopping = stop.Register(() => answer.TrySetCanceled(stop));
            state.Requests.Enqueue(request);
            Wake(nodeId);
            return await answer.Task;
        }
        catch (TimeoutException)
        {
            return new Fault.Unavailable("The node of this resource did not answer in time; try again later.");
        }
        finally
        {
            answers.TryRemove(request.Ticket, out _);
        }
    }

    public Task<NodeWelcome> Hello(NodeFacts facts, CancellationToken stop) => Hello(facts, null, stop);

    /// <param name="member">Id of the node by its certificate; null for the control plane's own machine.</param>
    internal async Task<NodeWelcome> Hello(NodeFacts facts, string? member, CancellationToken stop)
    {
        var text = JsonSerializer.Serialize(facts, NodeJson.Default.NodeFacts);
        var registered = await kernel.Queue.Write<NodeInfo>(
            "node.hello",
            Origin.System,
            tx => store.Register(tx, facts.HostName, text, member).Map(row =>
            {
                var info = Info(row) with { Up = true };
                foreach (var listener in nodeListeners) listener(tx, info);
                return info;
            }),
            stop);
        if (registered.Fault is { } refused) throw new Machine.NodeException(refused.Message);
        var node = registered.Value;
        nodes.AddOrUpdate(node.Id, _ => new NodeState(kernel.Clock, node, kernel.Clock.Now()), (_, state) =>
        {
            state.Info = node;
            state.SeenAt = kernel.Clock.Now();
            return state;
        });
        return new NodeWelcome(kernel.CloudId, node.Id);
    }

    public async Task<NodeManifest?> NextManifest(string node, string incarnation, long version, CancellationToken stop)
    {
        if (!nodes.TryGetValue(node, out var state)) return null;
        // It was thought to be off: it must say that it is not before it is told anything.
        if (state.Info.Fenced) throw new Machine.NodeException("This node was fenced while it did not answer: it has to say hello again.");
        var current = kernel.Journal.Head().Incarnation;
        var full = version == 0 || incarnation != current;
        Interlocked.Increment(ref state.Polls);
        try
        {
            var deadline = kernel.Clock.GetUtcNow() + manifestWait;
            while (true)
            {
                var (newest, items) = store.Since(node, full ? 0 : version);
                var requests = state.TakeRequests();
                if (full || newest > version || requests.Count > 0)
                {
                    return new NodeManifest(kernel.CloudId, node, current, newest, full, items, requests);
                }

                var rest = deadline - kernel.Clock.GetUtcNow();
                if (rest <= TimeSpan.Zero) return null;
                await state.Wake.Wait(rest, stop);
            }
        }
        finally
        {
            Interlocked.Decrement(ref state.Polls);
            state.SeenAt = kernel.Clock.Now();
        }
    }

    public async Task Report(NodeReport report, CancellationToken stop)
    {
        if (nodes.TryGetValue(report.Node, out var state))
        {
            if (state.Info.Fenced) throw new Machine.NodeException("This node was fenced while it did not answer: it has to say hello again.");
            state.SeenAt = kernel.Clock.Now();
            state.Foreign = report.Foreign;
        }

        await kernel.Queue.Write<Done>(
            "node.report",
            Origin.System,
            tx =>
            {
                foreach (var item in report.Items) Observe(tx, report.Node, item);
                if (report.Complete) ForgetUnlisted(tx, report);
                return Done.Value;
            },
            stop);
    }

    public Task<Stream> OpenImage(string digest, long offset, CancellationToken stop)
    {
        var content = ImageSource(digest);
        if (content.Fault is { } fault) throw new FileNotFoundException(fault.Message);
        content.Value.Seek(offset, SeekOrigin.Begin);
        return Task.FromResult(content.Value);
    }

    public async Task Answer(string ticket, Stream content, CancellationToken stop)
    {
        var buffer = new byte[81_920];
        using var bytes = new MemoryStream();
        int read;
        while (bytes.Length < AnswerBytesMax && (read = await content.ReadAsync(buffer, stop)) > 0) bytes.Write(buffer, 0, read);
        if (answers.TryGetValue(ticket, out var answer)) answer.TrySetResult(bytes.ToArray());
        else Refuse(ticket);
    }

    public async Task<bool> LeavePassword(string domain, string password, CancellationToken stop) => (await PasswordSink(domain, password, stop)).Ok;

    public async Task Upload(string snapshot, Stream content, CancellationToken stop)
    {
        var kept = await SnapshotSink(snapshot, content, stop);
        if (kept.Fault is Fault.Unavailable away) throw new ControlPlaneAwayException(away.Message);
        if (kept.Fault is { } refused) throw new Machine.NodeException(refused.Message);
    }

    public async Task<string> SendDisk(string carry, string name, Stream content, CancellationToken stop)
    {
        var kept = await carries.Keep(carry, name, content, stop);
        return kept.Fault is { } refused ? throw new Machine.NodeException(refused.Message) : kept.Value;
    }

    public Task<Stream> OpenDisk(string carry, string name, long offset, CancellationToken stop)
    {
        var content = carries.Files.Open(carry, name);
        content.Seek(offset, SeekOrigin.Begin);
        return Task.FromResult(content);
    }

    private void Observe(Tx tx, string node, ItemReport item)
    {
        if (!store.Observe(tx, node, item) || !reportListeners.TryGetValue(item.Kind, out var listeners)) return;
        foreach (var listener in listeners) listener(tx, node, item);
    }

    private void ForgetUnlisted(Tx tx, NodeReport report)
    {
        var listed = report.Items.Select(item => (item.Kind, item.Id)).ToHashSet();
        foreach (var (kind, id, version) in store.Removing(tx, report.Node))
        {
            // What the agent had not heard yet, it may have made since, and tells of itself.
            if (version <= (report.Heard ?? long.MaxValue) && !listed.Contains((kind, id))) Observe(tx, report.Node, new ItemReport(kind, id, version, ItemState.Absent));
        }
    }

    private void Wake(string nodeId)
    {
        if (nodes.TryGetValue(nodeId, out var state)) state.Wake.Raise();
    }

    private NodeInfo Current(NodeState state) => state.Info with
    {
        Up = Volatile.Read(ref state.Polls) > 0 || kernel.Clock.Now() - state.SeenAnywhereAt <= Micros.Of(silenceMax),
        SeenAt = state.SeenAnywhereAt,
    };

    private static NodeInfo Info(ManifestStore.NodeRow row) =>
        new(row.Id, row.HostName, false, row.SeenAt, JsonSerializer.Deserialize(row.Facts, NodeJson.Default.NodeFacts)!) { FencedAt = row.FencedAt };

    private sealed class NodeState(TimeProvider clock, NodeInfo info, long seenAt)
    {
        public int Polls;

        public NodeInfo Info { get; set; } = info;

        public long SeenAt { get; set; } = seenAt;

        /// <summary>When another control plane saw it last, as far as it told.</summary>
        public long SeenElsewhereAt { get; set; }

        public long SeenAnywhereAt => Math.Max(SeenAt, SeenElsewhereAt);

        /// <summary>The version of its manifest that its poll was last woken for by what another control plane wrote.</summary>
        public long KnownVersion { get; set; }

        public IReadOnlyList<string> Foreign { get; set; } = [];

        public ConcurrentQueue<NodeRequest> Requests { get; } = new();

        public Signal Wake { get; } = new(clock);

        public List<NodeRequest> TakeRequests()
        {
            var taken = new List<NodeRequest>();
            while (Requests.TryDequeue(out var request)) taken.Add(request);
            return taken;
        }
    }
}
