using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>QEMU's arguments for a domain's disks, in the order in which the guest is to see them.</summary>
internal static class QemuDisks
{
    private sealed record Disk(string Node, string Blockdev, string Bus, bool Cdrom, int? BootIndex)
    {
        /// <summary>JSON of its device; null: made from the rest.</summary>
        public JsonObject? Device { get; init; }

        /// <summary>More properties of a device that is made from the rest.</summary>
        public string More { get; init; } = "";
    }

    public static IEnumerable<string> Arguments(DomainSpec domain, DomainDisks disks, DomainFiles files, bool direct)
    {
        foreach (var place in disks.Volumes.Where(place => place.Key is not null))
        {
            var id = VolumeNames.Secret(place.VolumeId);
            yield return "-object";
            yield return $"secret,id={id},file={QemuCommandLine.Escape(files.Secret(id))}";
        }

        var (all, q35) = (InOrder(domain, disks, direct), domain.Hardware.Machine == "q35");
        if (all.Exists(disk => disk.Bus == "scsi")) yield return "-device";
        if (all.Exists(disk => disk.Bus == "scsi"))
            yield return all.Exists(disk => disk.Bus == "scsi" && disk.Device is null) ? "virtio-scsi-pci,id=scsi" : QemuVolume.ScsiController().ToJsonString();
        if (all.Exists(disk => disk.Bus == "usb")) yield return "-device";
        if (all.Exists(disk => disk.Bus == "usb")) yield return "qemu-xhci,id=usb";
        var ide = 0;
        foreach (var disk in all)
        {
            yield return "-blockdev";
            yield return disk.Blockdev;
            yield return "-device";
            if (disk.Device is { } made)
            {
                if (disk.BootIndex is { } index) made["bootindex"] = index;
                yield return made.ToJsonString();
                continue;
            }

            var device = Device(disk, q35, disk.Bus == "ide" ? ide++ : 0) + disk.More;
            yield return disk.BootIndex is { } boot ? string.Create(CultureInfo.InvariantCulture, $"{device},bootindex={boot}") : device;
        }
    }

    private static List<Disk> InOrder(DomainSpec domain, DomainDisks disks, bool direct)
    {
        var (bus, after) = (domain.Hardware.DiskBus, disks.Rescue is null ? 0 : 1);
        var all = new List<Disk>();
        var volumes = domain.Volumes.Zip(disks.Volumes).OrderBy(pair => QemuVolume.Place(pair.First)).ToList();
        if (disks.Root is { } root) all.Add(new("root", QemuCommandLine.File("root", "qcow2", root, readOnly: false), bus, false, after));
        else
        {
            // In the root disk's own place: the disks that the guest always has come before those that come and go.
            all.AddRange(volumes.Where(pair => pair.First.BootIndex == 0).Take(1).Select(pair => Volume(pair.First, pair.Second, direct, after, alone: true)));
            volumes.RemoveAll(pair => pair.First.BootIndex == 0 && all.Exists(disk => disk.Node == QemuVolume.NodeName(pair.Second)));
        }

        if (disks.Rescue is { } path && domain.Rescue is { } rescue)
        {
            all.Insert(rescue.Last ? all.Count : 0, new Disk("rescue", QemuCommandLine.File("rescue", "qcow2", path, readOnly: false), rescue.Bus, rescue.Cdrom, 0));
        }

        for (var i = 0; i < disks.Blanks.Count; i++)
        {
            var node = string.Create(CultureInfo.InvariantCulture, $"blank{i}");
            all.Add(new Disk(node, QemuCommandLine.Sparse(node, disks.Blanks[i]), bus, false, null));
        }

        all.AddRange(volumes.Select(pair => Volume(pair.First, pair.Second, direct, after, alone: false)));
        return all;
    }

    /// <param name="after">How many disks to boot from come before it.</param>
    /// <param name="alone">True: it never comes or goes while the domain runs.</param>
    private static Disk Volume(VolumeDiskSpec disk, VolumePlace place, bool direct, int after, bool alone) =>
        new(QemuVolume.NodeName(place), QemuVolume.Node(place, disk, direct).ToJsonString(), disk.Bus, false, alone || disk.BootIndex > 0 ? disk.BootIndex + after : null)
        {
            Device = disk.Bus == "ide" ? null : QemuVolume.Device(disk, place, alone),
            More = $",id={VolumeNames.Device(disk.VolumeId)},serial={place.VolumeId}",
        };

    /// <param name="ide">Which of the IDE disks it is: on "pc" the second one of a bus is its slave.</param>
    private static string Device(Disk disk, bool q35, int ide) => disk.Bus switch
    {
        "scsi" => $"scsi-{(disk.Cdrom ? "cd" : "hd")},bus=scsi.0,drive={disk.Node}",
        "ide" when q35 => string.Create(CultureInfo.InvariantCulture, $"ide-{(disk.Cdrom ? "cd" : "hd")},bus=ide.{ide},drive={disk.Node}"),
        "ide" => string.Create(CultureInfo.InvariantCulture, $"ide-{(disk.Cdrom ? "cd" : "hd")},bus=ide.{ide / 2},unit={(ide < 2 ? ide : 1)},drive={disk.Node}"),
        "usb" => $"usb-storage,bus=usb.0,drive={disk.Node}",
        _ => $"virtio-blk-pci,drive={disk.Node}",
    };
}
