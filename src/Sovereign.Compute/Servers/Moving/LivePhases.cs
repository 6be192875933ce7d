using Sovereign.Compute.Migrating;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers.Moving;

/// <summary>The way of a running server to another node (docs/decisions/0105). It belongs to the node that its row names; one transaction changes that, and only while
/// the one node says that it has left and the other that it is there and stands still.</summary>
internal sealed class LivePhases(KernelServices kernel, INodes nodes, INetworks networks, IPlacement placement, Domains domains, MoveService moves)
{
    private const string Away = "The node that it should go to is away.";
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan helloWait = TimeSpan.FromSeconds(1);

    /// <summary>True while it is its old node's: what that reports is not the server's state.</summary>
    public static bool Leaving(Session session, ServerRow row) =>
        row.TaskState == ServerStates.Migrating && MigrationStore.Live(session, row.Id) is { } live && live.SourceId == row.NodeId;

    /// <summary>Its new node said what became of it.</summary>
    public static void Arrived(Tx tx, ServerRow row, ServerRow next)
    {
        if (MigrationStore.Live(tx, row.Id) is { } live) MigrationStore.End(tx, live.Id, next.VmState == ServerStates.Error ? LiveStatus.Error : LiveStatus.Completed);
    }

    public async Task<Progress> Move(ServerRow row, CancellationToken stop)
    {
        if (row.TaskState != ServerStates.Migrating) return Progress.Done;
        var look = kernel.Database.Read(session => See(session, row));
        if (look is not { } seen) return Progress.Done;
        if (Decide(seen) is not { } step) return new Progress.Waiting(seen.Patience, "the two nodes");
        await kernel.Queue.Write<Done>(
            "server.leave",
            Origin.System with { ProjectId = row.ProjectId },
            tx =>
            {
                if (ServerStore.Find(tx, row.Id) is not { Deleting: false } now || See(tx, now) is not { } still) return Done.Value;
                // What was seen may have changed: it is looked at again.
                tx.Due("server", now.Id);
                return Decide(still) is { } again && again.Method == step.Method ? again(tx, now, still) : Done.Value;
            },
            stop);
        return new Progress.Waiting(nodeWait, "the two nodes");
    }

    private delegate Outcome<Done> Step(Tx tx, ServerRow row, Seen seen);

    /// <summary>What is known of a server on its way.</summary>
    /// <param name="Arrival">What its new node says of it.</param>
    /// <param name="Departure">What its present node says of its leaving.</param>
    private sealed record Seen(MigrationRow Live, Observation? Arrival, Observation? Departure, bool SourceFenced, bool DestFenced, bool DestUp, TimeSpan Patience)
    {
        public bool Stays => Live.Wish is LiveWish.Abort or LiveWish.Stay;

        public bool Waits => Arrival is { Current: true, State: ItemState.Arriving };
    }

    private Seen? See(Session session, ServerRow row)
    {
        if (row.TaskState != ServerStates.Migrating || MigrationStore.Live(session, row.Id) is not { } live || live.SourceId != row.NodeId) return null;
        var up = nodes.Find(live.DestId)?.Up == true;
        return new Seen(
            live, nodes.Observed(session, live.DestId, ItemKinds.Domain, row.Id), nodes.Observed(session, live.SourceId, ItemKinds.Departure, live.Id),
            nodes.Fenced(session, live.SourceId), nodes.Fenced(session, live.DestId), up || !nodes.Settled, up ? nodeWait : helloWait);
    }

    /// <summary>The next step, from what is; null: nothing to do until a node says more.</summary>
    private Step? Decide(Seen seen)
    {
        var live = seen.Live;
        if (seen.SourceFenced || (seen.Stays && seen.Departure is null)) return End;
        if (seen.Stays && live.Told != live.Wish) return Order;
        if (seen.Stays) return seen.Departure is { Current: true, State: ItemState.Present or ItemState.Error } ? End : null;
        if (seen.Departure is { Current: true, State: ItemState.Error }) return End;
        var lost = live.Status != LiveStatus.Queued && seen.Arrival is null or { Current: true, State: ItemState.Error };
        if (lost || seen.DestFenced || !seen.DestUp) return seen.Departure is null ? End : GiveUp;
        return live.Status switch
        {
            LiveStatus.Queued => Prepare,
            LiveStatus.Preparing when seen.Waits => Order,
            // A node that was just restarted says first that it still has it.
            LiveStatus.Running when seen.Departure is { Current: true, State: ItemState.Departed } =>
                seen.Waits && nodes.Find(live.DestId)?.Up == true ? HandOver : null,
            LiveStatus.Running when live.Told != live.Wish => Order,
            _ => null,
        };
    }

