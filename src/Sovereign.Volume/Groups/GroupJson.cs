using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Groups;

internal sealed record GroupBody(GroupWish Group);

internal sealed record GroupWish(
    string GroupType, List<string> VolumeTypes, string? Name = null, string? Description = null, string? AvailabilityZone = null);

internal sealed record GroupUpdateBody(GroupChanges Group);

internal sealed record GroupChanges(
    Optional<string> Name = default, Optional<string> Description = default, string? AddVolumes = null, string? RemoveVolumes = null);

internal sealed record GroupSourceBody([property: JsonPropertyName("create-from-src")] GroupSource CreateFromSrc);

internal sealed record GroupSource(string? GroupSnapshotId = null, string? SourceGroupId = null, string? Name = null, string? Description = null);

[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(GroupUpdateBody))]
[JsonSerializable(typeof(GroupSourceBody))]
[JsonSerializable(typeof(GroupDocument))]
[JsonSerializable(typeof(List<string>))]
internal sealed partial class GroupJson : JsonSerializerContext
{
    public static readonly GroupJson Wire = new(WireJson.Options());
}

/// <summary>A group on the wire.</summary>
internal static class GroupView
{
    public static void Short(Utf8JsonWriter json, GroupRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
    }

    /// <param name="volumes">Ids of its volumes, when they are asked for.</param>
    public static void Full(Utf8JsonWriter json, Call call, GroupRow row, IEnumerable<string>? volumes)
    {
        Short(json, row);
        json.WriteString("status", row.Status);
        json.WriteString("availability_zone", row.Zone);
        json.TimeOrNull("created_at", row.CreatedAt);
        json.WriteString("description", row.Description);
        json.WriteString("group_type", row.TypeId);
        Texts(json, "volume_types", row.Types());
        if (call.Version.Has(14))
        {
            json.WriteString("group_snapshot_id", row.GroupSnapshotId);
            json.WriteString("source_group_id", row.SourceGroupId);
        }

        if (volumes is not null) Texts(json, "volumes", volumes);
        if (call.Version.Has(38)) json.WriteString("replication_status", "disabled");
        if (call.Version.Has(58) && call.Access.Everything) json.WriteString("project_id", row.ProjectId);
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
