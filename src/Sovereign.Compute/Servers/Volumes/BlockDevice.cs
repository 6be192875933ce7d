using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>A volume among a server's disks.</summary>
/// <param name="AttachmentId">Of the volume service.</param>
/// <param name="Device">"/dev/vdb".</param>
/// <param name="Bus">"virtio" or "scsi".</param>
/// <param name="BootIndex">0: it boots from this one; null: it is not for booting.</param>
/// <param name="State">One of <see cref="BlockDeviceStates"/>.</param>
internal sealed record BlockDeviceRow(
    string AttachmentId, string VolumeId, string Device, string Bus, int? BootIndex, bool DeleteOnTermination, string? Tag, string State)
{
    /// <summary>What the volume is made of with the server; null: it was there before.</summary>
    public BlockDeviceSource? Source { get; init; }

    /// <summary>The volume that it is swapped with just now.</summary>
    public BlockDeviceSwap? Swap { get; init; }
}

/// <summary>The volume that comes in the place of another.</summary>
internal sealed record BlockDeviceSwap(string AttachmentId, string VolumeId);

/// <summary>What a volume is made of.</summary>
/// <param name="Type">"image", "snapshot" or "blank".</param>
/// <param name="SizeGib">0: as large as its source.</param>
internal sealed record BlockDeviceSource(string Type, string? Id, long SizeGib, string? VolumeType);

/// <summary>Where a volume is on its way to the guest or from it.</summary>
internal static class BlockDeviceStates
{
    public const string Attaching = "attaching";
    public const string Attached = "attached";
    public const string Detaching = "detaching";
    public const string Swapping = "swapping";
}

/// <summary>The volumes of a server as its row keeps them.</summary>
internal static class BlockDevices
{
    /// <summary>As many letters as there are for device names.</summary>
    public const int DisksMax = 26;

    private const string Virtual = "/dev/vd";

    public static List<BlockDeviceRow> Of(ServerRow row) =>
        row.BlockDevices == "[]" ? [] : JsonSerializer.Deserialize(row.BlockDevices, ServerJson.Wire.ListBlockDeviceRow)!;

    /// <summary>True: it has no root disk of its own.</summary>
    public static bool BootsFromVolume(ServerRow row) => Root(row) is not null;

    /// <summary>The volume that it boots from; null: it has a root disk of its own.</summary>
    public static BlockDeviceRow? Root(ServerRow row) => Of(row).Find(device => device.BootIndex == 0);

    /// <summary>Gives a name to each that has none, in their order; the one that it boots from is the first disk.</summary>
    public static ServerRow Named(ServerRow row)
    {
        var named = new List<BlockDeviceRow>();
        foreach (var device in Of(row))
        {
            var name = device.BootIndex == 0 ? Virtual + "a" : device.Device;
            if (name.Length == 0) name = FreeName(With(row, [.. Of(row).Where(other => other.Device.Length > 0), .. named])) ?? "";
            named.Add(device with { Device = name });
        }

        return With(row, named);
    }

    public static ServerRow With(ServerRow row, IEnumerable<BlockDeviceRow> devices) =>
        row with { BlockDevices = JsonSerializer.Serialize([.. devices], ServerJson.Wire.ListBlockDeviceRow) };

    public static ServerRow With(ServerRow row, BlockDeviceRow changed) =>
        With(row, Of(row).Select(device => device.AttachmentId == changed.AttachmentId ? changed : device));

    /// <summary>The first name that no disk of the server has; null when all are taken.</summary>
    public static string? FreeName(ServerRow row)
    {
        var flavor = row.FlavorThen();
        var taken = Of(row).Select(device => Letter(device.Device)).ToHashSet();
        // The disks of its own come first: root, ephemeral, swap.
        var own = 1 + (flavor.EphemeralGib > 0 ? 1 : 0) + (flavor.SwapMib > 0 ? 1 : 0);
        for (var index = own; index < DisksMax; index++)
        {
            var letter = (char)('a' + index);
            if (!taken.Contains(letter)) return string.Create(CultureInfo.InvariantCulture, $"{Virtual}{letter}");
        }

        return null;
    }

    /// <summary>Whether a disk of the server has this name already, whatever its bus is called.</summary>
    public static bool Taken(ServerRow row, string device) => Letter(device) == 'a' || Of(row).Exists(other => Letter(other.Device) == Letter(device));

    public static bool IsName(string device) =>
        device.StartsWith("/dev/", StringComparison.Ordinal) && device.Length is > 7 and <= 255 && device.AsSpan(5).IndexOfAnyExceptInRange('0', 'z') < 0;

    private static char Letter(string device) => device.Length > 0 ? device[^1] : ' ';
}
