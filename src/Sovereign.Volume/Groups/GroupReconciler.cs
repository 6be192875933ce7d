using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume.Groups;

/// <summary>A group's life follows that of its volumes: it is there when they are, and gone when they are.</summary>
internal sealed class GroupReconciler(KernelServices kernel) : IReconciler
{
    private static readonly TimeSpan volumeWait = TimeSpan.FromSeconds(30);

    public string Kind => GroupRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume-group.settle", id, (tx, row) => progress = row.Deleting ? Removed(tx, row) : Made(tx, row), stop);
        return progress;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Write("volume-group.give-up", id, (tx, row) => GroupService.Save(
        tx, row with { Status = row.Deleting ? GroupStates.ErrorDeleting : GroupStates.Error }), stop);

    private static Progress Made(Tx tx, GroupRow row)
    {
        if (row.Status != GroupStates.Creating || (row.GroupSnapshotId is null && row.SourceGroupId is null)) return Progress.Done;
        var volumes = GroupStore.Volumes(tx, row.Id);
        if (volumes.Exists(VolumeStates.Unmade)) return new Progress.Waiting(volumeWait, "its volumes to be made");
        GroupService.Save(tx, row with { Status = volumes.Exists(volume => volume.Status == VolumeStates.Error) ? GroupStates.Error : GroupStates.Available });
        return Progress.Done;
    }

    private Progress Removed(Tx tx, GroupRow row)
    {
        if (GroupStore.Volumes(tx, row.Id).Count > 0) return new Progress.Waiting(volumeWait, "its volumes to go");
        GroupStore.Delete(tx, row.Id);
        kernel.Quotas.Give(tx, VolumeQuotas.Service, VolumeQuotas.Groups, row.ProjectId, 1);
        tx.Record(GroupRow.Kind, row.Id, row.ProjectId, Change.Deleted, row.Document(), GroupJson.Wire.GroupDocument);
        return Progress.Done;
    }

    private Task Write(string name, string id, Action<Tx, GroupRow> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System,
        tx =>
        {
            if (GroupStore.Find(tx, id) is { } row) change(tx, row);
            return Done.Value;
        },
        stop);
}
