using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Hypervisor;

/// <summary>Files of one domain. QEMU may write only into its run directory and the files that are made for it.</summary>
internal sealed record DomainFiles(string Directory)
{
    public string Run => Path.Combine(Directory, "run");

    public string Pid => Path.Combine(Run, "qemu.pid");

    public string Monitor => Path.Combine(Run, "qmp.sock");

    /// <summary>Where QEMU serves the display, without authentication: only its own user and root reach the directory.</summary>
    public string Display => Path.Combine(Run, "vnc.sock");

    /// <summary>Where QEMU serves the serial line to one client at a time.</summary>
    public string Serial => Path.Combine(Run, "serial.sock");

    public string Console => Path.Combine(Directory, "console.log");

    public string ConsoleBefore => Path.Combine(Directory, "console.log.1");

    public string ConfigDrive => Path.Combine(Directory, "config.iso");

    /// <summary>Variables of the guest's UEFI firmware; those of secure boot are others, since they hold whom it trusts.</summary>
    public string Variables(bool secure) => Path.Combine(Directory, secure ? "variables-secure.fd" : "variables.fd");

    /// <summary>Directory of the TPM's state.</summary>
    public string Tpm => Path.Combine(Directory, "tpm");

    public string TpmSocket => Path.Combine(Run, "tpm.sock");

    public string TpmPid => Path.Combine(Run, "tpm.pid");

    /// <summary>Memory of a suspended guest.</summary>
    public string Memory => Path.Combine(Directory, "memory");

    /// <summary>Where memory passes from and to QEMU.</summary>
    public string MemorySocket => Path.Combine(Run, "ram.sock");

    /// <summary>Where memory passes to or from another node.</summary>
    public string MoveSocket => Path.Combine(Run, "move.sock");

    /// <summary>Where disks pass to or from another node.</summary>
    public string DiskSocket => Path.Combine(Run, "nbd.sock");

    /// <summary>Pass phrases that QEMU reads at its start; they go when it has.</summary>
    public string Secret(string id) => Path.Combine(Run, id);

    /// <summary>Which volumes a device of this process has had besides its own.</summary>
    public string Alias(string device) => Path.Combine(Run, "alias-" + device);

    /// <summary>Tells that the guest's file systems were asked to rest and not yet to go on.</summary>
    public string Resting => Path.Combine(Directory, "resting");

    public string AgentSocket => Path.Combine(Run, "agent.sock");

    public string State => Path.Combine(Directory, "state.json");
}

/// <summary>QEMU's arguments for a domain; NICs are added when their descriptors are known.</summary>
internal static class QemuCommandLine
{
    private const int TranslationCacheMib = 128;

    public static List<string> Arguments(DomainSpec domain, string name, DomainFiles files, DomainDisks disks, string accelerator, bool direct)
    {
        var hardware = domain.Hardware;
        List<string> arguments =
        [
            "-name", name, "-no-user-config", "-nodefaults", "-pidfile", files.Pid, "-no-shutdown", "-msg", "timestamp=on",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            .. QemuFirmware.Arguments(hardware, files),
            "-accel", accelerator == "kvm" ? "kvm" : $"tcg,thread=multi,tb-size={TranslationCacheMib}", "-cpu", accelerator == "kvm"
                ? "host" : "max",
            "-smp", Processors(domain), "-m", Number(domain.MemoryMib) + "M", "-rtc", "base=utc", "-vga", Video(hardware),
            "-vnc", "unix:" + Escape(files.Display),
            "-chardev", $"socket,id=monitor,path={Escape(files.Monitor)},server=on,wait=off", "-mon", "chardev=monitor,mode=control",
            "-chardev", $"socket,id=console,path={Escape(files.Serial)},server=on,wait=off,logfile={Escape(files.Console)},logappend=on",
            "-device", "isa-serial,chardev=console",
            "-device", "virtio-serial-pci", "-chardev",
                $"socket,id=agent,path={Escape(files.AgentSocket)},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0", "-device", "virtio-balloon-pci",
        ];
        if (Guid.TryParse(domain.Id, out var uuid)) arguments.AddRange(["-uuid", uuid.ToString()]);
        if (hardware.Rng) arguments.AddRange(["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"]);
        arguments.AddRange(["-device", QemuVolume.Bridge(hardware)]);
        if (Watchdog(hardware) is { } action) arguments.AddRange(["-device", "i6300esb,id=watchdog,addr=0x1e", "-action", "watchdog=" + action]);
        if (hardware.Tablet == "usb") arguments.AddRange(["-usb", "-device", "usb-tablet,bus=usb-bus.0"]);
        if (hardware.Tablet == "virtio") arguments.AddRange(["-device", "virtio-tablet-pci"]);
        arguments.AddRange(QemuDisks.Arguments(domain, disks, files, direct));
        if (domain.Guest.ConfigDrive)
        {
            arguments.AddRange(["-blockdev", File("config", "raw", files.ConfigDrive, readOnly: true)]);
            // Small guest kernels have IDE but no AHCI, so on q35 the drive is a virtio disk.
            arguments.AddRange(["-device", hardware.Machine == "q35" ? "virtio-blk-pci,drive=config"
                : "ide-cd,drive=config,bus=ide.1,unit=0"]);
        }
        return arguments;
    }

    private static string Processors(DomainSpec domain) => domain.Hardware.Topology is { } made
        ? string.Create(CultureInfo.InvariantCulture, $"{domain.Vcpus},sockets={made.Sockets},cores={made.Cores},threads={made.Threads}")
        : Number(domain.Vcpus);

    /// <summary>Only words that are known here reach the command line.</summary>
    private static string Video(HardwareSpec hardware) => hardware.Video is "cirrus" or "virtio" or "none" ? hardware.Video : "std";

    private static string? Watchdog(HardwareSpec hardware) => hardware.Watchdog is "none" or "pause" or "poweroff" or "reset" ? hardware.Watchdog : null;

    /// <summary>Names of a NIC's two halves are made of its port, so that it is found again in a running domain.</summary>
    public static string NicDevice(string portId) => "net-" + portId;

    public static string NicBackend(string portId) => "nic-" + portId;

    public static IEnumerable<string> Nic(NicSpec nic, int descriptor, string model)
    {
        yield return "-netdev";
        yield return $"tap,id={NicBackend(nic.PortId)},fd={descriptor}";
        yield return "-device";
        var common = $"netdev={NicBackend(nic.PortId)},id={NicDevice(nic.PortId)},mac={Fabric.SwitchRules.Mac(nic.Mac)},romfile=";
        yield return model == "e1000" ? $"e1000,{common}" : $"virtio-net-pci,{common},host_mtu={Number(nic.MtuBytes)}";
    }

    public static string File(string node, string driver, string path, bool readOnly) => new JsonObject
    {
        ["node-name"] = node, ["driver"] = driver, ["read-only"] = readOnly,
        ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = path },
    }.ToJsonString(JsonSerializerOptions.Web);

    /// <summary>A raw file that gives back what is trimmed.</summary>
    public static string Sparse(string node, string path) => new JsonObject
    {
        ["node-name"] = node, ["driver"] = "raw", ["discard"] = "unmap",
        ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = path, ["discard"] = "unmap" },
    }.ToJsonString(JsonSerializerOptions.Web);

    public static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
