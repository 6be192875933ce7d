using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Attachments;

internal sealed record AttachmentBody(AttachmentWish Attachment);

internal sealed record AttachmentWish(
    string? VolumeUuid = null, string? InstanceUuid = null, Dictionary<string, JsonElement>? Connector = null, string? Mode = null, string? Mountpoint = null);

[JsonSerializable(typeof(AttachmentBody))]
[JsonSerializable(typeof(AttachmentDocument))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class AttachmentJson : JsonSerializerContext
{
    public static readonly AttachmentJson Wire = new(WireJson.Options(refuseUnknown: false));
}

/// <summary>An attachment on the wire.</summary>
internal static class AttachmentView
{
    public static void Short(Utf8JsonWriter json, AttachmentRow row)
    {
        json.WriteString("id", row.Id);
        json.WriteString("volume_id", row.VolumeId);
        json.WriteString("instance", row.ServerId);
        json.WriteString("status", row.Status);
    }

    public static void Full(Utf8JsonWriter json, AttachmentRow row)
    {
        Short(json, row);
        json.WriteString("attach_mode", row.Mode);
        json.TimeOrNull("attached_at", row.AttachedAt);
        json.WriteNull("detached_at");
        json.WriteStartObject("connection_info");
        if (row.Connector is not null) Connection(json, row);
        json.WriteEndObject();
    }

    /// <summary>How a volume is reached: by the node that runs the server, which has it on its manifest.</summary>
    public static void Connection(Utf8JsonWriter json, AttachmentRow row)
    {
        json.WriteString("driver_volume_type", "sovereign");
        json.WriteString("volume_id", row.VolumeId);
        json.WriteString("attachment_id", row.Id);
        json.WriteString("access_mode", row.Mode);
    }
}
