using System.Globalization;
using Sovereign.Image;
using Sovereign.Kernel.Outcomes;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>Virtual hardware from image properties ("hw_…") and a flavor's extra specs ("hw:…"), as the compute documentation lists them. What no node of this
/// cloud can give is refused when a server is made, never left out in silence.</summary>
internal static class HardwareRules
{
    private const int CountMax = 512;
    private const string NoHost = "No valid host was found. ";
    private const string UsbTablet = "usbtablet";

    /// <summary>QEMU's VGA by the model's name in image properties.</summary>
    private static readonly Dictionary<string, string> videos = new(StringComparer.Ordinal)
    {
        ["vga"] = "std", ["cirrus"] = "cirrus", ["virtio"] = "virtio", ["none"] = "none",
    };

    private static readonly string[] levels = ["sockets", "cores", "threads"];

    /// <summary>What nodes here have not, by image property and extra spec, and the values that ask for nothing.</summary>
    private static readonly (string Image, string Spec, string[] Harmless, string What)[] absent =
    [
        ("hw_cpu_policy", "hw:cpu_policy", ["shared"], "dedicated CPUs"),
        ("hw_numa_nodes", "hw:numa_nodes", ["1"], "NUMA nodes"), ("hw_mem_page_size", "hw:mem_page_size", ["small", "any"], "huge pages"),
        ("hw_mem_encryption", "hw:mem_encryption", ["false", "False"], "encrypted memory"),
        ("hw_cpu_realtime", "hw:cpu_realtime", ["no", "false", "False"], "real-time CPUs"), ("hw_viommu_model", "hw:viommu_model", [], "an IOMMU"),
        ("", "hw:pmem", [], "persistent memory"), ("", "pci_passthrough:alias", [], "PCI devices"), ("", "accel:device_profile", [], "accelerators"),
    ];

    /// <summary>The hardware of a server; Invalid when a property has a wrong value or no node can give what it asks for.</summary>
    public static Outcome<HardwareSpec> Read(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> specs, int vcpus)
    {
        foreach (var (property, spec, harmless, what) in absent)
        {
            var asked = specs.GetValueOrDefault(spec) ?? image.GetValueOrDefault(property);
            if (asked is null or "" || harmless.Contains(asked)) continue;
            var named = specs.ContainsKey(spec) ? spec : property;
            return new Fault.Invalid(named, $"{NoHost}No host has {what}, which {named} asks for.");
        }

        var machine = image.GetValueOrDefault("hw_machine_type") ?? "pc";
        var disk = image.GetValueOrDefault("hw_disk_bus") ?? "virtio";
        var nic = image.GetValueOrDefault("hw_vif_model") ?? "virtio";
        var video = image.GetValueOrDefault("hw_video_model") ?? "vga";
        if (machine is not ("pc" or "q35") && !machine.StartsWith("pc-", StringComparison.Ordinal)) return Unknown("hw_machine_type", machine);
        if (disk is not ("virtio" or "scsi" or "ide")) return Unknown("hw_disk_bus", disk);
        if (nic is not ("virtio" or "e1000")) return Unknown("hw_vif_model", nic);
        if (!videos.TryGetValue(video, out var vga)) return Unknown("hw_video_model", video);
        var (pointer, input) = (image.GetValueOrDefault("hw_pointer_model") ?? "ps2mouse", image.GetValueOrDefault("hw_input_bus") ?? "usb");
        if (pointer is not ("ps2mouse" or UsbTablet)) return Unknown("hw_pointer_model", pointer);
        if (input is not ("usb" or "virtio")) return Unknown("hw_input_bus", input);
        var watchdog = image.GetValueOrDefault("hw_watchdog_action") ?? specs.GetValueOrDefault("hw:watchdog_action") ?? "disabled";
        if (watchdog is not ("disabled" or "none" or "pause" or "poweroff" or "reset")) return Unknown("hw_watchdog_action", watchdog);
        var topology = Topology(image, specs, vcpus);
        if (topology.Fault is { } wrong) return wrong;
        var firmware = Firmware(image, specs, ref machine);
        if (firmware.Fault is { } wrongFirmware) return wrongFirmware;
        var tpm = Tpm(image, specs);
        if (tpm.Fault is { } wrongTpm) return wrongTpm;
        return new HardwareSpec(disk, nic, machine.Contains("q35", StringComparison.Ordinal) ? "q35" : "pc", Rng(specs))
        {
            Watchdog = watchdog == "disabled" ? null : watchdog, Video = vga == "std" ? null : vga, Topology = topology.Value, Firmware = firmware.Value,
            Tpm = tpm.Value, Tablet = pointer == UsbTablet ? input : null,
        };
    }

