using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>A node as the services see it.</summary>
/// <param name="Id">Dashed UUID; also the id of its resource provider and hypervisor.</param>
/// <param name="Up">True while its agent is connected.</param>
public sealed record NodeInfo(string Id, string HostName, bool Up, long SeenAt, NodeFacts Facts)
{
    /// <summary>When a fencing driver confirmed that the machine is off; 0: it was not, or the node said hello since.</summary>
    public long FencedAt { get; init; }

    public bool Fenced => FencedAt > 0;
}

/// <summary>The latest word on one desired thing.</summary>
/// <param name="DesiredVersion">Version of the manifest item now wanted.</param>
/// <param name="ObservedVersion">Version that the observation answers; 0 when the node has said nothing yet.</param>
public sealed record Observation(long DesiredVersion, long ObservedVersion, ItemState State, string? Message, int RebootCount)
{
    /// <summary>True when the node has worked on what is wanted now, not on something older.</summary>
    public bool Current => ObservedVersion >= DesiredVersion;
}

/// <summary>The control plane's side of the nodes: services write desired items in their own transactions and read observations; nobody calls a driver.</summary>
public interface INodes
{
    IReadOnlyList<NodeInfo> List();

    NodeInfo? Find(string id);

    /// <summary>False while a node is down that was up less than 60 s ago (or before the control plane's restart): it may be back in a moment.</summary>
    bool Settled { get; }

    /// <summary>Sets a desired item on a node (its Version is assigned here) and wakes the node after the commit. The same spec again changes nothing.</summary>
    void Put(Tx tx, string nodeId, ManifestItem item);

    /// <summary>Wants the item absent. It is forgotten once the node reports it absent.</summary>
    void Remove(Tx tx, string nodeId, string kind, string id);

    /// <summary>Null when the item is not on this node's manifest: it was never put there, or is reported absent after a removal.</summary>
    Observation? Observed(Session session, string nodeId, string kind, string id);

    /// <summary>Nodes on whose manifest the item is, wanted or being removed.</summary>
    IReadOnlyList<string> NodesOf(Session session, string kind, string id);

    /// <summary>Calls back inside the transaction that stores a report, for each item of this kind whose observation changed: make the owner due there.</summary>
    void OnReport(string kind, Action<Tx, string, ItemReport> listener);

    /// <summary>Calls back inside the transaction that registers a node or changes its facts (inventories, hypervisors).</summary>
    void OnNode(Action<Tx, NodeInfo> listener);

    /// <summary>Calls back inside the transaction in which a node becomes fenced: nothing of it runs any more.</summary>
    void OnFence(Action<Tx, NodeInfo> listener);

    /// <summary>Calls back inside the transaction that takes a node out of the cloud: a fault refuses, otherwise what was kept of it goes.</summary>
    void OnRemove(Func<Tx, NodeInfo, Fault?> listener);

    /// <summary>Disks that a node sent under a carry's id, for the domain's spec on the next node.</summary>
    IReadOnlyList<CarriedDiskSpec> Carried(Session session, string carryId);

    /// <summary>The disks sent under this id are needed no more; absent is fine.</summary>
    void DropCarried(Tx tx, string carryId);

    /// <summary>Whether the node is fenced as of this transaction: what decides that something of it may run elsewhere.</summary>
    bool Fenced(Session session, string nodeId);

    /// <summary>Opens a console of a domain (<see cref="ConsoleKinds"/>) on its node. Unavailable when the node is away, does not answer in 10 s, or the domain
    /// does not run.</summary>
    Task<Outcome<ConsoleLine>> OpenConsole(string nodeId, string kind, string id, CancellationToken stop);

    /// <summary>Reads from a node, e.g. the tail of a console log. Unavailable when the node is away or does not answer in 10 s.</summary>
    Task<Outcome<byte[]>> Ask(string nodeId, string kind, string id, int bytesMax, CancellationToken stop);
}
