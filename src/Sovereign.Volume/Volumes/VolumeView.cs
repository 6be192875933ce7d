using System.Text.Json;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Control;
using Sovereign.Volume.Attachments;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Volumes;

/// <summary>What is shown of a page of volumes beside their rows, read at once.</summary>
internal sealed record VolumeSight(IReadOnlyDictionary<string, TypeRow> Types, ILookup<string, AttachmentRow> Attachments)
{
    public static VolumeSight Of(Session session, IReadOnlyList<VolumeRow> rows) =>
        new(TypeStore.ById(session), AttachmentStore.OfVolumes(session, rows.Select(row => row.Id).ToList()));
}

/// <summary>A volume on the wire.</summary>
internal sealed class VolumeView(INodes nodes)
{
    public static void Short(Utf8JsonWriter json, Call call, VolumeRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        Lists.Links(json, call, row.ProjectId, "volumes/" + row.Id);
    }

    /// <param name="made">True for the answer to an order, which shows less.</param>
    public void Full(Utf8JsonWriter json, Call call, VolumeRow row, VolumeSight sight, bool made = false)
    {
        json.WriteString("id", row.Id);
        json.WriteString("status", row.Status);
        json.WriteNumber("size", row.SizeGib);
        json.WriteString("availability_zone", row.Zone);
        json.TimeOrNull("created_at", row.CreatedAt);
        json.TimeOrNull("updated_at", row.UpdatedAt);
        json.WriteString("name", row.Name);
        json.WriteString("description", row.Description);
        json.WriteString("volume_type", sight.Types.GetValueOrDefault(row.TypeId)?.Name);
        json.WriteString("snapshot_id", row.SnapshotId);
        json.WriteString("source_volid", row.SourceVolumeId);
        json.Texts("metadata", Metadata(row));
        Lists.Links(json, call, row.ProjectId, "volumes/" + row.Id);
        json.WriteString("user_id", row.UserId);
        json.WriteString("bootable", row.Bootable && row.LaunchedAt > 0 ? "true" : "false");
        json.WriteBoolean("encrypted", row.Encrypted);
        json.WriteNull("replication_status");
        json.WriteNull("consistencygroup_id");
        json.WriteBoolean("multiattach", row.Multiattach);
        Attached(json, call, row, sight);
        if (call.Access.Everything) json.WriteNull("migration_status");
        if (!made) More(json, call, row);
        Newer(json, call, row);
    }

    /// <summary>With what was said of its writing, which clients of the original look for here.</summary>
    private static Dictionary<string, string> Metadata(VolumeRow row)
    {
        var pairs = row.Pairs();
        if (row.ReadOnly != 0) pairs["readonly"] = row.MayNotBeWritten ? "True" : "False";
        return pairs;
    }

    private static void Attached(Utf8JsonWriter json, Call call, VolumeRow row, VolumeSight sight)
    {
        json.WriteStartArray("attachments");
        foreach (var attachment in sight.Attachments[row.Id].Where(one => one.Status is AttachmentStates.Attached or AttachmentStates.Detaching))
        {
            json.WriteStartObject();
            json.WriteString("id", row.Id);
            json.WriteString("attachment_id", attachment.Id);
            json.WriteString("volume_id", row.Id);
            json.WriteString("server_id", attachment.ServerId);
            json.WriteString("host_name", call.Access.Everything ? attachment.HostName : null);
            json.WriteString("device", attachment.Device);
            json.TimeOrNull("attached_at", attachment.AttachedAt);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void More(Utf8JsonWriter json, Call call, VolumeRow row)
    {
        if (call.Access.Everything)
        {
            var host = row.NodeId is { } id && nodes.Find(id) is { } node ? $"{node.HostName}@{row.Backend}#{row.Backend}" : null;
            json.WriteString("os-vol-host-attr:host", host);
            json.WriteNull("os-vol-mig-status-attr:migstat");
            json.WriteNull("os-vol-mig-status-attr:name_id");
        }

        json.WriteString("os-vol-tenant-attr:tenant_id", row.ProjectId);
        if (row.ImageMetadata is not null && row.LaunchedAt > 0) json.Texts("volume_image_metadata", row.ImagePairs());
    }

    /// <summary>Members that came with microversions.</summary>
    private static void Newer(Utf8JsonWriter json, Call call, VolumeRow row)
    {
        if (call.Version.Has(13)) json.WriteString("group_id", row.GroupId);
        if (call.Version.Has(21) && call.Access.Everything) json.WriteNull("provider_id");
        if (call.Version.Has(48))
        {
            json.WriteNull("service_uuid");
            if (call.Version.Has(69)) json.WriteNull("shared_targets");
            else json.WriteBoolean("shared_targets", false);
        }

        if (call.Version.Has(61) && call.Access.Everything) json.WriteNull("cluster_name");
        if (call.Version.Has(63)) json.WriteString("volume_type_id", row.TypeId);
        if (call.Version.Has(64) && row.Encrypted) json.WriteString("encryption_key_id", KeyName.Of(row));
        if (call.Version.Has(65)) json.WriteBoolean("consumes_quota", true);
    }
}

/// <summary>The name of a key: its secret's id; of what is older than the key manager, and of backups, derived from what it is the key of.</summary>
internal static class KeyName
{
    public static string Of(VolumeRow row) => row.KeyId ?? Of(row.Id);

    public static string Of(string volumeId)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("volume-key/" + volumeId));
        return new Guid(hash.AsSpan(0, 16)).ToString("D");
    }
}