    /// <summary>Its new node makes everything ready: ports, disks, a process that waits.</summary>
    private Outcome<Done> Prepare(Tx tx, ServerRow row, Seen seen)
    {
        networks.Admit(tx, row.Id, seen.Live.DestId);
        nodes.Put(tx, seen.Live.DestId, domains.Item(tx, row with { NodeId = seen.Live.DestId }));
        MigrationStore.End(tx, seen.Live.Id, LiveStatus.Preparing);
        return Done.Value;
    }

    /// <summary>Its node brings it to the door, hurries, or keeps it.</summary>
    private Outcome<Done> Order(Tx tx, ServerRow row, Seen seen)
    {
        var live = seen.Live;
        var door = seen.Stays ? null : DoorSpec.Parse(seen.Arrival?.Message);
        if (door is null && !seen.Stays) return GiveUp(tx, row, seen);
        nodes.Put(tx, live.SourceId, new ManifestItem(ItemKinds.Departure, live.Id, 0)
        {
            Departure = new DepartureSpec(live.Id, row.Id, door, domains.DoorKey(live.Id)) { Force = live.Wish == LiveWish.Force, Stay = seen.Stays },
        });
        MigrationStore.Told(tx, live.Id, live.Wish, LiveStatus.Running);
        return Done.Value;
    }

    /// <summary>Nothing waits for it any more: it stays.</summary>
    private Outcome<Done> GiveUp(Tx tx, ServerRow row, Seen seen)
    {
        MigrationStore.Wish(tx, seen.Live.Id, LiveWish.Stay, seen.Arrival is { State: ItemState.Error, Message: { } why } ? why : Away);
        return Done.Value;
    }

    /// <summary>It is the other node's from here on: that one lets it go on, and the first one removes what it has.</summary>
    private Outcome<Done> HandOver(Tx tx, ServerRow row, Seen seen)
    {
        var (live, next) = (seen.Live, row with { NodeId = seen.Live.DestId });
        nodes.Remove(tx, live.SourceId, ItemKinds.Departure, live.Id);
        nodes.Remove(tx, live.SourceId, ItemKinds.Domain, row.Id);
        MigrationStore.End(tx, live.Id, LiveStatus.PostMigrating);
        networks.Bind(tx, row.Id, live.DestId);
        placement.Release(tx, live.Id);
        nodes.Put(tx, live.DestId, domains.Item(tx, next));
        return ServerReconciler.Save(tx, next);
    }

    /// <summary>It is where it was, and nothing of it is left at the other node.</summary>
    private Outcome<Done> End(Tx tx, ServerRow row, Seen seen)
    {
        var live = seen.Live;
        var why = seen.SourceFenced ? "Its node was confirmed to be off."
            : live.Message ?? seen.Departure?.Message ?? (seen.Arrival?.State == ItemState.Error ? seen.Arrival.Message : null) ?? Away;
        nodes.Remove(tx, live.SourceId, ItemKinds.Departure, live.Id);
        nodes.Remove(tx, live.DestId, ItemKinds.Domain, row.Id);
        networks.Dismiss(tx, row.Id);
        _ = moves.Home(tx, row);
        placement.Release(tx, live.Id);
        placement.Release(tx, row.Id);
        _ = placement.Claim(tx, new ClaimRequest(row.Id, row.ProjectId, row.UserId, ServerReconciler.Resources(row), [live.SourceId]));
        MigrationStore.End(tx, live.Id, live.Wish == LiveWish.Abort ? LiveStatus.Cancelled : LiveStatus.Error);
        return ServerReconciler.Save(tx, row.Move(row.VmState, null), why);
    }
}