    /// <summary>An image with the hardware that a server of it has where it says nothing: the server and copies of it keep that when the defaults change.</summary>
    public static ImageInfo Settled(ImageInfo image, IReadOnlyDictionary<string, string> specs, int vcpus)
    {
        if (Read(image.Properties, specs, vcpus) is not { Ok: true, Value: var hardware }) return image;
        var all = new Dictionary<string, string>(image.Properties, StringComparer.Ordinal);
        all.TryAdd("hw_machine_type", hardware.Machine);
        all.TryAdd("hw_cdrom_bus", hardware.Machine == "q35" ? "sata" : "ide");
        all.TryAdd("hw_disk_bus", hardware.DiskBus);
        all.TryAdd("hw_vif_model", hardware.NicModel);
        all.TryAdd("hw_video_model", "virtio");
        all.TryAdd("hw_input_bus", "usb");
        all.TryAdd("hw_pointer_model", UsbTablet);
        return image with { Properties = all };
    }

    /// <summary>Secure boot is UEFI on a q35 machine, which is taken where none is named.</summary>
    private static Outcome<string?> Firmware(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> specs, ref string machine)
    {
        var firmware = image.GetValueOrDefault("hw_firmware_type") ?? "bios";
        var secure = specs.GetValueOrDefault("os:secure_boot") ?? image.GetValueOrDefault("os_secure_boot") ?? "disabled";
        if (firmware is not ("bios" or "uefi")) return Unknown("hw_firmware_type", firmware);
        if (secure is not ("disabled" or "optional" or "required")) return Unknown("os_secure_boot", secure);
        var named = image.GetValueOrDefault("hw_machine_type");
        var possible = firmware == "uefi" && (named is null || named.Contains("q35", StringComparison.Ordinal));
        if (secure == "required" && !possible)
        {
            return new Fault.Invalid("os_secure_boot", "Secure boot needs hw_firmware_type=uefi and, where it is named, hw_machine_type=q35.");
        }

        if (secure == "disabled" || !possible) return Outcome.Of(firmware == "uefi" ? FirmwareKinds.Uefi : null);
        machine = "q35";
        return Outcome.Of<string?>(FirmwareKinds.UefiSecure);
    }

    private static Outcome<TpmSpec?> Tpm(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> specs)
    {
        var version = specs.GetValueOrDefault("hw:tpm_version") ?? image.GetValueOrDefault("hw_tpm_version");
        var model = specs.GetValueOrDefault("hw:tpm_model") ?? image.GetValueOrDefault("hw_tpm_model") ?? "tpm-tis";
        if (version is null) return Outcome.Of<TpmSpec?>(null);
        if (version is not ("1.2" or TpmSpec.Version2)) return Unknown("hw_tpm_version", version);
        if (model != "tpm-tis" && !(model == "tpm-crb" && version == TpmSpec.Version2)) return Unknown("hw_tpm_model", model);
        return new TpmSpec(version, model == "tpm-crb", "");
    }

    /// <summary>The state of a TPM is on its node alone and goes nowhere.</summary>
    public static Fault? StaysFor(ServerRow row, string action) =>
        Read(row.ImageThen().Properties, row.FlavorThen().ExtraSpecs, (int)row.Vcpus) is { Ok: true, Value.Tpm: not null }
            ? new Fault.Invalid(action, $"Operation '{action}' not supported for vTPM-enabled instance ({row.Id}).")
            : null;

    /// <summary>An RNG device unless the flavor forbids it (scs-0101).</summary>
    private static bool Rng(IReadOnlyDictionary<string, string> specs) => !specs.TryGetValue("hw_rng:allowed", out var allowed) || Wire.Truth(allowed) != false;

    /// <summary>The flavor's words come before the image's. What is not said follows: as many sockets as are left.</summary>
    private static Outcome<TopologySpec?> Topology(IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> specs, int vcpus)
    {
        var counts = new int?[levels.Length];
        foreach (var (index, name) in levels.Index())
        {
            if ((specs.GetValueOrDefault("hw:cpu_" + name) ?? image.GetValueOrDefault("hw_cpu_" + name)) is not { } text) continue;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > CountMax)
            {
                return Unknown("hw_cpu_" + name, text);
            }

            counts[index] = count;
        }

        if (Array.TrueForAll(counts, count => count is null)) return Outcome.Of<TopologySpec?>(null);
        var threads = counts[2] ?? 1;
        var cores = counts[1] ?? (counts[0] is { } named ? Math.Max(1, vcpus / (named * threads)) : 1);
        var sockets = counts[0] ?? Math.Max(1, vcpus / (cores * threads));
        return sockets * cores * threads == vcpus
            ? new TopologySpec(sockets, cores, threads)
            : new Fault.Invalid(
                "hw_cpu_sockets", $"The CPU topology of {sockets} sockets, {cores} cores and {threads} threads does not make the flavor's {vcpus} vCPUs.");
    }

    private static Fault.Invalid Unknown(string property, string value) =>
        new(property, $"{NoHost}No host has {(value.Length > 80 ? value[..80] : value)}, which {property} asks for.");
}
