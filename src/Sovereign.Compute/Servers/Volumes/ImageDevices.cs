using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Image;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Servers.Volumes;

/// <summary>Disks that an image names instead of bytes of its own ("block_device_mapping" and "bdm_v2" among its properties).</summary>
internal static class ImageDevices
{
    public const string Mapping = "block_device_mapping";
    public const string Second = "bdm_v2";
    public const string RootName = "root_device_name";

    /// <summary>The order with the disks that its image names; those that the user names come before them.</summary>
    public static Outcome<ServerOrder> Merge(ServerOrder order, ImageInfo image)
    {
        var read = Of(image);
        if (read.Fault is { } wrong) return wrong;
        var own = order.Devices;
        var others = read.Value.Where(device =>
            !own.Any(one => (one.BootIndex == 0 && device.BootIndex == 0) || (one.Device.Length > 0 && one.Device == device.Device)));
        return order with { Devices = [.. own.Concat(others).OrderByDescending(device => device.BootIndex == 0)] };
    }

    /// <summary>What an image of a server says of one of its volumes.</summary>
    public static JsonObject Of(BlockDeviceRow device, string snapshotId, long sizeGib) => new()
    {
        ["source_type"] = "snapshot", ["destination_type"] = "volume", ["snapshot_id"] = snapshotId, ["volume_id"] = null, ["image_id"] = null,
        ["boot_index"] = device.BootIndex, ["volume_size"] = sizeGib, ["volume_type"] = null, ["delete_on_termination"] = device.DeleteOnTermination,
        ["device_name"] = device.Device, ["device_type"] = "disk", ["disk_bus"] = device.Bus, ["guest_format"] = null, ["no_device"] = null,
        ["tag"] = device.Tag,
    };

    private static Outcome<IReadOnlyList<BlockDeviceRow>> Of(ImageInfo image)
    {
        var devices = new List<BlockDeviceRow>();
        var second = string.Equals(image.Properties.GetValueOrDefault(Second), "true", StringComparison.OrdinalIgnoreCase);
        if (!second || !image.Properties.TryGetValue(Mapping, out var text)) return devices;

        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return Wrong(image, "it is no list");
            foreach (var element in document.RootElement.EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.Object) return Wrong(image, "one of its devices is no object");
                var asked = Asked(element);
                if (Wire.Truth(asked.NoDevice, false) == true) continue;
                var device = BlockDeviceOrder.One(asked, ComputeVersions.Table.Max);
                if (device.Fault is { } wrong) return wrong;
                // Its own local disks are those of the flavor.
                if (device.Value.Source is not { Type: "image" or "blank" } || asked.DestinationType == "volume") devices.Add(device.Value);
            }
        }
        catch (JsonException)
        {
            return Wrong(image, "it is no JSON");
        }

        return devices.Count < BlockDevices.DisksMax ? devices : Wrong(image, "it has too many devices");
    }

    /// <summary>The members that are known; others are left alone, since anybody may write properties.</summary>
    private static BlockDevice Asked(JsonElement element)
    {
        JsonElement? Any(string name) => element.TryGetProperty(name, out var value) ? value.Clone() : null;
        string? Text(string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var source = Text("source_type");
        return new BlockDevice(
            Any("boot_index"), Text((source ?? "volume") + "_id") ?? Text("uuid"), source, Text("destination_type"), Any("delete_on_termination"), Any("volume_size"),
            Text("device_name"), Text("device_type"), Text("disk_bus"), Text("guest_format"), Any("no_device"), Text("tag"), Text("volume_type"));
    }

    private static Fault.Invalid Wrong(ImageInfo image, string why) =>
        new("imageRef", $"Block Device Mapping is Invalid: that of image {image.Id} can't be read: {why}.");
}
