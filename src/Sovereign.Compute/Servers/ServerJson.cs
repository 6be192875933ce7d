using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Image;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

internal sealed record ServerCreateBody(
    ServerCreate Server,
    [property: JsonPropertyName("os:scheduler_hints")] Dictionary<string, JsonElement>? SchedulerHints = null,
    [property: JsonPropertyName("OS-SCH-HNT:scheduler_hints")] Dictionary<string, JsonElement>? OldSchedulerHints = null);

internal sealed record ServerCreate(
    string Name,
    [property: JsonPropertyName("flavorRef")] JsonElement FlavorRef,
    [property: JsonPropertyName("imageRef")] string? ImageRef = null,
    [property: JsonPropertyName("adminPass")] string? AdminPass = null,
    [property: JsonPropertyName("accessIPv4")] string? AccessIpv4 = null,
    [property: JsonPropertyName("accessIPv6")] string? AccessIpv6 = null,
    [property: JsonPropertyName("OS-DCF:diskConfig")] string? DiskConfig = null,
    Dictionary<string, string>? Metadata = null, JsonElement? Networks = null, List<SecurityGroupName>? SecurityGroups = null, string? KeyName = null,
    string? UserData = null, JsonElement? ConfigDrive = null, int? MinCount = null, int? MaxCount = null, string? AvailabilityZone = null,
    JsonElement? Personality = null, JsonElement? ReturnReservationId = null, List<BlockDevice>? BlockDeviceMappingV2 = null,
    JsonElement? BlockDeviceMapping = null, Optional<string> Description = default, List<string>? Tags = null, string? Hostname = null, string? Host = null,
    string? HypervisorHostname = null, List<string>? TrustedImageCertificates = null);

internal sealed record SecurityGroupName(string Name);

internal sealed record NetworkAsked(string? Uuid = null, string? Port = null, string? FixedIp = null, string? Tag = null);

internal sealed record BlockDevice(
    JsonElement? BootIndex = null, string? Uuid = null, string? SourceType = null, string? DestinationType = null, JsonElement? DeleteOnTermination = null,
    JsonElement? VolumeSize = null, string? DeviceName = null, string? DeviceType = null, string? DiskBus = null, string? GuestFormat = null,
    JsonElement? NoDevice = null, string? Tag = null, string? VolumeType = null);

internal sealed record ServerUpdateBody(ServerUpdate Server);

internal sealed record ServerUpdate(
    Optional<string> Name = default,
    [property: JsonPropertyName("accessIPv4")] Optional<string> AccessIpv4 = default,
    [property: JsonPropertyName("accessIPv6")] Optional<string> AccessIpv6 = default,
    [property: JsonPropertyName("OS-DCF:diskConfig")] Optional<string> DiskConfig = default,
    Optional<string> Description = default, Optional<string> Hostname = default);

internal sealed record MetadataBody(Dictionary<string, string> Metadata);

internal sealed record MetaBody(Dictionary<string, string> Meta);

internal sealed record TagsBody(List<string> Tags);

internal sealed record RebootArguments(string Type);

internal sealed record ConsoleArguments(JsonElement? Length = null);

internal sealed record LockArguments(string? LockedReason = null);

internal sealed record ResetArguments(string State);

internal sealed record ResizeArguments(
    [property: JsonPropertyName("flavorRef")] JsonElement FlavorRef, [property: JsonPropertyName("OS-DCF:diskConfig")] string? DiskConfig = null);

internal sealed record RebuildArguments(
    [property: JsonPropertyName("imageRef")] string ImageRef,
    [property: JsonPropertyName("adminPass")] string? AdminPass = null,
    [property: JsonPropertyName("accessIPv4")] string? AccessIpv4 = null,
    [property: JsonPropertyName("accessIPv6")] string? AccessIpv6 = null,
    [property: JsonPropertyName("OS-DCF:diskConfig")] string? DiskConfig = null,
    string? Name = null, Dictionary<string, string>? Metadata = null, JsonElement? PreserveEphemeral = null, JsonElement? Personality = null,
    Optional<string> Description = default, Optional<string> KeyName = default, Optional<string> UserData = default,
    List<string>? TrustedImageCertificates = null, string? Hostname = null);

