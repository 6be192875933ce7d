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

/// <summary>The way of a server from one node to another, and back: never on both. It is off before its disks leave, and gone from the one before it runs on the
/// other again.</summary>
internal sealed class MovePhases(KernelServices kernel, INodes nodes, INetworks networks, IPlacement placement, Domains domains, MoveService moves)
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    /// <summary>True while what its node reports is not the server's state: it is on its way.</summary>
    public static bool UnderWay(ServerRow row) => Leaving(row) || Returning(row);

    /// <summary>Off and sent away, but not yet on its new node.</summary>
    public static bool Leaving(ServerRow row) => row.TaskState == ServerStates.Resizing && row.Before() is { Node: { } source } && source == row.NodeId;

    private static bool Returning(ServerRow row) => row.TaskState == ServerStates.Reverting && row.Before() is { Node: not null };

    public Task<Progress> Move(ServerRow row, CancellationToken stop) => Leaving(row) ? Leave(row, stop)
        : Returning(row) ? Return(row, stop) : Task.FromResult(Progress.Done);

    private async Task<Progress> Leave(ServerRow row, CancellationToken stop)
    {
        var before = row.Before()!;
        var (domain, carry) = kernel.Database.Read(session => (
            nodes.Observed(session, before.Node!, ItemKinds.Domain, row.Id), nodes.Observed(session, before.Node!, ItemKinds.Carry, before.Migration)));
        if (domain is not { Current: true }) return new Progress.Waiting(nodeWait, "its node to shut it down");
        if (domain.State == ItemState.Error || carry is { Current: true, State: ItemState.Error })
        {
            await Write("server.stay", row, (tx, now) => Stay(tx, now, (domain.State == ItemState.Error ? domain : carry)!.Message), stop);
            return Progress.Done;
        }

        if (domain.State != ItemState.Shutoff) return new Progress.Waiting(nodeWait, "its node to shut it down");
        if (carry is null)
        {
            await Write("server.carry", row, (tx, now) =>
            {
                nodes.Put(tx, before.Node!, new ManifestItem(ItemKinds.Carry, before.Migration, 0) { Carry = new CarrySpec(before.Migration, row.Id) });
                return now;
            }, stop);
            return new Progress.Waiting(nodeWait, "its disks to be sent");
        }

        if (carry is not { Current: true, State: ItemState.Present }) return new Progress.Waiting(nodeWait, "its disks to be sent");
        await Write("server.arrive", row, (tx, now) => Arrive(tx, now), stop);
        return new Progress.Waiting(nodeWait, "its new node to start it");
    }

    /// <summary>Its disks are with the control plane: from here on it is the other node's.</summary>
    private ServerRow Arrive(Tx tx, ServerRow now)
    {
        var next = now with { NodeId = now.Before()!.Target };
        networks.Bind(tx, now.Id, next.NodeId!);
        nodes.Put(tx, next.NodeId!, domains.Item(tx, next));
        return next;
    }

    /// <summary>It can't leave: all is as it was.</summary>
    private ServerRow Stay(Tx tx, ServerRow now, string? why)
    {
        var before = now.Before()!;
        MigrationStore.End(tx, before.Migration, "error");
        placement.Release(tx, before.Migration);
        placement.Release(tx, now.Id);
        var next = Former(now, before) with { BeforeResize = null };
        _ = placement.Claim(tx, new ClaimRequest(now.Id, now.ProjectId, now.UserId, ServerReconciler.Resources(next), [before.Node!]));
        moves.Uncarry(tx, before);
        // It is what it was, whatever the project's limit says meanwhile.
        kernel.Quotas.Book(tx, ComputeQuotas.Service, "cores", now.ProjectId, next.Vcpus - now.Vcpus);
        kernel.Quotas.Book(tx, ComputeQuotas.Service, "ram", now.ProjectId, next.RamMib - now.RamMib);
        next = next.Fail("The server stayed on its node: " + (why ?? "its disks could not be sent."), tx.Now);
        _ = moves.Home(tx, next);
        nodes.Put(tx, before.Node!, domains.Item(tx, next));
        return next;
    }

    private async Task<Progress> Return(ServerRow row, CancellationToken stop)
    {
        var before = row.Before()!;
        if (row.NodeId != before.Node && !kernel.Database.Read(session => Gone(session, row.NodeId!, row.Id)))
        {
            return new Progress.Waiting(nodeWait, "the other node to let it go");
        }

        await Write("server.return", row, (tx, now) =>
        {
            if (!Returning(now) || (now.NodeId != before.Node && !Gone(tx, now.NodeId!, now.Id))) return null;
            var next = now with { NodeId = before.Node, BeforeResize = null };
            networks.Bind(tx, now.Id, before.Node!);
            moves.Uncarry(tx, before);
            _ = moves.Home(tx, next);
            nodes.Put(tx, before.Node!, domains.Item(tx, next));
            return next;
        }, stop);
        return new Progress.Waiting(nodeWait, "its node to start it");
    }

    /// <summary>The node has nothing of it: it says so, or it is fenced.</summary>
    private bool Gone(Session session, string node, string serverId) =>
        nodes.Observed(session, node, ItemKinds.Domain, serverId) is null || nodes.Fenced(session, node);

    internal static ServerRow Former(ServerRow row, ResizeBefore before) => row with
    {
        FlavorId = before.FlavorId,
        Flavor = before.Flavor,
        Vcpus = before.Vcpus,
        RamMib = before.RamMib,
        DiskGeneration = before.DiskGeneration,
    };

    private Task Write(string name, ServerRow row, Func<Tx, ServerRow, ServerRow?> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System with { ProjectId = row.ProjectId },
        tx =>
        {
            if (ServerStore.Find(tx, row.Id) is not { Deleting: false } now || !UnderWay(now) || now.NodeId != row.NodeId) return Done.Value;
            if (change(tx, now) is not { } next || ReferenceEquals(next, now)) return Done.Value;
            tx.Due("server", row.Id);
            return ServerReconciler.Save(tx, next, next.VmState == ServerStates.Error ? next.FaultMessage : null);
        },
        stop);
}
