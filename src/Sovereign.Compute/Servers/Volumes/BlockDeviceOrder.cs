using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Disks that a new server is to have ("block_device_mapping_v2" of the API reference), as far as they are right in themselves.</summary>
/// <param name="ImageRef">The image that its own root disk is made of, unless it boots from a volume; "": none.</param>
/// <param name="Devices">The volumes, the one that it boots from first.</param>
internal sealed record BlockDeviceOrder(string ImageRef, IReadOnlyList<BlockDeviceRow> Devices)
{
    private const long SizeMaxGib = 1 << 20;
    private const string Wrong = "Block Device Mapping is Invalid: ";

    public static Outcome<BlockDeviceOrder> Read(string? imageRef, IReadOnlyList<BlockDevice> asked, Microversion version)
    {
        var image = Wire.LastPart(imageRef ?? "");
        var devices = new List<BlockDeviceRow>();
        var roots = 0;
        foreach (var device in asked.Where(device => Wire.Truth(device.NoDevice, false) != true))
        {
            var read = One(device, version);
            if (read.Fault is { } wrong) return wrong;
            if (read.Value.BootIndex == 0) roots++;
            if (read.Value.Source is { Type: "image" } own && device.DestinationType is null or "local")
            {
                if (read.Value.BootIndex != 0 || (image.Length > 0 && image != own.Id)) return Invalid("an image on a local disk is what the server boots from.");
                image = own.Id!;
                continue;
            }

            devices.Add(read.Value);
        }

        // An image beside a volume to boot from says what the server is like, and is not copied.
        if (roots > 1) return Invalid("Boot sequence for the instance and image/block device mapping combination is not valid.");

        if (image.Length == 0 && !devices.Exists(device => device.BootIndex == 0))
        {
            return new Fault.Invalid("imageRef", "Invalid imageRef provided: a server boots from an image, or from a volume with boot_index 0.");
        }

        if (image.Length > 0 && !Guid.TryParseExact(image, "D", out _)) return new Fault.Invalid("imageRef", "Invalid imageRef provided.");
        if (devices.Count >= BlockDevices.DisksMax) return Invalid($"a server has at most {BlockDevices.DisksMax} disks.");
        return new BlockDeviceOrder(image, [.. devices.OrderByDescending(device => device.BootIndex == 0)]);
    }

    /// <summary>One disk, as far as it is right in itself.</summary>
    internal static Outcome<BlockDeviceRow> One(BlockDevice device, Microversion version)
    {
        var (source, destination) = (device.SourceType ?? "blank", device.DestinationType ?? (device.SourceType is "volume" or "snapshot" ? "volume" : "local"));
        if (source is not ("image" or "volume" or "snapshot" or "blank")) return Invalid($"source_type is image, volume, snapshot or blank, not {Short(source)}.");
        if (destination is not ("local" or "volume")) return Invalid($"destination_type is local or volume, not {Short(destination)}.");
        if (source is "volume" or "snapshot" && destination == "local") return Invalid($"a {source} is no local disk.");
        if (source == "blank" && destination == "local") return Invalid("empty local disks come with the flavor (ephemeral, swap).");
        if (source != "blank" && !Guid.TryParseExact(device.Uuid ?? "", "D", out _)) return Invalid($"the uuid of a {source} is missing or no UUID.");
        var boot = Number(device.BootIndex);
        var size = Number(device.VolumeSize);
        if (boot is { Ok: false } || size is { Ok: false }) return Invalid("boot_index and volume_size are numbers.");
        if (size.Value is < 0 or > SizeMaxGib || (size.Value is null or 0 && destination == "volume" && source is "image" or "blank"))
        {
            return Invalid("Images and blank devices with destination_type 'volume' need to have a non-zero size specified.");
        }

        if (Wire.Truth(device.DeleteOnTermination, false) is not { } delete) return Invalid("delete_on_termination is a boolean.");
        if (device.Tag is not null && !version.Has(32)) return Wire.Unexpected("tag");
        if (device.VolumeType is not null && !version.Has(67)) return Wire.Unexpected("volume_type");
        if (device.DeviceName is { } name && !BlockDevices.IsName(Path(name))) return Invalid($"device_name {Short(name)} is not valid.");
        return new BlockDeviceRow(
            "", source == "volume" ? device.Uuid! : "", device.DeviceName is { } given ? Path(given) : "", device.DiskBus == "scsi" ? "scsi" : "virtio",
            boot.Value is >= 0 ? (int)boot.Value : null, delete, device.Tag, BlockDeviceStates.Attaching)
        {
            Source = source == "volume" ? null : new BlockDeviceSource(source, device.Uuid, size.Value ?? 0, device.VolumeType),
        };
    }

    /// <summary>Numbers arrive as texts, too.</summary>
    private static Outcome<long?> Number(JsonElement? element) => element switch
    {
        null or { ValueKind: JsonValueKind.Null } => Outcome.Of<long?>(null),
        { ValueKind: JsonValueKind.Number } given when given.TryGetInt64(out var number) => number,
        { ValueKind: JsonValueKind.String } given
            when long.TryParse(given.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => new Fault.Invalid("", ""),
    };

    private static string Path(string name) => name.StartsWith("/dev/", StringComparison.Ordinal) ? name : "/dev/" + name;

    private static string Short(string text) => text.Length > 64 ? text[..64] : text;

    private static Fault.Invalid Invalid(string why) => new("block_device_mapping_v2", Wrong + why);
}
