using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Messages;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume.Backups;

/// <summary>Changes of backups that follow from what happened: their rows, what their nodes are told, and the states of their volumes.</summary>
internal sealed class BackupBooks(KernelServices kernel, INodes nodes, VolumeBooks volumes)
{
    private const int ReasonCharsMax = 255;
    private const string ContainerDefault = "volumebackups";

    public static BackupRow Save(Tx tx, BackupRow row)
    {
        var saved = row with { UpdatedAt = tx.Now };
        BackupRows.Update(tx, saved);
        tx.Record(BackupRow.Kind, row.Id, row.ProjectId, Change.Updated, saved.Document(), BackupJson.Wire.BackupDocument);
        return saved;
    }

    /// <summary>Tells the node to send it.</summary>
    /// <param name="since">The point of the backup that it holds the changes since; null: all is sent.</param>
    public void Send(Tx tx, BackupRow row, string? since) => nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.VolumeContent, row.Id, 0)
    {
        VolumeContent = new VolumeContentSpec(row.Id, null, row.PointId, since, "backup"),
    });

    /// <summary>Its bytes are kept as they were read.</summary>
    public void Succeed(Tx tx, BackupRow row)
    {
        nodes.Remove(tx, row.NodeId!, ItemKinds.VolumeContent, row.Id);
        GiveBack(tx, row);
        Save(tx, row with { Status = BackupStates.Available, FailReason = null, Container = row.Container.Length > 0 ? row.Container : ContainerDefault });
        Prune(tx, row.VolumeId);
    }

    public void Fail(Tx tx, BackupRow row, string reason)
    {
        var said = reason.Length > ReasonCharsMax ? reason[..ReasonCharsMax] : reason;
        if (row.NodeId is not null) nodes.Remove(tx, row.NodeId, ItemKinds.VolumeContent, row.Id);
        GiveBack(tx, row);
        MessageStore.Add(tx, kernel.Ids.Uuid(), row.ProjectId, "VOLUME_BACKUP", row.Id, MessageEvents.Backup, said);
        Save(tx, DropPoint(tx, row) with { Status = BackupStates.Error, FailReason = said });
        tx.Due(BackupRow.Kind, row.Id);
    }

    /// <summary>Wants the point gone that nobody but the backup has; the row is saved by the caller.</summary>
    public BackupRow DropPoint(Tx tx, BackupRow row)
    {
        if (row.OwnsPoint) nodes.Remove(tx, row.NodeId!, ItemKinds.VolumeSnapshot, row.PointId!);
        return row.PointId is null ? row : row with { PointId = null };
    }

    /// <summary>Keeps the points of a volume's newest backup and of those that one under way needs; the others go.</summary>
    public void Prune(Tx tx, string volumeId)
    {
        var all = BackupRows.OfVolume(tx, volumeId);
        var newest = all.LastOrDefault(row => row.Status is BackupStates.Available or BackupStates.Restoring);
        var needed = all.Where(row => row.Status == BackupStates.Creating).Select(row => row.ParentId).ToHashSet();
        foreach (var row in all.Where(row => row.PointId is not null && row.Status != BackupStates.Creating && row.Id != newest?.Id && !needed.Contains(row.Id)))
        {
            BackupRows.Update(tx, DropPoint(tx, row));
        }
    }

    /// <summary>The volume goes: what of its backups is under way ends, and their points go with it. What is kept stays.</summary>
    public void VolumeGoes(Tx tx, string volumeId)
    {
        foreach (var row in BackupRows.OfVolume(tx, volumeId))
        {
            if (row.Status == BackupStates.Creating && row.NodeId is not null) Fail(tx, row, "The volume was deleted while it was backed up.");
            else if (row.PointId is not null) BackupRows.Update(tx, DropPoint(tx, row));
        }
    }

    /// <summary>A volume is being made of it.</summary>
    public static void Restore(Tx tx, BackupRow row) => Save(tx, row with { Status = BackupStates.Restoring });

    /// <summary>The volume that was made of it is there, or failed.</summary>
    public static void Restored(Tx tx, string? id)
    {
        if (id is not null && BackupRows.Find(tx, id) is { Status: BackupStates.Restoring } row) Save(tx, row with { Status = BackupStates.Available });
    }

    /// <summary>The volume, or the snapshot, is what it was before; an administrator may have set it to something else meanwhile.</summary>
    private void GiveBack(Tx tx, BackupRow row)
    {
        if (row.SnapshotId is { } snapshotId)
        {
            if (SnapshotStore.Find(tx, snapshotId) is { Status: SnapshotStates.BackingUp } snapshot)
            {
                SnapshotService.Save(tx, snapshot with { Status = SnapshotStates.Available });
            }
        }
        else if (VolumeStore.Find(tx, row.VolumeId) is { Status: VolumeStates.BackingUp } volume)
        {
            volumes.Save(tx, volume with { Status = volume.PreviousStatus ?? VolumeStates.Available, PreviousStatus = null });
        }
    }
}
