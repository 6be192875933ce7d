using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Services;
using Sovereign.Volume.Snapshots;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Backups;

/// <summary>A backup as it is ordered.</summary>
internal sealed record BackupOrder(string VolumeId, string? Name, string? Description, bool Incremental, bool Force)
{
    public string? SnapshotId { get; init; }

    public string? Container { get; init; }

    public string? Zone { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>What users ask of backups.</summary>
internal sealed class BackupService(KernelServices kernel, INodes nodes, BackupBooks books, VolumeBooks volumes, ZoneService zones)
{
    private const int KeyBytes = 32;

    public Outcome<BackupRow> Find(AccessGrant access, string id) => kernel.Database.Read(session => Find(session, access, id));

    public static Outcome<BackupRow> Find(Session session, AccessGrant access, string id) =>
        BackupRows.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : Missing(id);

    public static Fault Missing(string id) => new Fault.NotFound("Backup", id);

    public static Fault Invalid(string why) => new Fault.Invalid("", "Invalid backup: " + why);

    public Task<Outcome<BackupRow>> Create(AccessGrant access, BackupOrder order, CancellationToken stop) => kernel.Queue.Write<BackupRow>(
        "volume-backup.create", access.Origin, tx => Create(tx, access, order), stop);

    public Task<Outcome<BackupRow>> Change(AccessGrant access, string name, string id, Func<Tx, BackupRow, Outcome<BackupRow>> change, CancellationToken stop) =>
        kernel.Queue.Write<BackupRow>(
            "volume-backup." + name, access.Origin, tx => Find(tx, access, id).Then(row => change(tx, row)).Map(row => BackupBooks.Save(tx, row)), stop);

    /// <param name="force">True: whatever its state, for administrators.</param>
    public Task<Outcome<BackupRow>> Delete(AccessGrant access, string id, bool force, CancellationToken stop) => Change(access, "delete", id, (tx, row) =>
    {
        if (row.Deleting && row.Status != BackupStates.ErrorDeleting) return row;
        if (!force && row.Status is not (BackupStates.Available or BackupStates.Error or BackupStates.ErrorDeleting))
        {
            return Invalid("Backup status must be available or error");
        }

        if (BackupRows.HasDependents(tx, id)) return Invalid("Incremental backups exist for this backup.");
        if (row.Status == BackupStates.Creating) books.Fail(tx, row, "It was deleted while it was made.");
        tx.Due(BackupRow.Kind, id);
        return (BackupRows.Find(tx, id) ?? row) with { Status = BackupStates.Deleting, Deleting = true };
    }, stop);

    /// <summary>What an administrator says that it is.</summary>
    public Task<Outcome<Done>> Reset(AccessGrant access, string id, string status, CancellationToken stop) => kernel.Queue.Write<Done>(
        "volume-backup.reset-status",
        access.Origin,
        tx => Find(tx, access, id).Then<Done>(row =>
        {
            if (row.Deleting) return Invalid("It is being deleted.");
            if (status == BackupStates.Available && (row.Digest is null || row.Status == BackupStates.Creating)) return Invalid("The store has no bytes of it.");
            if (row.Status == BackupStates.Creating) books.Fail(tx, row, "An administrator ended it.");
            // Without a reason it keeps its bytes: it may be set back.
            else BackupBooks.Save(tx, row with { Status = status, FailReason = null });
            return Done.Value;
        }),
        stop);

    private Outcome<BackupRow> Create(Tx tx, AccessGrant access, BackupOrder order)
    {
        if (ServiceStore.All(tx).Exists(part => part is { BinaryName: ServiceStore.BackupBinary, Disabled: true }))
        {
            return new Fault.Unavailable("Service cinder-backup could not be found.");
        }

        if (order.Zone is { } zone && !zones.Known(zone)) return VolumeFaults.InvalidInput($"Availability zone '{zone}' is invalid.");
        if (VolumeStore.Find(tx, order.VolumeId) is not { Deleting: false } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(order.VolumeId);
        SnapshotRow? snapshot = null;
        if (order.SnapshotId is { } named)
        {
            snapshot = SnapshotStore.Find(tx, named);
            if (snapshot is null || !access.Covers(snapshot.ProjectId)) return VolumeFaults.Snapshot(named);
        }

        if (Unready(order, volume, snapshot) is { } unready) return unready;
        if (volume.NodeId is null) return VolumeFaults.Unplaced(volume.Id);
        BackupRow? parent = null;
        if (order.Incremental)
        {
            var before = Parent(tx, volume, snapshot);
            if (before.Fault is { } none) return none;
            parent = before.Value;
        }

        if (VolumeQuotas.TakeBackup(kernel.Quotas, tx, volume.ProjectId, volume.SizeGib) is { } over) return over;
        var node = snapshot?.NodeId ?? AttachmentStore.OfVolume(tx, volume.Id).FirstOrDefault(one => one.NodeId is not null)?.NodeId ?? volume.NodeId;
        var since = Point(tx, parent, node);
        var id = kernel.Ids.Uuid();
        var row = new BackupRow
        {
            Id = id, ProjectId = volume.ProjectId, UserId = access.Caller.UserId, VolumeId = volume.Id, SnapshotId = snapshot?.Id,
            ParentId = since is null ? null : parent!.Id,
            TypeId = volume.TypeId, Name = order.Name, Description = order.Description, Container = order.Container ?? "", Zone = order.Zone ?? "",
            SizeGib = snapshot?.SizeGib ?? volume.SizeGib, Metadata = VolumeJson.Texts(order.Metadata), VolumeMetadata = volume.Metadata,
            ImageMetadata = volume.ImageMetadata, Bootable = volume.Bootable, NodeId = node, PointId = snapshot?.Point ?? kernel.Ids.Uuid(), Content = id,
            SealedKey = !volume.Encrypted ? null : kernel.Keys.Seal(tx, volume.ProjectId, kernel.Randomness.Bytes(KeyBytes), id),
            DataAt = snapshot?.CreatedAt ?? tx.Now, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        Begin(tx, row, volume, snapshot, since);
        return row;
    }

    private void Begin(Tx tx, BackupRow row, VolumeRow volume, SnapshotRow? snapshot, string? since)
    {
        BackupRows.Insert(tx, row);
        tx.Record(BackupRow.Kind, row.Id, row.ProjectId, Kernel.Journal.Change.Created, row.Document(), BackupJson.Wire.BackupDocument);
        if (snapshot is not null) SnapshotService.Save(tx, snapshot with { Status = SnapshotStates.BackingUp });
        else
        {
            volumes.Save(tx, volume with { Status = VolumeStates.BackingUp, PreviousStatus = volume.Status });
            nodes.Put(tx, row.NodeId!, new ManifestItem(ItemKinds.VolumeSnapshot, row.PointId!, 0)
            {
                VolumeSnapshot = new VolumeSnapshotSpec(row.PointId!, volume.Id, volume.Status == VolumeStates.InUse),
            });
        }

        books.Send(tx, row, since);
        tx.Due(BackupRow.Kind, row.Id);
    }

    private static Fault? Unready(BackupOrder order, VolumeRow volume, SnapshotRow? snapshot)
    {
        if (snapshot is not null)
        {
            if (snapshot.VolumeId != volume.Id) return VolumeFaults.InvalidInput($"Snapshot {snapshot.Id} is not one of volume {volume.Id}.");
            return snapshot.Status == SnapshotStates.Available
                ? null
                : new Fault.Invalid("", $"Invalid snapshot: Snapshot to be backed up must be available, but the current status is \"{snapshot.Status}\".");
        }

        return volume.Status switch
        {
            VolumeStates.Available => null,
            VolumeStates.InUse when order.Force => null,
            VolumeStates.InUse => VolumeFaults.InvalidVolume("Backing up an in-use volume must use the force flag."),
            _ => VolumeFaults.InvalidVolume($"Volume to be backed up must be available or in-use, but the current status is \"{volume.Status}\"."),
        };
    }

    /// <summary>The newest backup before the moment that the new one shows.</summary>
    private static Outcome<BackupRow> Parent(Tx tx, VolumeRow volume, SnapshotRow? snapshot)
    {
        var latest = BackupRows.OfVolume(tx, volume.Id).LastOrDefault(row =>
            row.ProjectId == volume.ProjectId && row.Status == BackupStates.Available && (snapshot is null || row.DataAt < snapshot.CreatedAt));
        return latest is null ? Invalid("No backups available to do an incremental backup.") : latest;
    }

    /// <summary>What the changes since a backup can be read from; null: nothing any more, so that all is taken.</summary>
    private static string? Point(Tx tx, BackupRow? parent, string node) =>
        parent is { PointId: { } point } && parent.NodeId == node && (parent.OwnsPoint || SnapshotStore.OfPoint(tx, point) is { Deleting: false }) ? point : null;
}
