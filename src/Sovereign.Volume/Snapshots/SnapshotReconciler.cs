using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Messages;

namespace Sovereign.Volume.Snapshots;

/// <summary>A snapshot's life: its node takes it, and in the end removes it.</summary>
internal sealed class SnapshotReconciler(KernelServices kernel, INodes nodes) : IReconciler
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    public string Kind => SnapshotRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume-snapshot.settle", id, (tx, row) => progress = row.Deleting ? Removed(tx, row) : Taken(tx, row), stop);
        return progress;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Write("volume-snapshot.give-up", id, (tx, row) => SnapshotService.Save(
        tx, row with { Status = row.Deleting ? SnapshotStates.ErrorDeleting : SnapshotStates.Error, Message = fault.Message }), stop);

    private Progress Taken(Tx tx, SnapshotRow row)
    {
        if (row.Status != SnapshotStates.Creating) return Progress.Done;
        var seen = nodes.Observed(tx, row.NodeId!, ItemKinds.VolumeSnapshot, row.Point);
        if (seen is { Current: true, State: ItemState.Present })
        {
            SnapshotService.Save(tx, row with { Status = SnapshotStates.Available, Progress = "100%", Message = null });
            return Progress.Done;
        }

        if (seen is not { Current: true, State: ItemState.Error }) return new Progress.Waiting(nodeWait, "its node to take it");
        var message = seen.Message ?? "Its node could not take it.";
        nodes.Remove(tx, row.NodeId!, ItemKinds.VolumeSnapshot, row.Point);
        MessageStore.Add(tx, kernel.Ids.Uuid(), row.ProjectId, "VOLUME_SNAPSHOT", row.Id, MessageEvents.Snapshot, message);
        SnapshotService.Save(tx, row with { Status = SnapshotStates.Error, Message = message });
        return Progress.Done;
    }

    private Progress Removed(Tx tx, SnapshotRow row)
    {
        var having = nodes.NodesOf(tx, ItemKinds.VolumeSnapshot, row.Point);
        foreach (var node in having) nodes.Remove(tx, node, ItemKinds.VolumeSnapshot, row.Point);
        if (having.Count > 0)
        {
            var stuck = having.Select(node => nodes.Observed(tx, node, ItemKinds.VolumeSnapshot, row.Point))
                .FirstOrDefault(seen => seen is { Current: true, State: ItemState.Error });
            if (stuck is not null && row.Status != SnapshotStates.ErrorDeleting)
            {
                SnapshotService.Save(tx, row with { Status = SnapshotStates.ErrorDeleting, Message = stuck.Message });
            }

            return new Progress.Waiting(nodeWait, "its node to remove it");
        }

        SnapshotStore.Delete(tx, row.Id);
        VolumeQuotas.GiveSnapshot(kernel.Quotas, tx, row.ProjectId, row.TypeId, row.SizeGib);
        tx.Record(SnapshotRow.Kind, row.Id, row.ProjectId, Change.Deleted, row.Document(), SnapshotJson.Wire.SnapshotDocument);

        // A volume that is deleted with its snapshots waits for the last one.
        tx.Due(Volumes.VolumeRow.Kind, row.VolumeId);
        if (row.GroupSnapshotId is { } group) tx.Due(GroupSnapshots.GroupSnapshotRow.Kind, group);
        return Progress.Done;
    }

    private Task Write(string name, string id, Action<Tx, SnapshotRow> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System,
        tx =>
        {
            if (SnapshotStore.Find(tx, id) is { } row) change(tx, row);
            return Done.Value;
        },
        stop);
}
