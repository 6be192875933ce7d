using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Attachments;

/// <summary>The way of a volume to a server and back: reserved, attached, detaching, gone. The volume's state follows from its attachments.</summary>
internal sealed class AttachmentService(KernelServices kernel, VolumeBooks books)
{
    /// <summary>Takes a volume for a server (null: for a machine outside).</summary>
    public Outcome<AttachmentRow> Reserve(Tx tx, AccessGrant access, string volumeId, string? serverId, string? device, bool readOnly)
    {
        if (VolumeStore.Find(tx, volumeId) is not { } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(volumeId);
        if (volume.Deleting) return VolumeFaults.InvalidVolume($"Volume {volumeId} is being deleted.");
        var others = AttachmentStore.OfVolume(tx, volumeId);
        if (others.Exists(other => serverId is not null && other.ServerId == serverId))
        {
            return VolumeFaults.InvalidVolume($"Volume {volumeId} is already attached to server {serverId}.");
        }

        var beginning = VolumeStates.Beginning(volume.Status) && others.Count == 0;
        var shared = volume.Multiattach && volume.Status is VolumeStates.InUse or VolumeStates.Reserved or VolumeStates.Attaching;
        if (volume.Status != VolumeStates.Available && !beginning && !(volume.Multiattach && shared))
        {
            return VolumeFaults.InvalidVolume($"Volume {volumeId} status must be available or downloading to reserve, but the current status is {volume.Status}.");
        }

        var row = new AttachmentRow
        {
            Id = kernel.Ids.Uuid(), VolumeId = volumeId, ProjectId = volume.ProjectId, UserId = access.Caller.UserId, ServerId = serverId, Device = device,
            Mode = readOnly || volume.MayNotBeWritten ? "ro" : "rw", CreatedAt = tx.Now,
        };
        AttachmentStore.Insert(tx, row);
        Record(tx, row, Change.Created);
        if (!beginning && volume.Status == VolumeStates.Available) books.Save(tx, volume with { Status = VolumeStates.Reserved });
        return row;
    }

    /// <summary>It is attached; again is fine.</summary>
    public AttachmentRow Attach(Tx tx, AttachmentRow row)
    {
        var attached = row with { Status = AttachmentStates.Attached, AttachedAt = row.AttachedAt > 0 ? row.AttachedAt : tx.Now };
        if (attached == row) return row;
        Save(tx, attached);
        Follow(tx, row.VolumeId);
        return attached;
    }

    /// <summary>It will be detached.</summary>
    public void Leave(Tx tx, AttachmentRow row)
    {
        Save(tx, row with { Status = AttachmentStates.Detaching });
        Follow(tx, row.VolumeId);
    }

    /// <summary>It stays attached after all.</summary>
    public void Stay(Tx tx, AttachmentRow row)
    {
        if (row.Status != AttachmentStates.Detaching) return;
        Save(tx, row with { Status = row.AttachedAt > 0 ? AttachmentStates.Attached : AttachmentStates.Reserved });
        Follow(tx, row.VolumeId);
    }

    /// <summary>The older way to attach has begun, and nobody said for whom.</summary>
    public AttachmentRow Begin(Tx tx, AttachmentRow row)
    {
        var begun = row with { Status = AttachmentStates.Attaching };
        Save(tx, begun);
        Follow(tx, row.VolumeId);
        return begun;
    }

    /// <param name="anyway">True: the volume is free then, also when it was in an error state.</param>
    public void Remove(Tx tx, AttachmentRow row, bool anyway = false)
    {
        AttachmentStore.Delete(tx, row.Id);
        Record(tx, row, Change.Deleted);
        Follow(tx, row.VolumeId, anyway);
    }

    public static void Save(Tx tx, AttachmentRow row)
    {
        AttachmentStore.Update(tx, row);
        Record(tx, row, Change.Updated);
    }

    /// <summary>The state that a volume has by its attachments; states of other work are left to it, and know what they go back to.</summary>
    private void Follow(Tx tx, string volumeId, bool anyway = false)
    {
        if (VolumeStore.Find(tx, volumeId) is not { Deleting: false } volume) return;
        var all = AttachmentStore.OfVolume(tx, volumeId);
        var status = all.Count == 0 ? VolumeStates.Available
            : all.Exists(row => row.Status == AttachmentStates.Detaching) ? VolumeStates.Detaching
            : all.Exists(row => row.Status == AttachmentStates.Attached) ? VolumeStates.InUse
            : all.Exists(row => row.Status == AttachmentStates.Attaching) ? VolumeStates.Attaching : VolumeStates.Reserved;
        if (volume.Status is VolumeStates.Available or VolumeStates.Reserved or VolumeStates.Attaching or VolumeStates.InUse or VolumeStates.Detaching
            || (anyway && volume.Status == VolumeStates.Error))
        {
            if (volume.Status != status) books.Save(tx, volume with { Status = status });
        }
        else if (volume.PreviousStatus is not null && volume.PreviousStatus != status)
        {
            books.Save(tx, volume with { PreviousStatus = status });
        }
    }

    private static void Record(Tx tx, AttachmentRow row, Change change) =>
        tx.Record(AttachmentRow.Kind, row.Id, row.ProjectId, change, row.Document(), AttachmentJson.Wire.AttachmentDocument);
}
