using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>What the operator does to nodes: look, fence, take out.</summary>
public sealed partial class NodeHub
{
    private readonly List<Action<Tx, NodeInfo>> fenceListeners = [];
    private readonly List<Func<Tx, NodeInfo, Fault?>> removeListeners = [];

    /// <summary>What is asked when the operator fences a node without confirming it; set when the house is put together.</summary>
    public IFencing Fencing { get; set; } = new NoFencing();

    /// <summary>Where disks lie between two nodes; a simulation gives its own.</summary>
    public ICarryFiles CarryFiles { get => carries.Files; set => carries.Files = value; }

    /// <summary>Makes certificates for machines that join; set when the house is put together.</summary>
    public INodeAuthority? Authority { get => Members.Authority; set => Members.Authority = value; }

    internal NodeMembers Members { get; }

    public void OnFence(Action<Tx, NodeInfo> listener) => fenceListeners.Add(listener);

    public void OnRemove(Func<Tx, NodeInfo, Fault?> listener) => removeListeners.Add(listener);

    public IReadOnlyList<CarriedDiskSpec> Carried(Session session, string carryId) => Carries.Of(session, carryId);

    public void DropCarried(Tx tx, string carryId) => carries.Drop(tx, carryId);

    public bool Fenced(Session session, string nodeId) => ManifestStore.Find(session, nodeId) is { FencedAt: > 0 };

    /// <summary>All nodes by name, with those that joined and never said hello.</summary>
    public IReadOnlyList<NodeView> View()
    {
        var members = Members.All().ToDictionary(row => row.Id, StringComparer.Ordinal);
        var foreign = Foreign;
        var known = List().Select(node => new NodeView(
            node.Id, node.HostName, node.Up ? "up" : node.Fenced ? "fenced" : "down", node.Facts.HostAddress, members.ContainsKey(node.Id), node.Facts.Gateway,
            node.SeenAt, members.GetValueOrDefault(node.Id)?.EndsAt, node.Fenced ? node.FencedAt : null, node.Facts.Cpus, node.Facts.MemoryMib, node.Facts.DiskGib,
            node.Facts.Accelerator, foreign.GetValueOrDefault(node.HostName) ?? [])).ToList();
        var silent = members.Values.Where(row => !nodes.ContainsKey(row.Id)).Select(row => new NodeView(
            row.Id, row.HostName, "invited", null, true, false, 0, row.EndsAt, null, null, null, null, null, []));
        return [.. known.Concat(silent).OrderBy(view => view.Name, StringComparer.Ordinal)];
    }

    /// <summary>Asks the driver whether the machine is off; only its positive answer makes the node fenced, and only while the node stays silent.</summary>
    public async Task<Outcome<string>> Fence(string name, bool confirmed, CancellationToken stop)
    {
        if (Named(name) is not { } node) return new Fault.NotFound("Node", name);
        if (node.Up) return new Fault.Conflict($"The node {name} is up: it answers, so it is not off. Drain it instead: sovereign node drain {name}");
        var seen = kernel.Database.Read(session => ManifestStore.Find(session, node.Id))?.SeenAt ?? 0;
        var answer = await (confirmed ? new ConfirmedFencing() : Fencing).Fence(node, stop);
        if (!answer.Off) return new Fault.Conflict($"The node {name} is not fenced. {answer.Why}");
        var done = await kernel.Queue.Write<string>(
            "node.fence",
            Origin.System,
            tx =>
            {
                if (Find(node.Id) is { Up: true } || !ManifestStore.Fence(tx, node.Id, seen))
                {
                    return Fenced(tx, node.Id)
                        ? $"The node {name} was fenced before."
                        : new Fault.Conflict($"The node {name} said hello meanwhile: it is not off.");
                }

                var fenced = node with { FencedAt = tx.Now };
                foreach (var listener in fenceListeners) listener(tx, fenced);
                tx.Record("node", node.Id, null, Change.Updated, new NodeDocument(name, "fenced: " + answer.Why), NodeDocumentJson.Default.NodeDocument);
                tx.AfterCommit(() => Refresh(node.Id));
                return $"The node {name} is fenced ({answer.Why}): its servers may be evacuated.";
            },
            stop);
        return done;
    }

    /// <summary>Takes a node out of the cloud; it must be away, and nothing may be on it.</summary>
    public Task<Outcome<string>> Remove(string name, CancellationToken stop) => kernel.Queue.Write<string>(
        "node.remove",
        Origin.System,
        tx =>
        {
            var id = tx.Scalar<string>("SELECT id FROM node_members WHERE host_name = @name", new { name });
            if (id is null)
            {
                return Named(name) is null
                    ? new Fault.NotFound("Node", name) : new Fault.Conflict($"The node {name} is the control plane's own machine: it goes with the cloud.");
            }

            if (Find(id) is { } node)
            {
                if (node.Up) return new Fault.Conflict($"The node {name} is up. Drain it (sovereign node drain {name}), then stop its agent.");
                foreach (var listener in removeListeners)
                {
                    if (listener(tx, node) is { } refused) return refused;
                }
            }

            ManifestStore.Forget(tx, id);
            tx.Record("node", id, null, Change.Deleted, new NodeDocument(name, "removed"), NodeDocumentJson.Default.NodeDocument);
            tx.AfterCommit(() =>
            {
                nodes.TryRemove(id, out _);
                Members.Load();
            });
            return $"The node {name} is out of the cloud.";
        },
        stop);

    internal bool Joined(string nodeId) => Members.Has(nodeId);

    internal bool Has(string nodeId, string kind, string id) => kernel.Database.Read(session => store.Observed(session, nodeId, kind, id)) is not null;

    internal bool Awaits(string nodeId, string carryId) => kernel.Database.Read(session => store.Awaits(session, nodeId, carryId));

    private NodeInfo? Named(string name) => List().FirstOrDefault(node => node.HostName == name || node.Id == name);

    private void Refresh(string id)
    {
        if (!nodes.TryGetValue(id, out var state)) return;
        if (kernel.Database.Read(session => ManifestStore.Find(session, id)) is { } row) state.Info = Info(row);
    }
}
