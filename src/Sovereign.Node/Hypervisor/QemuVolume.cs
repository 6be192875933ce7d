using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>QEMU's words for a volume, the same at the start and while a domain runs: a domain that wakes must find each device where it was.</summary>
internal static class QemuVolume
{
    /// <summary>Bus on which volumes come and go: no machine's own bus has room for all.</summary>
    private const string Bus = "disks";

    private const int SlotsMax = 30, ScsiSlot = 31, FirstScsiTarget = 32;

    public static string Bridge(HardwareSpec hardware) =>
        hardware.Machine == "q35" ? $"pcie-pci-bridge,id={Bus},addr=0x1c" : $"pci-bridge,id={Bus},chassis_nr=1,addr=0x1c";

    public static string NodeName(VolumePlace place) => string.Create(CultureInfo.InvariantCulture, $"{VolumeNames.NodePrefix(place.VolumeId)}{place.Head}");

    /// <summary>The block node of a volume over all that it stands on.</summary>
    public static JsonObject Node(VolumePlace place, VolumeDiskSpec disk, bool direct) => Finished(place.Node, place, disk.ReadOnly, direct);

    /// <summary>The block node of what is written to from now on, over what a domain has open.</summary>
    public static JsonObject NodeAlone(VolumePlace place, bool direct)
    {
        var node = Finished(place.NodeAlone!, place, readOnly: false, direct);
        node["backing"] = null;
        return node;
    }

    /// <summary>The block node of a volume that shows no more than its first bytes: QEMU copies between nodes of one size alone.</summary>
    public static JsonObject NodeCut(VolumePlace place, VolumeDiskSpec disk, long sizeBytes, bool direct)
    {
        var whole = Node(place, disk, direct);
        whole["node-name"] = Inner(place);
        return Around(place, whole, sizeBytes);
    }

    /// <summary>The same node, to be opened again, that shows all.</summary>
    public static JsonObject NodeUncut(VolumePlace place) => Around(place, Inner(place), null);

    private static string Inner(VolumePlace place) => "w" + NodeName(place)[1..];

    private static JsonObject Around(VolumePlace place, JsonNode file, long? sizeBytes)
    {
        var node = new JsonObject { ["driver"] = "raw", ["node-name"] = NodeName(place), ["read-only"] = false, ["discard"] = "unmap", ["file"] = file };
        if (sizeBytes is { } size) node["size"] = size;
        return node;
    }

    /// <param name="alone">True: it never comes or goes while the domain runs.</param>
    public static JsonObject Device(VolumeDiskSpec disk, VolumePlace place, bool alone)
    {
        var device = new JsonObject
        {
            ["driver"] = disk.Bus == "scsi" ? "scsi-hd" : "virtio-blk-pci", ["id"] = VolumeNames.Device(disk.VolumeId), ["drive"] = NodeName(place),
            ["serial"] = disk.VolumeId,   // of which a virtio disk shows the first 20 characters
        };
        if (disk.Shared) device["share-rw"] = true;
        if (disk.Bus == "scsi") (device["bus"], device["scsi-id"]) = ("scsi.0", FirstScsiTarget + Place(disk));
        else if (!alone) (device["bus"], device["addr"]) = (Bus, (1 + Slot(disk)).ToString("x", CultureInfo.InvariantCulture));
        return device;
    }

    public static JsonObject ScsiController() =>
        new() { ["driver"] = "virtio-scsi-pci", ["id"] = "scsi", ["bus"] = Bus, ["addr"] = ScsiSlot.ToString("x", CultureInfo.InvariantCulture) };

    /// <summary>Which disk a device's name says it is: "/dev/vdb" is 1.</summary>
    public static int Place(VolumeDiskSpec disk)
    {
        var name = disk.Device[(disk.Device.LastIndexOf('/') + 1)..];
        var letters = name.Length > 2 && name.AsSpan(2).IndexOfAnyExceptInRange('a', 'z') < 0 ? name[2..]
            : throw new NodeException($"'{disk.Device}' is no name of a disk.");
        return letters.Aggregate(0, (number, letter) => (number * 26) + letter - 'a' + 1) - 1;
    }

    private static int Slot(VolumeDiskSpec disk) => Place(disk) < SlotsMax ? Place(disk)
        : throw new NodeException($"The disk {disk.Device} has no place: a server has at most {SlotsMax} disks.");

    private static JsonObject Finished(string text, VolumePlace place, bool readOnly, bool direct)
    {
        var node = JsonNode.Parse(text)!.AsObject();
        node["node-name"] = NodeName(place);
        node["read-only"] = readOnly;
        node["discard"] = "unmap";
        // A pool's images do not pass the page cache of this machine.
        if (!direct || place.NodeAlone is null || place.Files.Count == 0) return node;
        node["cache"] = new JsonObject { ["direct"] = true };
        for (var below = node; below is not null; below = below["backing"] as JsonObject)
            if (below["file"] is JsonObject file) file["aio"] = "native";
        return node;
    }
}
