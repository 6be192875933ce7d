using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.GroupSnapshots;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Snapshots;

/// <summary>What users ask of snapshots.</summary>
internal sealed class SnapshotService(KernelServices kernel, INodes nodes)
{
    public Outcome<SnapshotRow> Find(AccessGrant access, string id) => kernel.Database.Read(session => Find(session, access, id));

    public static Outcome<SnapshotRow> Find(Session session, AccessGrant access, string id) =>
        SnapshotStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : VolumeFaults.Snapshot(id);

    /// <param name="force">True: also of a volume that is attached.</param>
    public Outcome<SnapshotRow> Create(
        Tx tx, AccessGrant access, string volumeId, string? name, string? description, IReadOnlyDictionary<string, string> metadata, bool force)
    {
        if (VolumeStore.Find(tx, volumeId) is not { } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(volumeId);
        var made = Insert(tx, access, volume, name, description, metadata, force, null);
        if (made.Ok) Put(tx, made.Value, made.Value.Quiesced, null);
        return made;
    }

    /// <summary>Makes a snapshot of each volume, all at one moment.</summary>
    public Outcome<Done> CreateTogether(Tx tx, AccessGrant access, IReadOnlyList<VolumeRow> volumes, GroupSnapshotRow group)
    {
        var rows = new List<SnapshotRow>();
        foreach (var volume in volumes)
        {
            var made = Insert(tx, access, volume, group.Name, group.Description, new Dictionary<string, string>(), force: true, group.Id);
            if (made.Fault is { } wrong) return wrong;
            rows.Add(made.Value);
        }

        foreach (var row in rows)
        {
            Put(tx, row, rows.Exists(one => one.Quiesced), rows.Where(one => one.NodeId == row.NodeId).ToDictionary(one => one.Id, one => one.VolumeId));
        }

        return Done.Value;
    }

    /// <summary>Whether its node has it.</summary>
    public bool Made(Session session, SnapshotRow row) =>
        row.NodeId is not null && nodes.Observed(session, row.NodeId, ItemKinds.VolumeSnapshot, row.Point) is { State: ItemState.Present };

    private Outcome<SnapshotRow> Insert(
        Tx tx, AccessGrant access, VolumeRow volume, string? name, string? description, IReadOnlyDictionary<string, string> metadata, bool force, string? group)
    {
        var volumeId = volume.Id;
        if (volume.Status != VolumeStates.Available && !(force && volume.Status == VolumeStates.InUse))
        {
            return VolumeFaults.InvalidVolume($"Volume {volumeId} status must be available, but current status is: {volume.Status}.");
        }

        if (volume.NodeId is null) return VolumeFaults.Unplaced(volumeId);
        if (VolumeQuotas.TakeSnapshot(kernel.Quotas, tx, volume.ProjectId, volume.TypeId, volume.SizeGib) is { } over) return over;
        var at = AttachmentStore.OfVolume(tx, volumeId).FirstOrDefault(attachment => attachment.NodeId is not null)?.NodeId;
        var row = new SnapshotRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = volume.ProjectId, UserId = access.Caller.UserId, VolumeId = volumeId, TypeId = volume.TypeId, Name = name,
            Description = description, SizeGib = volume.SizeGib, Metadata = VolumeJson.Texts(metadata), NodeId = at ?? volume.NodeId,
            Quiesced = volume.Status == VolumeStates.InUse, GroupSnapshotId = group, CreatedAt = tx.Now,
        };
        SnapshotStore.Insert(tx, row);
        tx.Record(SnapshotRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Created, row.Document(), SnapshotJson.Wire.SnapshotDocument);
        tx.Due(SnapshotRow.Kind, row.Id);
        return row;
    }

    private void Put(Tx tx, SnapshotRow row, bool freeze, Dictionary<string, string>? together) =>
        nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.VolumeSnapshot, row.Id, 0)
        {
            VolumeSnapshot = new VolumeSnapshotSpec(row.Id, row.VolumeId, freeze) { Together = together },
        });

    public Task<Outcome<SnapshotRow>> Order(
        AccessGrant access, string volumeId, string? name, string? description, IReadOnlyDictionary<string, string> metadata, bool force, CancellationToken stop) =>
        kernel.Queue.Write<SnapshotRow>(
            "volume-snapshot.create", access.Origin, tx => Create(tx, access, volumeId, name, description, metadata, force), stop);

    public Task<Outcome<SnapshotRow>> Change(AccessGrant access, string id, Func<Tx, SnapshotRow, Outcome<SnapshotRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<SnapshotRow>(
            "volume-snapshot.update",
            access.Origin,
            tx => Find(tx, access, id).Then(row => change(tx, row)).Map(row => Save(tx, row)),
            stop);

    /// <param name="force">True: whatever its state, for administrators.</param>
    public Task<Outcome<SnapshotRow>> Delete(AccessGrant access, string id, bool force, CancellationToken stop) => Change(
        access,
        id,
        (tx, row) => !force && (row.GroupSnapshotId is not null || row.Status is not (SnapshotStates.Available or SnapshotStates.Error or SnapshotStates.ErrorDeleting))
            ? new Fault.Invalid("", "Invalid snapshot: Snapshot status must be available or error or error_deleting and must not be part of a group.")
            : Begin(tx, row),
        stop);

    /// <summary>Begins the deletion of a snapshot; saved by the caller.</summary>
    public static SnapshotRow Begin(Tx tx, SnapshotRow row)
    {
        tx.Due(SnapshotRow.Kind, row.Id);
        return row with { Status = SnapshotStates.Deleting, Deleting = true };
    }

    public static SnapshotRow Save(Tx tx, SnapshotRow row)
    {
        var saved = row with { UpdatedAt = tx.Now };
        SnapshotStore.Update(tx, saved);
        tx.Record(SnapshotRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Updated, saved.Document(), SnapshotJson.Wire.SnapshotDocument);
        if (row.GroupSnapshotId is { } group) tx.Due(GroupSnapshotRow.Kind, group);
        return saved;
    }
}
