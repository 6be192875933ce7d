using Sovereign.Compute.Flavors;
using Sovereign.Compute.Migrating;
using Sovereign.Kernel;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;
using Sovereign.Volume;

namespace Sovereign.Compute.Servers;

/// <summary>What a node is told of a server: one manifest item, made from the row and its ports alone.</summary>
internal sealed class Domains(KernelServices kernel, INodes nodes, INetworks networks, IVolumes volumes, ComputeOptions options)
{
    private const long GibBytes = 1L << 30;
    private const long MibBytes = 1L << 20;
    private readonly GuestData guests = new(kernel.Master, options);

    public ManifestItem Item(Session session, ServerRow row)
    {
        var detaching = row.DetachingList();
        var ports = (networks.PortsOf(session, [row.Id]).GetValueOrDefault(row.Id) ?? []).Where(port => !detaching.Contains(port.Id)).ToList();
        var before = row.Before();
        var reimaged = row.TaskState == ServerStates.RebuildMapping;   // what its guest has written is lost anyway
        var (flavor, image, root) = (row.FlavorThen(), row.ImageThen(), row.RootThen());
        var pass = row.AdminPass is { } sealedPass && kernel.Keys.Open(session, row.ProjectId, sealedPass, row.Id) is { } plain
            ? System.Text.Encoding.UTF8.GetString(plain)
            : null;
        return new ManifestItem(ItemKinds.Domain, row.Id, 0)
        {
            Domain = new DomainSpec(
                row.Id, row.ProjectId, row.Name, (int)flavor.Vcpus, (int)flavor.RamMib,
                MovePhases.Leaving(row) || reimaged ? PowerTarget.Shutoff : Target(row.PowerTarget), (int)row.RebootCount, row.RebootHard,
                reimaged ? 0 : options.ShutdownSeconds,
                BlockDevices.BootsFromVolume(row) ? null : new RootDiskSpec(
                    root.Digest ?? "", root.DiskFormat, root.SizeBytes, flavor.DiskGib * GibBytes, (int)row.DiskGeneration,
                    before is { Node: null } ? (int)before.DiskGeneration : null),
                [.. ports.Select(port => new NicSpec(port.Id, port.Mac, port.MtuBytes))],
                guests.Of(row, ports, pass),
                Sealed(row.Id, Hardware(image.Properties, flavor)))
            {
                Rescue = Rescue(row.RescueThen()), Blanks = Blanks(flavor), Volumes = Disks(session, row),
                Arrival = Arrival(session, row),
                Carried = before is { Target: { } target } && target == row.NodeId ? nodes.Carried(session, before.Migration) : null,
            },
        };
    }

    /// <summary>What opens the doors of one migration: derived, not stored.</summary>
    public string DoorKey(string migration) => Convert.ToHexStringLower(kernel.Master.Derive("move:" + migration));

    private ArrivalSpec? Arrival(Session session, ServerRow row) =>
        row.TaskState == ServerStates.Migrating && MigrationStore.Live(session, row.Id) is { } live && live.DestId == row.NodeId
            ? new ArrivalSpec(live.Id, DoorKey(live.Id)) { Here = live.Status == LiveStatus.PostMigrating } : null;

    // The key is derived, not stored: the same each time, and no two servers share it.
    private HardwareSpec Sealed(string id, HardwareSpec hardware) => hardware.Tpm is not { } tpm ? hardware
        : hardware with { Tpm = tpm with { Key = Convert.ToHexStringLower(kernel.Master.Derive("tpm:" + id)) } };

    private List<VolumeDiskSpec> Disks(Session session, ServerRow row) =>
        [.. BlockDevices.Of(row).Where(device => device.State != BlockDeviceStates.Detaching)
            .Select(device => volumes.Disk(session, new VolumeDiskOrder(device.AttachmentId, device.Device, device.Bus, device.BootIndex)))
            .Where(disk => disk.Ok).Select(disk => disk.Value)];

    public static string DiskBus(IReadOnlyDictionary<string, string> image) =>
        image.GetValueOrDefault("hw_disk_bus") is { } bus and ("scsi" or "ide") ? bus : "virtio";

    private static RescueSpec? Rescue(RescueDisk? rescue) => rescue is null ? null : new RescueSpec(
        new RootDiskSpec(rescue.Image.Digest ?? "", rescue.Image.DiskFormat, rescue.Image.SizeBytes, 0, rescue.Generation), rescue.Bus, rescue.Cdrom, rescue.Last);

    private static List<BlankDiskSpec> Blanks(FlavorDocument flavor)
    {
        var blanks = new List<BlankDiskSpec>();
        if (flavor.EphemeralGib > 0) blanks.Add(new BlankDiskSpec("ephemeral0", flavor.EphemeralGib * GibBytes));
        if (flavor.SwapMib > 0) blanks.Add(new BlankDiskSpec("swap", flavor.SwapMib * MibBytes));
        return blanks;
    }

    private static PowerTarget Target(string target) => target switch
    {
        ServerStates.TargetRunning => PowerTarget.Running,
        ServerStates.TargetPaused => PowerTarget.Paused,
        ServerStates.TargetSuspended => PowerTarget.Suspended,
        _ => PowerTarget.Shutoff,
    };

    /// <summary>Servers of before the rules were as they are keep plain hardware where the rules would refuse theirs.</summary>
    private static HardwareSpec Hardware(IReadOnlyDictionary<string, string> image, FlavorDocument flavor) =>
        HardwareRules.Read(image, flavor.ExtraSpecs, (int)flavor.Vcpus) is { Ok: true } read ? read.Value : new HardwareSpec(DiskBus(image), "virtio", "pc", true);
}
