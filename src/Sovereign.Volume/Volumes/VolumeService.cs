using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>What users and administrators ask of volumes that are there.</summary>
internal sealed class VolumeService(KernelServices kernel, VolumePlacing placing, VolumeItems items, VolumeBooks books)
{
    private const string NotDeletable =
        "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, "
        + "have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.";

    public Outcome<VolumeRow> Find(AccessGrant access, string id) => kernel.Database.Read(session => Find(session, access, id));

    public static Outcome<VolumeRow> Find(Session session, AccessGrant access, string id) =>
        VolumeStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : VolumeFaults.Volume(id);

    public T Read<T>(Func<Session, T> read) => kernel.Database.Read(read);

    /// <summary>One change in a transaction of its own.</summary>
    public Task<Outcome<VolumeRow>> Change(AccessGrant access, string name, string id, Func<Tx, VolumeRow, Outcome<VolumeRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<VolumeRow>(
            "volume." + name,
            access.Origin,
            tx => Find(tx, access, id).Then(row => change(tx, row).Map(next => ReferenceEquals(next, row) ? row : books.Save(tx, next))),
            stop);

    /// <param name="cascade">True: with its snapshots.</param>
    /// <param name="force">True: whatever its state.</param>
    public Task<Outcome<VolumeRow>> Delete(AccessGrant access, string id, bool cascade, bool force, CancellationToken stop) => Change(access, "delete", id, (tx, row) =>
    {
        if (row.Deleting) return row;
        var attached = AttachmentStore.OfVolume(tx, id).Exists(one => one.Status is AttachmentStates.Attached or AttachmentStates.Detaching);
        var snapshots = SnapshotStore.OfVolume(tx, id);
        if (row.GroupId is not null && !force) return VolumeFaults.InvalidVolume(NotDeletable);
        if (attached || (!force && !VolumeStates.Deletable.Contains(row.Status)) || (snapshots.Count > 0 && !cascade)) return VolumeFaults.InvalidVolume(NotDeletable);
        if (snapshots.Exists(snapshot =>
            snapshot.Status is not (SnapshotStates.Available or SnapshotStates.Error or SnapshotStates.ErrorDeleting or SnapshotStates.Deleting)))
        {
            return VolumeFaults.InvalidVolume("Volume to be deleted has snapshots that are busy.");
        }

        foreach (var snapshot in snapshots.Where(one => !one.Deleting)) SnapshotService.Save(tx, SnapshotService.Begin(tx, snapshot));
        return Begin(tx, row);
    }, stop);

    /// <summary>Begins the deletion of a volume; saved by the caller.</summary>
    public static VolumeRow Begin(Tx tx, VolumeRow row)
    {
        tx.Due(VolumeRow.Kind, row.Id);
        return row with { Status = VolumeStates.Deleting, Deleting = true };
    }

    public Task<Outcome<VolumeRow>> Extend(AccessGrant access, string id, long size, bool attached, CancellationToken stop) => Change(access, "extend", id, (tx, row) =>
    {
        if (row.Status != VolumeStates.Available && !(attached && row.Status == VolumeStates.InUse))
        {
            return VolumeFaults.InvalidVolume($"Volume {id} status must be '{VolumeStates.Available}' to extend, currently {row.Status}.");
        }

        if (row.NodeId is null) return VolumeFaults.Unplaced(id);
        if (size <= row.SizeGib)
        {
            return VolumeFaults.InvalidInput($"New size for extend must be greater than current size. (current: {row.SizeGib}, extended: {size}).");
        }

        if (VolumeQuotas.Grow(kernel.Quotas, tx, row.ProjectId, row.TypeId, row.SizeGib, size) is { } over) return over;
        var growing = row with { WantedGib = size, Status = VolumeStates.Extending, PreviousStatus = row.Status };
        items.Put(tx, growing);
        tx.Due(VolumeRow.Kind, id);
        return growing;
    }, stop);

    /// <summary>Another type, where nothing has to move for it.</summary>
    public Task<Outcome<VolumeRow>> Retype(AccessGrant access, string id, string asked, CancellationToken stop) => Change(access, "retype", id, (tx, row) =>
    {
        if (row.Status is not (VolumeStates.Available or VolumeStates.InUse))
        {
            return VolumeFaults.InvalidVolume($"Unable to update type due to incorrect status: {row.Status} on volume: {id}. Volume status must be available or in-use.");
        }

        if (TypeStore.ByIdOrName(tx, asked) is not { } type || !TypeStore.MayUse(tx, type, access)) return VolumeFaults.Type(asked);
        if (type.Id == row.TypeId) return VolumeFaults.InvalidInput($"New volume_type same as original: {asked}.");
        if (type.Encrypted != row.Encrypted) return VolumeFaults.InvalidInput("The volume would have to be written anew: one of the types is encrypted.");
        if (type.Specs().TryGetValue("volume_backend_name", out var backend) && backend != row.Backend)
        {
            return VolumeFaults.InvalidInput($"The volume would have to move to the backend {backend}.");
        }

        if (row.Status == VolumeStates.InUse && type.Multiattach != row.Multiattach)
        {
            return VolumeFaults.InvalidInput("Cannot retype from multiattach to non-multiattach type (or back) for in-use volumes.");
        }

        if (type.Multiattach && (placing.Backend(row.NodeId, row.Backend) is not { } there || !Capabilities.Multiattach(there)))
        {
            return VolumeFaults.InvalidInput($"The volume would have to move: the backend {row.Backend} has volumes for one server at a time.");
        }

        VolumeQuotas.GiveVolume(kernel.Quotas, tx, row.ProjectId, row.TypeId, row.WantedGib);
        if (VolumeQuotas.TakeVolume(kernel.Quotas, tx, row.ProjectId, type.Id, row.WantedGib) is { } over) return over;
        return row with { TypeId = type.Id, Multiattach = type.Multiattach };
    }, stop);

    /// <summary>Makes it what its latest snapshot kept.</summary>
    public Task<Outcome<VolumeRow>> Revert(AccessGrant access, string id, string snapshotId, CancellationToken stop) => Change(access, "revert", id, (tx, row) =>
    {
        var snapshots = SnapshotStore.OfVolume(tx, id);
        if (snapshots.Find(one => one.Id == snapshotId) is not { } snapshot) return VolumeFaults.Snapshot(snapshotId);
        if (row.Status != VolumeStates.Available) return new Fault.Conflict($"Can't revert volume {id} to its latest snapshot while it is {row.Status}.");
        if (row.NodeId is null) return VolumeFaults.Unplaced(id);
        if (snapshot.Status != SnapshotStates.Available) return new Fault.Conflict($"Snapshot {snapshotId} is not available.");
        if (snapshots[^1].Id != snapshotId)
        {
            return VolumeFaults.InvalidInput($"Specified snapshot {snapshotId} is not the latest one of volume {id}.");
        }

        var reverting = row with
        {
            Status = VolumeStates.Reverting,
            PreviousStatus = row.Status,
            Generation = row.Generation + 1,
            Source = System.Text.Json.JsonSerializer.Serialize(new Node.Contract.VolumeSourceSpec { SnapshotId = snapshot.Point }, VolumeJson.Wire.VolumeSourceSpec),
        };
        items.Put(tx, reverting);
        tx.Due(VolumeRow.Kind, id);
        return reverting;
    }, stop);
}