internal sealed record SnapshotArguments(string Name, Dictionary<string, string>? Metadata = null);

internal sealed record BackupArguments(string Name, string BackupType, JsonElement Rotation, Dictionary<string, string>? Metadata = null);

internal sealed record RescueArguments([property: JsonPropertyName("adminPass")] string? AdminPass = null, string? RescueImageRef = null);

/// <param name="AvailabilityZone">From 2.77 on.</param>
/// <param name="Host">From 2.91 on.</param>
internal sealed record UnshelveArguments(Optional<string> AvailabilityZone = default, string? Host = null);

internal sealed record MigrateArguments(string? Host = null);

internal sealed record LiveMigrateArguments(
    string? Host = null, JsonElement? BlockMigration = null, JsonElement? DiskOverCommit = null, JsonElement? Force = null);

internal sealed record EvacuateArguments(
    string? Host = null, [property: JsonPropertyName("adminPass")] string? AdminPass = null,
    [property: JsonPropertyName("onSharedStorage")] JsonElement? OnSharedStorage = null, JsonElement? Force = null);

internal sealed record VolumeAttachmentBody([property: JsonPropertyName("volumeAttachment")] VolumeAttachmentWish VolumeAttachment);

internal sealed record VolumeAttachmentWish(
    [property: JsonPropertyName("volumeId")] string VolumeId, string? Device = null, string? Tag = null, JsonElement? DeleteOnTermination = null);

internal sealed record ExternalEventsBody(List<ExternalEvent> Events);

internal sealed record ExternalEvent(string Name, string ServerUuid, string? Status = null, string? Tag = null);

internal sealed record InterfaceBody([property: JsonPropertyName("interfaceAttachment")] InterfaceAsked InterfaceAttachment);

internal sealed record InterfaceAsked(string? NetId = null, string? PortId = null, List<InterfaceAddress>? FixedIps = null, string? Tag = null);

internal sealed record InterfaceAddress(string IpAddress);

[JsonSerializable(typeof(ServerCreateBody))]
[JsonSerializable(typeof(VolumeAttachmentBody))]
[JsonSerializable(typeof(List<BlockDeviceRow>))]
[JsonSerializable(typeof(List<GuestFileSpec>))]
[JsonSerializable(typeof(List<NetworkAsked>))]
[JsonSerializable(typeof(ServerUpdateBody))]
[JsonSerializable(typeof(MetadataBody))]
[JsonSerializable(typeof(MetaBody))]
[JsonSerializable(typeof(TagsBody))]
[JsonSerializable(typeof(RebootArguments))]
[JsonSerializable(typeof(ConsoleArguments))]
[JsonSerializable(typeof(LockArguments))]
[JsonSerializable(typeof(ResetArguments))]
[JsonSerializable(typeof(ResizeArguments))]
[JsonSerializable(typeof(RebuildArguments))]
[JsonSerializable(typeof(InterfaceBody))]
[JsonSerializable(typeof(SecurityGroupName))]
[JsonSerializable(typeof(ResizeBefore))]
[JsonSerializable(typeof(RescueDisk))]
[JsonSerializable(typeof(ExternalEventsBody))]
[JsonSerializable(typeof(SnapshotArguments))]
[JsonSerializable(typeof(BackupArguments))]
[JsonSerializable(typeof(RescueArguments))]
[JsonSerializable(typeof(UnshelveArguments))]
[JsonSerializable(typeof(MigrateArguments))]
[JsonSerializable(typeof(LiveMigrateArguments))]
[JsonSerializable(typeof(EvacuateArguments))]
[JsonSerializable(typeof(ServerRow))]
[JsonSerializable(typeof(ImageInfo))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(string))]
internal sealed partial class ServerJson : JsonSerializerContext
{
    public static readonly ServerJson Wire = new(WireJson.Options());
}
