using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Backups;
using Sovereign.Volume.Groups;
using Sovereign.Volume.Managing;
using Sovereign.Volume.Messages;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Transfers;
using Sovereign.Volume.Types;

namespace Sovereign.Volume.Volumes;

/// <summary>A volume's life: a place is chosen, its node makes it, grows it, makes its content anew, and in the end removes it.</summary>
internal sealed class VolumeReconciler(
    KernelServices kernel, VolumePlacing placing, VolumeItems items, VolumeBooks books, VolumeUploads uploads, BackupBooks backups,
    UnmanagedBooks unmanaged, VolumeKeys keys) : IReconciler
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan settleWait = TimeSpan.FromSeconds(1);

    public string Kind => VolumeRow.Kind;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var row = kernel.Database.Read(session => VolumeStore.Find(session, id));
        if (row is null) return Progress.Done;
        if (row.Deleting) return await Removed(row, stop);
        if (row.NodeId is null) return VolumeStates.Unmade(row) ? await Placed(row, stop) : Progress.Done;
        if (row.Status == VolumeStates.Uploading) return await Uploaded(row, stop);
        var seen = kernel.Database.Read(session => items.Observed(session, row));
        if (!Working(row)) return Progress.Done;
        if (seen is null) await Write("volume.put", row, items.Put, stop);
        if (seen is not { Current: true, State: ItemState.Present or ItemState.Error }) return new Progress.Waiting(nodeWait, "its node to work on it");
        await Write("volume.settle", row, Settle, stop);
        return Progress.Done;
    }

    public async Task GiveUp(string id, Fault fault, CancellationToken stop)
    {
        if (kernel.Database.Read(session => VolumeStore.Find(session, id)) is not { } row) return;
        await Write("volume.give-up", row, (tx, now) => Fail(tx, now, fault.Message), stop);
    }

    private static bool Working(VolumeRow row) =>
        VolumeStates.Beginning(row.Status) || row.WantedGib != row.SizeGib
        || row.Status is VolumeStates.Reverting or VolumeStates.Downloading or VolumeStates.RestoringBackup or VolumeStates.Managing;

    private async Task<Progress> Placed(VolumeRow row, CancellationToken stop)
    {
        Progress progress = new Progress.Waiting(nodeWait, "its node to make it");
        await Write("volume.place", row, (tx, now) =>
        {
            if (now.NodeId is not null || !VolumeStates.Unmade(now)) return;
            var type = TypeStore.Find(tx, now.TypeId);
            var chosen = type is null ? new Fault.Conflict("Its volume type is gone.") : placing.Choose(tx, now, type);
            if (chosen.Fault is Fault.Unavailable away)
            {
                progress = new Progress.Waiting(settleWait, away.Message);
                return;
            }

            if (chosen.Fault is { } refused)
            {
                MessageStore.Add(tx, kernel.Ids.Uuid(), now.ProjectId, "VOLUME", now.Id, MessageEvents.NoBackend, refused.Message);
                Fail(tx, now, refused.Message);
                progress = Progress.Done;
                return;
            }

            var placed = books.Save(tx, now with { NodeId = chosen.Value.Node.Id, Backend = chosen.Value.Backend.Name });
            items.Put(tx, placed);
        }, stop);
        return progress;
    }

    private async Task<Progress> Uploaded(VolumeRow row, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume.uploaded", row, (tx, now) =>
        {
            if (now.Status != VolumeStates.Uploading) return;
            if (uploads.End(tx, now.Id) is not { } failed)
            {
                progress = new Progress.Waiting(nodeWait, "its node to send it");
                return;
            }

            if (failed.Length > 0) MessageStore.Add(tx, kernel.Ids.Uuid(), now.ProjectId, "VOLUME", now.Id, MessageEvents.Upload, failed);
            books.Save(tx, now with { Status = now.PreviousStatus ?? VolumeStates.Available, PreviousStatus = null });
        }, stop);
        return progress;
    }

    /// <summary>What the node said is looked at again inside the transaction: it may have changed.</summary>
    private void Settle(Tx tx, VolumeRow row)
    {
        if (row.Deleting || !Working(row) || items.Observed(tx, row) is not { Current: true } seen) return;
        if (seen.State == ItemState.Error) Fail(tx, row, seen.Message ?? "Its node could not make it.");
        else if (seen.State == ItemState.Present) Succeed(tx, row);
    }

    private void Succeed(Tx tx, VolumeRow row)
    {
        BackupBooks.Restored(tx, row.BackupId);
        unmanaged.Managed(tx, row.Id);
        row = row with { BackupId = null };
        if (VolumeStates.Unmade(row))
        {
            // A reservation for a server may have been made while it was made.
            var status = AttachmentStore.OfVolume(tx, row.Id).Count > 0 ? VolumeStates.Reserved : VolumeStates.Available;
            books.Save(tx, row with { Status = status, SizeGib = row.WantedGib, LaunchedAt = tx.Now, Message = null, PreviousStatus = null }, told: true);
            return;
        }

        var back = row.Status is VolumeStates.Extending or VolumeStates.Reverting or VolumeStates.Downloading or VolumeStates.RestoringBackup
            ? row.PreviousStatus ?? VolumeStates.Available : row.Status;
        books.Save(
            tx, row with { Status = back, SizeGib = row.WantedGib, Message = null, PreviousStatus = null }, told: true, grown: row.WantedGib > row.SizeGib);
    }

    private void Fail(Tx tx, VolumeRow row, string message)
    {
        if (row.Deleting)
        {
            books.Save(tx, row with { Status = VolumeStates.ErrorDeleting, Message = message }, told: true);
            return;
        }

        if (row.WantedGib != row.SizeGib)
        {
            VolumeQuotas.Give(kernel.Quotas, tx, row.ProjectId, row.TypeId, VolumeQuotas.Gigabytes, row.WantedGib - row.SizeGib);
            MessageStore.Add(tx, kernel.Ids.Uuid(), row.ProjectId, "VOLUME", row.Id, MessageEvents.Extend, message);
            var kept = books.Save(tx, row with { Status = VolumeStates.ErrorExtending, WantedGib = row.SizeGib, Message = message, PreviousStatus = null }, told: true);
            items.Put(tx, kept);
            return;
        }

        BackupBooks.Restored(tx, row.BackupId);
        UnmanagedBooks.Released(tx, row.Id);
        row = row with { BackupId = null };
        // What was begun is taken away: an error holds no room.
        if (VolumeStates.Unmade(row)) items.Remove(tx, row.Id);
        MessageStore.Add(tx, kernel.Ids.Uuid(), row.ProjectId, "VOLUME", row.Id, MessageEvents.Create, message);
        if (row.Status == VolumeStates.RestoringBackup && row.LaunchedAt > 0)
        {
            // Its node puts the new content in place of the old one at the end, so the old one is there.
            items.Put(tx, books.Save(
                tx, row with { Status = VolumeStates.ErrorRestoring, Generation = row.Generation - 1, Message = message, PreviousStatus = null }, told: true));
            return;
        }

        var failed = row.Status switch
        {
            VolumeStates.RestoringBackup => VolumeStates.ErrorRestoring,
            VolumeStates.Managing => VolumeStates.ErrorManaging,
            _ => VolumeStates.Error,
        };
        books.Save(tx, row with { Status = failed, Message = message, PreviousStatus = null }, told: true);
    }

    private async Task<Progress> Removed(VolumeRow row, CancellationToken stop)
    {
        Progress progress = Progress.Done;
        await Write("volume.remove", row, (tx, now) =>
        {
            if (!now.Deleting) return;
            if (SnapshotStore.OfVolume(tx, now.Id).Count > 0)
            {
                progress = new Progress.Waiting(nodeWait, "its snapshots to go");
                return;
            }

            uploads.Cancel(tx, now.Id);
            backups.VolumeGoes(tx, now.Id);
            unmanaged.VolumeGoes(tx, now.Id);
            BackupBooks.Restored(tx, now.BackupId);
            if (!items.Remove(tx, now.Id))
            {
                progress = new Progress.Waiting(nodeWait, "its node to remove it");
                if (items.Stuck(tx, now.Id) is { } why && now.Status != VolumeStates.ErrorDeleting)
                {
                    books.Save(tx, now with { Status = VolumeStates.ErrorDeleting, Message = why }, told: true);
                }

                return;
            }

            AttachmentStore.DeleteOfVolume(tx, now.Id);
            TransferStore.DeleteOfVolume(tx, now.Id);
            VolumeStore.Delete(tx, now.Id);
            keys.Remove(tx, now);
            if (now.GroupId is { } group) tx.Due(GroupRow.Kind, group);
            VolumeQuotas.GiveVolume(kernel.Quotas, tx, now.ProjectId, now.TypeId, now.WantedGib);
            tx.Record(VolumeRow.Kind, now.Id, now.ProjectId, Change.Deleted, now.Document(), VolumesJson.Wire.VolumeDocument);
            books.Tell(tx, now.Id, null, null);
        }, stop);
        return progress;
    }

    private Task Write(string name, VolumeRow row, Action<Tx, VolumeRow> change, CancellationToken stop) => kernel.Queue.Write<Done>(
        name,
        Origin.System with { ProjectId = row.ProjectId },
        tx =>
        {
            if (VolumeStore.Find(tx, row.Id) is { } now) change(tx, now);
            return Done.Value;
        },
        stop);
}
