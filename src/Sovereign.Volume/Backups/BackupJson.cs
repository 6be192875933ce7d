using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Backups;

internal sealed record BackupBody(BackupWish Backup);

internal sealed record BackupWish(
    string VolumeId, string? Name = null, string? Description = null, string? Container = null, JsonElement? Force = null, JsonElement? Incremental = null,
    string? SnapshotId = null, string? AvailabilityZone = null, Dictionary<string, string?>? Metadata = null);

internal sealed record BackupUpdateBody(BackupChanges Backup);

internal sealed record BackupChanges(Optional<string> Name = default, Optional<string> Description = default, Dictionary<string, string?>? Metadata = null);

internal sealed record RestoreBody(RestoreWish Restore);

internal sealed record RestoreWish(string? VolumeId = null, string? Name = null);

internal sealed record RecordBody([property: JsonPropertyName("backup-record")] RecordWish Record);

internal sealed record RecordWish(string BackupService, string BackupUrl);

[JsonSerializable(typeof(BackupBody))]
[JsonSerializable(typeof(BackupUpdateBody))]
[JsonSerializable(typeof(RestoreBody))]
[JsonSerializable(typeof(RecordBody))]
internal sealed partial class BackupRequests : JsonSerializerContext
{
    public static readonly BackupRequests Wire = new(WireJson.Options());
}

[JsonSerializable(typeof(BackupRecord))]
[JsonSerializable(typeof(BackupDocument))]
internal sealed partial class BackupJson : JsonSerializerContext
{
    public static readonly BackupJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>A backup on the wire.</summary>
internal static class BackupView
{
    public static void Short(Utf8JsonWriter json, Call call, BackupRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        Lists.Links(json, call, row.ProjectId, "backups/" + row.Id);
    }

    /// <param name="parent">True: others hold the changes since it.</param>
    public static void Full(Utf8JsonWriter json, Call call, BackupRow row, bool parent)
    {
        json.WriteString("id", row.Id);
        json.WriteString("status", row.Status);
        json.WriteNumber("size", row.SizeGib);
        json.WriteNumber("object_count", row.Digest is null ? 0 : 1);
        json.WriteString("availability_zone", row.Zone.Length > 0 ? row.Zone : null);
        json.WriteString("container", row.Container.Length > 0 ? row.Container : null);
        json.TimeOrNull("created_at", row.CreatedAt);
        json.TimeOrNull("updated_at", row.UpdatedAt);
        json.WriteString("name", row.Name);
        json.WriteString("description", row.Description);
        json.WriteString("fail_reason", row.FailReason);
        json.WriteString("volume_id", row.VolumeId);
        Lists.Links(json, call, row.ProjectId, "backups/" + row.Id);
        json.WriteBoolean("is_incremental", row.ParentId is not null);
        json.WriteBoolean("has_dependent_backups", parent);
        json.WriteString("snapshot_id", row.SnapshotId);
        json.TimeOrNull("data_timestamp", row.DataAt);
        if (call.Version.Has(18) && call.Access.Everything) json.WriteString("os-backup-project-attr:project_id", row.ProjectId);
        if (call.Version.Has(43)) json.Texts("metadata", row.Pairs());
        if (call.Version.Has(56)) json.WriteString("user_id", row.UserId);
        if (call.Version.Has(64) && row.SealedKey is not null) json.WriteString("encryption_key_id", Volumes.KeyName.Of(row.Id));
    }
}
