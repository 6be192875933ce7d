using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Snapshots;

internal sealed record SnapshotBody(SnapshotWish Snapshot);

internal sealed record SnapshotWish(
    string? VolumeId = null, Optional<string> Name = default, Optional<string> DisplayName = default, Optional<string> Description = default,
    Optional<string> DisplayDescription = default, JsonElement? Force = null, Dictionary<string, string?>? Metadata = null);

[JsonSerializable(typeof(SnapshotBody))]
[JsonSerializable(typeof(SnapshotDocument))]
internal sealed partial class SnapshotJson : JsonSerializerContext
{
    public static readonly SnapshotJson Wire = new(WireJson.Options());
}

/// <summary>A snapshot on the wire.</summary>
internal static class SnapshotView
{
    public static void Short(Utf8JsonWriter json, Call call, SnapshotRow row)
    {
        json.WriteString("id", row.Id);
        json.TimeOrNull("created_at", row.CreatedAt);
        json.TimeOrNull("updated_at", row.UpdatedAt);
        json.WriteString("name", row.Name);
        json.WriteString("description", row.Description);
        json.WriteString("volume_id", row.VolumeId);
        json.WriteString("status", row.Status);
        json.WriteNumber("size", row.SizeGib);
        json.Texts("metadata", row.Pairs());
        if (call.Version.Has(41)) json.WriteString("user_id", row.UserId);
        if (call.Version.Has(65)) json.WriteBoolean("consumes_quota", true);
    }

    public static void Full(Utf8JsonWriter json, Call call, SnapshotRow row)
    {
        Short(json, call, row);
        json.WriteString("os-extended-snapshot-attributes:progress", row.Progress);
        json.WriteString("os-extended-snapshot-attributes:project_id", row.ProjectId);
        if (call.Version.Has(14)) json.WriteString("group_snapshot_id", row.GroupSnapshotId);
    }
}
