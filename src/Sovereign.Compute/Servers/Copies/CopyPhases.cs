using System.Text.Json;
using Sovereign.Image;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>The phases of a server whose disk is copied, and of one that is put on the shelf.</summary>
internal sealed class CopyPhases(KernelServices kernel, INodes nodes, INetworks networks, IPlacement placement, IImages images, Snapshots snapshots)
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    /// <summary>Waits for the image, and ends what was waiting for it.</summary>
    public async Task<Progress> Copy(ServerRow row, CancellationToken stop)
    {
        if (!ServerStates.Copies(row.TaskState)) return Progress.Done;
        if (kernel.Database.Read(session => snapshots.Ended(session, row.Id)) is null) return new Progress.Waiting(nodeWait, "the copy of its disk");
        await Write("server.copied", row, (tx, now) =>
        {
            if (!ServerStates.Copies(now.TaskState) || snapshots.Ended(tx, now.Id) is not { } end) return null;
            snapshots.Forget(tx, end.Snapshot);
            if (end.Error is not null) images.Remove(tx, end.Snapshot.ImageId);
            else
            {
                images.Describe(tx, end.Snapshot.ImageId, SnapshotProperties.Made(now));
                snapshots.Rotate(tx, now, end.Snapshot);
            }

            return (now.TaskState == ServerStates.ShelvingCopy ? Shelved(tx, now, end) : now.Move(now.VmState, null), end.Error);
        }, stop);
        return Progress.Done;
    }

    /// <summary>Waits until the node has nothing of the server any more; then it needs no node.</summary>
    public async Task<Progress> Offload(ServerRow row, CancellationToken stop)
    {
        if (row.TaskState != ServerStates.Offloading || row.NodeId is not { } node) return Progress.Done;
        if (!kernel.Database.Read(session => Empty(session, node, row.Id))) return new Progress.Waiting(nodeWait, "its node to remove it");
        await Write("server.offloaded", row, (tx, now) =>
        {
            if (now.TaskState != ServerStates.Offloading || !Empty(tx, node, now.Id)) return null;
            placement.Release(tx, now.Id);
            return (now.Move(ServerStates.Offloaded, null) with { NodeId = null, PowerState = ServerStates.PowerNone }, null);
        }, stop);
        return Progress.Done;
    }

    private bool Empty(Session session, string node, string serverId) =>
        nodes.Observed(session, node, ItemKinds.Domain, serverId) is null && networks.Gone(session, serverId);

    /// <summary>Its image is there, so its node may forget it; without one it is off, as the copy found it.</summary>
    private ServerRow Shelved(Tx tx, ServerRow row, SnapshotEnd end)
    {
        if (end.Error is not null) return row.Move(ServerStates.Stopped, null) with { PowerState = ServerStates.PowerShutdown };
        var image = images.Find(AccessGrant.OfSystem(row.ProjectId), end.Snapshot.ImageId).Value;
        return Leave(tx, row with { ShelvedImage = image.Id, RootImage = JsonSerializer.Serialize(image, ServerJson.Wire.ImageInfo) });
    }

    /// <summary>Its node may forget it: what it sleeps in is kept elsewhere, or is a volume.</summary>
    public ServerRow Leave(Tx tx, ServerRow row)
    {
        nodes.Remove(tx, row.NodeId!, ItemKinds.Domain, row.Id);
        networks.Unbind(tx, row.Id);
        return row.Move(ServerStates.Shelved, ServerStates.Offloading) with
        {
            PowerState = ServerStates.PowerShutdown,
            DiskGeneration = row.DiskLast + 1,
            DiskLast = row.DiskLast + 1,
        };
    }

    private Task Write(string name, ServerRow row, Func<Tx, ServerRow, (ServerRow Row, string? Error)?> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System with { ProjectId = row.ProjectId },
        tx =>
        {
            if (ServerStore.Find(tx, row.Id) is not { Deleting: false } now || change(tx, now) is not { } next) return Done.Value;
            // What happened to the guest meanwhile is looked at next.
            tx.Due("server", row.Id);
            return ServerReconciler.Save(tx, next.Row, next.Error);
        },
        stop);
}
