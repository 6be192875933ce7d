using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Snapshots;

namespace Sovereign.Volume.GroupSnapshots;

/// <summary>A group snapshot's life follows that of its snapshots.</summary>
internal sealed class GroupSnapshotReconciler(KernelServices kernel) : IReconciler
{
    private static readonly TimeSpan snapshotWait = TimeSpan.FromSeconds(30);

    public string Kind => GroupSnapshotRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume-group-snapshot.settle", id, (tx, row) => progress = row.Deleting ? Removed(tx, row) : Taken(tx, row), stop);
        return progress;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Write("volume-group-snapshot.give-up", id, (tx, row) => GroupSnapshotService.Save(
        tx, row with { Status = row.Deleting ? GroupStates.ErrorDeleting : GroupStates.Error }), stop);

    private static Progress Taken(Tx tx, GroupSnapshotRow row)
    {
        if (row.Status != GroupStates.Creating) return Progress.Done;
        var snapshots = GroupSnapshotStore.Snapshots(tx, row.Id);
        if (snapshots.Exists(one => one.Status == SnapshotStates.Creating)) return new Progress.Waiting(snapshotWait, "its snapshots to be taken");
        GroupSnapshotService.Save(tx, row with { Status = snapshots.Exists(one => one.Status == SnapshotStates.Error) ? GroupStates.Error : GroupStates.Available });
        return Progress.Done;
    }

    private static Progress Removed(Tx tx, GroupSnapshotRow row)
    {
        if (GroupSnapshotStore.Snapshots(tx, row.Id).Count > 0) return new Progress.Waiting(snapshotWait, "its snapshots to go");
        GroupSnapshotStore.Delete(tx, row.Id);
        tx.Record(GroupSnapshotRow.Kind, row.Id, row.ProjectId, Change.Deleted, row.Document(), GroupSnapshotJson.Wire.GroupSnapshotDocument);
        return Progress.Done;
    }

    private Task Write(string name, string id, Action<Tx, GroupSnapshotRow> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System,
        tx =>
        {
            if (GroupSnapshotStore.Find(tx, id) is { } row) change(tx, row);
            return Done.Value;
        },
        stop);
}
