using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Volume.Types;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Backups;

/// <summary>Volumes made of backups: new ones, and those that are there and get the content of a backup.</summary>
internal sealed class BackupRestoring(KernelServices kernel, VolumeCreation creation, VolumeItems items, VolumeBooks volumes)
{
    private const string SourceName = "src_backup_id";

    /// <summary>Names the volume that it is restored to: the one that was asked for, or a new one.</summary>
    public Task<Outcome<VolumeRow>> Restore(AccessGrant access, string id, string? volumeId, string? name, CancellationToken stop) => kernel.Queue.Write<VolumeRow>(
        "volume-backup.restore",
        access.Origin,
        tx => volumeId is null
            ? creation.Create(tx, access, new VolumeOrder(name ?? "restore_backup_" + id, null, 0) { BackupId = id, Restoring = true })
            : Onto(tx, access, id, volumeId),
        stop);

    /// <summary>What a volume begins as that is made of a backup.</summary>
    public static Outcome<VolumeSource> Source(Session session, AccessGrant access, string id) => Ready(session, access, id).Map(row => new VolumeSource
    {
        Spec = Spec(session, row), SizeGib = row.SizeGib, What = "backup", TypeId = TypeStore.Find(session, row.TypeId)?.Id, Bootable = row.Bootable,
        ImageMetadata = row.ImageMetadata, Encrypted = row.SealedKey is not null, Metadata = Metadata(row), Backup = row,
    });

    private Outcome<VolumeRow> Onto(Tx tx, AccessGrant access, string id, string volumeId)
    {
        var ready = Ready(tx, access, id);
        if (ready.Fault is { } unready) return unready;
        var row = ready.Value;
        if (VolumeStore.Find(tx, volumeId) is not { } volume || !access.Covers(volume.ProjectId)) return VolumeFaults.Volume(volumeId);
        if (volume.Status != VolumeStates.Available) return VolumeFaults.InvalidVolume("Volume to be restored to must be available");
        if (volume.NodeId is null) return VolumeFaults.Unplaced(volumeId);
        if (volume.SizeGib < row.SizeGib)
        {
            return VolumeFaults.InvalidVolume($"volume size {volume.SizeGib} is too small to restore backup of size {row.SizeGib}.");
        }

        if (row.SealedKey is not null && !volume.Encrypted)
        {
            return VolumeFaults.InvalidVolume("The backup is of an encrypted volume, and this one is not: its content would become plain.");
        }

        BackupBooks.Restore(tx, row);
        var pairs = volume.Pairs();
        foreach (var (key, value) in Metadata(row)) pairs[key] = value;
        var restoring = volumes.Save(tx, volume with
        {
            Status = VolumeStates.RestoringBackup,
            PreviousStatus = volume.Status,
            Generation = volume.Generation + 1,
            BackupId = row.Id,
            Bootable = row.Bootable,
            Source = JsonSerializer.Serialize(Spec(tx, row), VolumeJson.Wire.VolumeSourceSpec),
            Metadata = VolumeJson.Texts(pairs),
            ImageMetadata = row.ImageMetadata,
        });
        items.Put(tx, restoring);
        tx.Due(VolumeRow.Kind, volumeId);
        return restoring;
    }

    private static Outcome<BackupRow> Ready(Session session, AccessGrant access, string id) => BackupService.Find(session, access, id).Then<BackupRow>(row =>
        row.Status == BackupStates.Available ? row : BackupService.Invalid("Backup status must be available"));

    private static VolumeSourceSpec Spec(Session session, BackupRow row) => new()
    {
        Contents = BackupRows.Chain(session, row).ConvertAll(one => new KeptContentSpec(one.Id, one.Digest!, one.Bytes)),
    };

    private static Dictionary<string, string> Metadata(BackupRow row)
    {
        var pairs = VolumeJson.Texts(row.VolumeMetadata);
        pairs[SourceName] = row.Id;
        return pairs;
    }
}
