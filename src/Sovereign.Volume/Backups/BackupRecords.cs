using System.Text;
using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Backups.Keeping;
using Sovereign.Volume.Services;
using Sovereign.Volume.Types;

namespace Sovereign.Volume.Backups;

/// <summary>A backup as it is exported: what the database knows of bytes that the store keeps.</summary>
/// <param name="KeyOwner">Of an encrypted one the project and (<paramref name="KeyOf"/>) the backup that its key was sealed for.</param>
internal sealed record BackupRecord(
    string Id, string VolumeId, string? SnapshotId, string? ParentId, string? Name, string? Description, string? Container, long Size, string Content, long Bytes,
    long StoredBytes, string Digest, long DataTimestamp, Dictionary<string, string>? Metadata, Dictionary<string, string>? VolumeMetadata,
    Dictionary<string, string>? ImageMetadata, bool Bootable, string? VolumeTypeId, string? Key, string? KeyOwner, string? KeyOf);

/// <summary>Records of backups, exported so that they can be imported when a database was lost.</summary>
internal sealed class BackupRecords(KernelServices kernel, IBackupStore store, ZoneService zones)
{
    private const string Drivers = "cinder.backup.drivers.";
    private const long SizeGibMax = int.MaxValue;
    private const int DigestChars = 64;

    /// <summary>What the records of this store say that reads them.</summary>
    public string Service => Drivers + store.Name;

    /// <summary>The record, as one text.</summary>
    public Outcome<string> Export(AccessGrant access, string id) => kernel.Database.Read(session => BackupService.Find(session, access, id)).Then<string>(row =>
        row.Status == BackupStates.Available
            ? Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(Of(row), BackupJson.Wire.BackupRecord))
            : BackupService.Invalid($"Backup status must be available and not {row.Status}."));

    public Task<Outcome<BackupRow>> Import(AccessGrant access, string service, string url, CancellationToken stop)
    {
        if (service != Service) return Task.FromResult<Outcome<BackupRow>>(BackupService.Invalid($"No service here reads records of {service}: this one is {Service}."));
        if (Read(url) is not { } record) return Task.FromResult<Outcome<BackupRow>>(BackupService.Invalid("backup_url is no record of a backup."));
        return kernel.Queue.Write<BackupRow>("volume-backup.import-record", access.Origin, tx => Import(tx, access, record), stop);
    }

    private Outcome<BackupRow> Import(Tx tx, AccessGrant access, BackupRecord record)
    {
        if (access.Caller.ProjectId is not { } project) return new Fault.Forbidden("Backups belong to projects: a token of a project is needed.");
        if (BackupRows.Find(tx, record.Id) is not null) return BackupService.Invalid("Backup already exists in database.");
        if (record.ParentId is { } parent && BackupRows.Find(tx, parent) is null)
        {
            return BackupService.Invalid($"It holds the changes since backup {parent}: import that one first.");
        }

        byte[]? key = null;
        if (record.Key is { } sealedKey)
        {
            var open = record is { KeyOwner: { } owner, KeyOf: { } of } ? kernel.Keys.Open(tx, owner, Convert.FromBase64String(sealedKey), of) : null;
            if (open is null) return BackupService.Invalid("Its key can't be opened here: it was sealed by another cloud, or its project's key was destroyed.");
            key = kernel.Keys.Seal(tx, project, open, record.Id);
        }

        if (VolumeQuotas.TakeBackup(kernel.Quotas, tx, project, record.Size) is { } over) return over;
        var row = new BackupRow
        {
            Id = record.Id, ProjectId = project, UserId = access.Caller.UserId, VolumeId = record.VolumeId, SnapshotId = record.SnapshotId, ParentId = record.ParentId,
            TypeId = record.VolumeTypeId ?? TypeStore.Default(tx, project)?.Id ?? "", Name = record.Name, Description = record.Description,
            Container = record.Container ?? "",
            Zone = zones.Default, SizeGib = record.Size, Metadata = VolumeJson.Texts(record.Metadata ?? []),
            VolumeMetadata = VolumeJson.Texts(record.VolumeMetadata ?? []),
            ImageMetadata = record.ImageMetadata is null ? null : VolumeJson.Texts(record.ImageMetadata), Bootable = record.Bootable, SealedKey = key,
            Content = record.Content, Bytes = record.Bytes, StoredBytes = record.StoredBytes, Digest = record.Digest, DataAt = record.DataTimestamp, CreatedAt = tx.Now,
        };
        BackupRows.Insert(tx, row);
        tx.Record(BackupRow.Kind, row.Id, project, Change.Created, row.Document(), BackupJson.Wire.BackupDocument);
        tx.Due(BackupRow.Kind, row.Id);
        return row;
    }

    private static BackupRecord Of(BackupRow row) => new(
        row.Id, row.VolumeId, row.SnapshotId, row.ParentId, row.Name, row.Description, row.Container, row.SizeGib, row.Content, row.Bytes, row.StoredBytes, row.Digest!,
        row.DataAt, row.Pairs(), VolumeJson.Texts(row.VolumeMetadata), row.ImageMetadata is null ? null : VolumeJson.Texts(row.ImageMetadata), row.Bootable, row.TypeId,
        row.SealedKey is null ? null : Convert.ToBase64String(row.SealedKey), row.SealedKey is null ? null : row.ProjectId, row.SealedKey is null ? null : row.Id);

    /// <summary>Null when it is no record, or one that can't be right.</summary>
    private static BackupRecord? Read(string url)
    {
        try
        {
            var record = JsonSerializer.Deserialize(Encoding.UTF8.GetString(Convert.FromBase64String(url)), BackupJson.Wire.BackupRecord);
            if (record?.Key is { } key) _ = Convert.FromBase64String(key);
            return record is not null && Guid.TryParseExact(record.Id, "D", out _) && Guid.TryParseExact(record.Content, "D", out _)
                && Guid.TryParseExact(record.VolumeId, "D", out _) && record is { Size: >= 1 and <= SizeGibMax, Bytes: >= 0, StoredBytes: >= 0, DataTimestamp: >= 0 }
                && record.Digest.Length == DigestChars && record.Digest.All(char.IsAsciiHexDigitLower) && record.ParentId != record.Id ? record : null;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return null;
        }
    }
}
