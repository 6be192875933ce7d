using System.Globalization;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Hypervisor;

/// <summary>QEMU's arguments for a domain's disks, in the order in which the guest is to see them.</summary>
internal static class QemuDisks
{
    private sealed record Disk(string Node, string Driver, string Path, string Bus, bool Cdrom, int? BootIndex);

    public static IEnumerable<string> Arguments(DomainSpec domain, DomainDisks disks)
    {
        var (bus, q35) = (domain.Hardware.DiskBus, domain.Hardware.Machine == "q35");
        var all = new List<Disk> { new("root", "qcow2", disks.Root, bus, false, disks.Rescue is null ? 0 : 1) };
        if (disks.Rescue is { } path && domain.Rescue is { } rescue)
        {
            all.Insert(rescue.Last ? 1 : 0, new Disk("rescue", "qcow2", path, rescue.Bus, rescue.Cdrom, 0));
        }

        for (var i = 0; i < disks.Blanks.Count; i++)
        {
            var node = string.Create(CultureInfo.InvariantCulture, $"blank{i}");
            all.Add(new Disk(node, "raw", disks.Blanks[i], bus, false, null));
        }

        if (all.Exists(disk => disk.Bus == "scsi")) yield return "-device";
        if (all.Exists(disk => disk.Bus == "scsi")) yield return "virtio-scsi-pci,id=scsi";
        if (all.Exists(disk => disk.Bus == "usb")) yield return "-device";
        if (all.Exists(disk => disk.Bus == "usb")) yield return "qemu-xhci,id=usb";
        var ide = 0;
        foreach (var disk in all)
        {
            yield return "-blockdev";
            yield return QemuCommandLine.File(disk.Node, disk.Driver, disk.Path, readOnly: false);
            yield return "-device";
            var device = Device(disk, q35, disk.Bus == "ide" ? ide++ : 0);
            yield return disk.BootIndex is { } boot ? string.Create(CultureInfo.InvariantCulture, $"{device},bootindex={boot}") : device;
        }
    }

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
