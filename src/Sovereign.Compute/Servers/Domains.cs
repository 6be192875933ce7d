using Sovereign.Kernel;
using Sovereign.Kernel.Store;
using Sovereign.Network;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>What a node is told of a server: one manifest item, made from the row and its ports alone.</summary>
internal sealed class Domains(KernelServices kernel, INetworks networks, ComputeOptions options)
{
    private const long GibBytes = 1L << 30;
    private readonly GuestData guests = new(kernel.Master, options);

    public ManifestItem Item(Session session, ServerRow row)
    {
        var detaching = row.DetachingList();
        var ports = (networks.PortsOf(session, [row.Id]).GetValueOrDefault(row.Id) ?? []).Where(port => !detaching.Contains(port.Id)).ToList();
        var (flavor, image) = (row.FlavorThen(), row.ImageThen());
        var pass = row.AdminPass is { } sealedPass && kernel.Keys.Open(session, row.ProjectId, sealedPass, row.Id) is { } plain
            ? System.Text.Encoding.UTF8.GetString(plain)
            : null;
        return new ManifestItem(ItemKinds.Domain, row.Id, 0)
        {
            Domain = new DomainSpec(
                row.Id, row.ProjectId, row.Name, (int)flavor.Vcpus, (int)flavor.RamMib,
                Target(row.PowerTarget), (int)row.RebootCount, row.RebootHard, options.ShutdownSeconds,
                new RootDiskSpec(
                    image.Digest ?? "", image.DiskFormat, image.SizeBytes, flavor.DiskGib * GibBytes, (int)row.DiskGeneration, (int?)row.Before()?.DiskGeneration),
                [.. ports.Select(port => new NicSpec(port.Id, port.Mac, port.MtuBytes))],
                guests.Of(row, ports, pass),
                Hardware(image.Properties, flavor.ExtraSpecs)),
        };
    }

    private static PowerTarget Target(string target) => target switch
    {
        ServerStates.TargetRunning => PowerTarget.Running,
        ServerStates.TargetPaused => PowerTarget.Paused,
        ServerStates.TargetSuspended => PowerTarget.Suspended,
        _ => PowerTarget.Shutoff,
    };

    private static HardwareSpec Hardware(IReadOnlyDictionary<string, string> image, Dictionary<string, string> specs) => new(
        image.GetValueOrDefault("hw_disk_bus") is "scsi" or "ide" ? image["hw_disk_bus"] : "virtio",
        image.GetValueOrDefault("hw_vif_model") is "e1000" ? "e1000" : "virtio",
        image.GetValueOrDefault("hw_machine_type")?.Contains("q35", StringComparison.Ordinal) == true ? "q35" : "pc",
        !specs.TryGetValue("hw_rng:allowed", out var allowed) || Wire.Truth(allowed) != false);
}
