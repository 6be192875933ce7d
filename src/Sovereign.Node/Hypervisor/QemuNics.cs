using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>NICs of a running domain that come and go.</summary>
public sealed partial class QemuHypervisor
{
    private static readonly string nicPrefix = QemuCommandLine.NicDevice("");

    private async Task FitNics(QmpConnection monitor, DomainSpec domain, CancellationToken stop)
    {
        var listed = await monitor.Command("qom-list", "{\"path\":\"/machine/peripheral\"}", stop);
        var there = listed.EnumerateArray().Select(thing => thing.GetProperty("name").GetString()!)
            .Where(name => name.StartsWith(nicPrefix, StringComparison.Ordinal)).Select(name => name[nicPrefix.Length..]).ToHashSet();
        foreach (var portId in there.Where(id => domain.Nics.All(nic => nic.PortId != id))) await Unplug(monitor, portId, stop);
        foreach (var nic in domain.Nics.Where(nic => !there.Contains(nic.PortId))) await Plug(monitor, domain, nic, stop);
    }

    private async Task Plug(QmpConnection monitor, DomainSpec domain, NicSpec nic, CancellationToken stop)
    {
        var (backend, virtio) = (QemuCommandLine.NicBackend(nic.PortId), domain.Hardware.NicModel != "e1000");
        await Quietly(monitor, "netdev_del", backend, stop);   // half of an earlier try
        var descriptor = Netns.Within(options.SwitchNetns, () => Native.OpenTap(FabricNames.Tap(nic.PortId)));
        try { await monitor.PassDescriptor(backend, descriptor, stop); } finally { Native.Close(descriptor); }
        await monitor.Command("netdev_add", new JsonObject { ["type"] = "tap", ["id"] = backend, ["fd"] = backend }.ToJsonString(), stop);
        var device = new JsonObject
        {
            ["driver"] = virtio ? "virtio-net-pci" : "e1000", ["netdev"] = backend, ["id"] = QemuCommandLine.NicDevice(nic.PortId),
            ["mac"] = SwitchRules.Mac(nic.Mac), ["romfile"] = "",
        };
        if (virtio) device["host_mtu"] = nic.MtuBytes;
        await monitor.Command("device_add", device.ToJsonString(), stop);
    }

    // Without its backend the device has no link, whether or not the guest ever lets go of it.
    private static async Task Unplug(QmpConnection monitor, string portId, CancellationToken stop)
    {
        await Quietly(monitor, "device_del", QemuCommandLine.NicDevice(portId), stop);
        await Quietly(monitor, "netdev_del", QemuCommandLine.NicBackend(portId), stop);
    }

    /// <summary>For what may be gone, or going, already.</summary>
    private static async Task Quietly(QmpConnection monitor, string command, string id, CancellationToken stop)
    {
        try { await monitor.Command(command, new JsonObject { ["id"] = id }.ToJsonString(), stop); }
        catch (NodeException refused) when (refused.Message.StartsWith(QmpConnection.Refusal, StringComparison.Ordinal)) { /* as wanted */ }
    }

    public async Task<DomainDiagnostics?> Diagnose(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (Pid(id, files) is not { } pid || await Monitor(id, files, stop) is not { } monitor) return null;
        var threads = await monitor.Command("query-cpus-fast", null, stop);
        var blocks = await monitor.Command("query-blockstats", null, stop);
        var filters = await monitor.Command("query-rx-filter", null, stop);
        var cpus = threads.EnumerateArray().Select(cpu => new CpuUse(
            cpu.GetProperty("cpu-index").GetInt32(), ProcessUse.ThreadNanoseconds(pid, cpu.GetProperty("thread-id").GetInt32()))).ToList();
        var disks = blocks.EnumerateArray().Select(block => block.GetProperty("stats")).Select(stats => new DiskUse(
            stats.GetProperty("rd_bytes").GetInt64(), stats.GetProperty("rd_operations").GetInt64(), stats.GetProperty("wr_bytes").GetInt64(),
            stats.GetProperty("wr_operations").GetInt64(),
            stats.GetProperty("failed_rd_operations").GetInt64() + stats.GetProperty("failed_wr_operations").GetInt64())).ToList();
        var counters = Netns.Within(options.SwitchNetns, ProcessUse.LinkCounters);
        var nics = filters.EnumerateArray()
            .Select(nic => (Port: nic.GetProperty("name").GetString()![nicPrefix.Length..], Mac: nic.GetProperty("main-mac").GetString()!))
            .Select(nic => ProcessUse.Nic(nic.Mac, counters.GetValueOrDefault(FabricNames.Tap(nic.Port)))).ToList();
        return new DomainDiagnostics(
            paused.ContainsKey(id) ? "paused" : "running", ProcessUse.AgeSeconds(pid), ProcessUse.ResidentMib(pid), cpus, nics, disks);
    }
}

/// <summary>What Linux says of a process and of links.</summary>
internal static class ProcessUse
{
    private const long NanosecondsPerTick = 10_000_000;   // USER_HZ is 100 on every machine that we run on
    private const int CountersPerLink = 16;

    public static long ThreadNanoseconds(int pid, int thread)
    {
        var fields = Stat($"/proc/{pid}/task/{thread}/stat");
        return fields.Length == 0 ? 0 : (Number(fields[11]) + Number(fields[12])) * NanosecondsPerTick;
    }

    public static long AgeSeconds(int pid)
    {
        var fields = Stat($"/proc/{pid}/stat");
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return fields.Length == 0 ? 0 : Math.Max(0, (long)(uptime - (Number(fields[19]) / 100.0)));
    }

    public static long ResidentMib(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : Number(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
        }
        catch (IOException) { return 0; }
    }

    /// <summary>Counters of the links of the calling thread's namespace.</summary>
    public static Dictionary<string, long[]> LinkCounters() => File.ReadLines("/proc/thread-self/net/dev").Skip(2)
        .Select(line => line.Split(':', 2))
        .ToDictionary(parts => parts[0].Trim(), parts => parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number).ToArray());

    /// <summary>What a tap receives, the guest sent.</summary>
    public static NicUse Nic(string mac, long[]? c) => c is not { Length: CountersPerLink }
        ? new NicUse(mac, 0, 0, 0, 0, 0, 0, 0, 0) : new NicUse(mac, c[8], c[9], c[10], c[11], c[0], c[1], c[2], c[3]);

    // The name of the program may hold spaces and brackets; what counts comes after the last bracket.
    private static string[] Stat(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException) { return []; }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
