using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Compute.Servers;

/// <summary>The route of what a running server uses, asked of its node.</summary>
internal sealed class DiagnosticsEndpoints(ServerService servers, INodes nodes, HostService hosts)
{
    private const int BytesMax = 1024 * 1024;

    public void Map(BothRoutes api) => api.Get("/servers/{id}/diagnostics", "compute:servers:diagnostics", Show);

    private async Task<Answer> Show(Call call)
    {
        var found = servers.Find(call.Access, call.Route("id"));
        if (found.Fault is { } missing) return missing;
        var row = found.Value;
        if (row.NodeId is null) return new Fault.Conflict($"Instance {row.Id} is not ready");
        var read = await nodes.Ask(row.NodeId, "diagnostics", row.Id, BytesMax, call.Stop);
        if (read.Fault is { } away) return away;
        if (read.Value.Length == 0)
        {
            return new Fault.Conflict($"Cannot 'get_diagnostics' instance {row.Id} while it is in vm_state {row.VmState}");
        }

        var use = JsonSerializer.Deserialize(read.Value, NodeJson.Default.DomainDiagnostics)!;
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            if (call.Version.Has(48)) Standard(json, row, use, hosts.Find(row.NodeId)?.Node.Facts.Accelerator == "kvm" ? "kvm" : "qemu");
            else Older(json, row, use);
            json.WriteEndObject();
        });
    }

    private static void Standard(Utf8JsonWriter json, ServerRow row, DomainDiagnostics use, string hypervisor)
    {
        json.WriteString("state", use.State);
        // The reference's list of drivers is closed; this is its name for QEMU and KVM.
        json.WriteString("driver", "libvirt");
        json.WriteString("hypervisor", hypervisor);
        json.WriteString("hypervisor_os", "linux");
        json.WriteNumber("uptime", use.UptimeSeconds);
        json.WriteBoolean("config_drive", row.ConfigDrive);
        json.WriteNumber("num_cpus", use.Cpus.Count);
        json.WriteNumber("num_nics", use.Nics.Count);
        json.WriteNumber("num_disks", use.Disks.Count);
        json.WriteStartObject("memory_details");
        json.WriteNumber("maximum", row.RamMib);
        json.WriteNumber("used", use.MemoryUsedMib);
        json.WriteEndObject();
        Each(json, "cpu_details", use.Cpus, cpu =>
        {
            json.WriteNumber("id", cpu.Id);
            json.WriteNumber("time", cpu.TimeNanoseconds);
            json.WriteNull("utilisation");
        });
        Each(json, "nic_details", use.Nics, nic => Nic(json, nic));
        Each(json, "disk_details", use.Disks, disk =>
        {
            json.WriteNumber("read_bytes", disk.ReadBytes);
            json.WriteNumber("read_requests", disk.ReadRequests);
            json.WriteNumber("write_bytes", disk.WriteBytes);
            json.WriteNumber("write_requests", disk.WriteRequests);
            json.WriteNumber("errors_count", disk.Errors);
        });
    }

    private static void Nic(Utf8JsonWriter json, NicUse nic)
    {
        json.WriteString("mac_address", nic.Mac);
        json.WriteNumber("rx_octets", nic.RxBytes);
        json.WriteNumber("rx_errors", nic.RxErrors);
        json.WriteNumber("rx_drop", nic.RxDrops);
        json.WriteNumber("rx_packets", nic.RxPackets);
        json.WriteNull("rx_rate");
        json.WriteNumber("tx_octets", nic.TxBytes);
        json.WriteNumber("tx_errors", nic.TxErrors);
        json.WriteNumber("tx_drop", nic.TxDrops);
        json.WriteNumber("tx_packets", nic.TxPackets);
        json.WriteNull("tx_rate");
    }

    /// <summary>The flat form before 2.48; memory in KiB.</summary>
    private static void Older(Utf8JsonWriter json, ServerRow row, DomainDiagnostics use)
    {
        string Name(string kind, int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{kind}{number}_{what}");
        json.WriteNumber("memory", row.RamMib * 1024);
        json.WriteNumber("memory-rss", use.MemoryUsedMib * 1024);
        foreach (var cpu in use.Cpus) json.WriteNumber(Name("cpu", cpu.Id, "time"), cpu.TimeNanoseconds);
        foreach (var (index, nic) in use.Nics.Index())
        {
            json.WriteNumber(Name("nic", index, "rx"), nic.RxBytes);
            json.WriteNumber(Name("nic", index, "rx_packets"), nic.RxPackets);
            json.WriteNumber(Name("nic", index, "tx"), nic.TxBytes);
            json.WriteNumber(Name("nic", index, "tx_packets"), nic.TxPackets);
        }

        foreach (var (index, disk) in use.Disks.Index())
        {
            json.WriteNumber(Name("disk", index, "read"), disk.ReadBytes);
            json.WriteNumber(Name("disk", index, "read_req"), disk.ReadRequests);
            json.WriteNumber(Name("disk", index, "write"), disk.WriteBytes);
            json.WriteNumber(Name("disk", index, "write_req"), disk.WriteRequests);
            json.WriteNumber(Name("disk", index, "errors"), disk.Errors);
        }
    }

    private static void Each<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> members)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            members(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
