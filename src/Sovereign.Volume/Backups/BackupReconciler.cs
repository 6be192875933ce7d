using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Backups.Keeping;

namespace Sovereign.Volume.Backups;

/// <summary>A backup's life: its node sends it and the store keeps it, or the store is found to have it; in the end its bytes go, and then its row.</summary>
internal sealed class BackupReconciler(KernelServices kernel, INodes nodes, BackupBooks books, BackupContents contents) : IReconciler
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    public string Kind => BackupRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        if (kernel.Database.Read(session => BackupRows.Find(session, id)) is not { } row) return Progress.Done;
        try
        {
            if (row.Deleting) return await Removed(row, stop);
            if (row.Status == BackupStates.Creating) return row.NodeId is null ? await Imported(row, stop) : await Sent(row, stop);
            if (row is { Status: BackupStates.Error, NodeId: not null } && row.FailReason is not null) return await Cleared(row, stop);
        }
        catch (BackupStoreException broken)
        {
            return new Progress.Failed(new Fault.Unavailable(broken.Message));
        }

        return Progress.Done;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Write("volume-backup.give-up", id, (tx, row) =>
    {
        if (row.Deleting) BackupBooks.Save(tx, row with { Status = BackupStates.ErrorDeleting, FailReason = fault.Message });
        else if (row.Status == BackupStates.Creating) books.Fail(tx, row, fault.Message);
    }, stop);

    private async Task<Progress> Sent(BackupRow row, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume-backup.settle", row.Id, (tx, now) =>
        {
            if (now.Deleting || now.Status != BackupStates.Creating) return;
            var seen = nodes.Observed(tx, now.NodeId!, ItemKinds.VolumeContent, now.Id);
            if (seen is { Current: true, State: ItemState.Present } && now.Digest is not null) books.Succeed(tx, now);
            else if (seen is { Current: true, State: ItemState.Error } && now.ParentId is not null) Whole(tx, now);
            else if (seen is null or { Current: true, State: ItemState.Error }) books.Fail(tx, now, seen?.Message ?? "Its node could not send it.");
            else progress = new Progress.Waiting(nodeWait, "its node to send it");
        }, stop);
        return progress;
    }

    /// <summary>What changed since its parent can't be told any more (the volume was reverted, or made anew): all of it is taken.</summary>
    private void Whole(Tx tx, BackupRow row)
    {
        books.Send(tx, BackupBooks.Save(tx, row with { ParentId = null, Digest = null }), since: null);
        tx.Due(BackupRow.Kind, row.Id);
    }

    private async Task<Progress> Imported(BackupRow row, CancellationToken stop)
    {
        var missing = await contents.Missing(row, stop);
        await Write("volume-backup.import", row.Id, (tx, now) =>
        {
            if (now.Deleting || now.Status != BackupStates.Creating) return;
            if (missing is not null) books.Fail(tx, now, missing);
            else BackupBooks.Save(tx, now with { Status = BackupStates.Available });
        }, stop);
        return Progress.Done;
    }

    /// <summary>A backup that failed keeps no bytes.</summary>
    private async Task<Progress> Cleared(BackupRow row, CancellationToken stop)
    {
        if (row.Digest is null) return Progress.Done;
        await contents.Remove(row, stop);
        await Write("volume-backup.clear", row.Id, (tx, now) =>
        {
            if (now.Status == BackupStates.Error) BackupBooks.Save(tx, now with { Digest = null, Bytes = 0, StoredBytes = 0 });
        }, stop);
        return Progress.Done;
    }

    private async Task<Progress> Removed(BackupRow row, CancellationToken stop)
    {
        var sending = false;
        await Write("volume-backup.stop", row.Id, (tx, now) =>
        {
            if (now.NodeId is null) return;
            nodes.Remove(tx, now.NodeId, ItemKinds.VolumeContent, now.Id);
            // While its node may send it, it would come back.
            sending = now.Digest is null && nodes.NodesOf(tx, ItemKinds.VolumeContent, now.Id).Count > 0;
            var without = books.DropPoint(tx, now);
            if (without != now) BackupRows.Update(tx, without);
        }, stop);
        if (sending) return new Progress.Waiting(nodeWait, "its node to stop sending it");
        await contents.Remove(row, stop);
        await Write("volume-backup.remove", row.Id, (tx, now) =>
        {
            if (!now.Deleting) return;
            BackupRows.Delete(tx, now.Id);
            VolumeQuotas.GiveBackup(kernel.Quotas, tx, now.ProjectId, now.SizeGib);
            tx.Record(BackupRow.Kind, now.Id, now.ProjectId, Change.Deleted, now.Document(), BackupJson.Wire.BackupDocument);
            books.Prune(tx, now.VolumeId);
        }, stop);
        return Progress.Done;
    }

    private Task Write(string name, string id, Action<Tx, BackupRow> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System,
        tx =>
        {
            if (BackupRows.Find(tx, id) is { } row) change(tx, row);
            return Done.Value;
        },
        stop);
}
