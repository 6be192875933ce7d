using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Volumes;

internal sealed record VolumeCreateBody(VolumeWish Volume);

/// <summary>Clients of all ages send more members than these; the original lets them pass.</summary>
internal sealed record VolumeWish(
    JsonElement? Size = null, string? Name = null, string? DisplayName = null, string? Description = null, string? DisplayDescription = null,
    string? VolumeType = null, string? AvailabilityZone = null, string? SnapshotId = null, string? SourceVolid = null, string? BackupId = null,
    [property: JsonPropertyName("imageRef")] string? ImageRef = null, string? ImageId = null, string? ConsistencygroupId = null, string? GroupId = null,
    Dictionary<string, string?>? Metadata = null, JsonElement? Multiattach = null);

internal sealed record VolumeUpdateBody(VolumeChanges Volume);

internal sealed record VolumeChanges(
    Optional<string> Name = default, Optional<string> DisplayName = default, Optional<string> Description = default, Optional<string> DisplayDescription = default,
    Dictionary<string, string?>? Metadata = null);

[JsonSerializable(typeof(VolumeCreateBody))]
[JsonSerializable(typeof(VolumeDocument))]
internal sealed partial class VolumesJson : JsonSerializerContext
{
    public static readonly VolumesJson Wire = new(WireJson.Options(refuseUnknown: false));
}

[JsonSerializable(typeof(VolumeUpdateBody))]
internal sealed partial class StrictJson : JsonSerializerContext
{
    public static readonly StrictJson Wire = new(WireJson.Options());
}
