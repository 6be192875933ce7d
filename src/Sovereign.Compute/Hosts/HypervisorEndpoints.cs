using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Control;
using Sovereign.Placement;

namespace Sovereign.Compute.Hosts;

/// <summary>Routes of hypervisors: the nodes as administrators see them.</summary>
internal sealed class HypervisorEndpoints(KernelServices kernel, HostService hosts, IPlacement placement, INodes nodes)
{
    private const int UptimeBytesMax = 1024;

    public void Map(BothRoutes api)
    {
        api.Get("/os-hypervisors", "compute:hypervisors:list", call => List(call, detailed: false));
        api.Get("/os-hypervisors/detail", "compute:hypervisors:list", call => List(call, detailed: true));
        api.Get("/os-hypervisors/statistics", "compute:hypervisors:statistics", Statistics);
        api.Get("/os-hypervisors/{id}", "compute:hypervisors:show", Show);
        api.Get("/os-hypervisors/{id}/uptime", "compute:hypervisors:show", Uptime);
        api.Get("/os-hypervisors/{id}/search", "compute:hypervisors:list", call => Search(call, withServers: false));
        api.Get("/os-hypervisors/{id}/servers", "compute:hypervisors:list", call => Search(call, withServers: true));
    }

    /// <summary>What is used of a host, from placement, and how many servers run on it.</summary>
    private sealed record Use(long Vcpus, long MemoryMib, long DiskGib, IReadOnlyList<ServerRow> Servers);

    private Task<Answer> List(Call call, bool detailed)
    {
        var (pattern, withServers) = call.Version.Has(53) ? (call.Query("hypervisor_hostname_pattern"), call.Query("with_servers")) : (null, null);
        var found = hosts.All().Where(host => pattern is null || host.Node.HostName.Contains(pattern, StringComparison.Ordinal)).ToList();
        if (pattern is not null && found.Count == 0) return Task.FromResult<Answer>(Wire.NotFound($"No hypervisor matching '{pattern}' could be found."));
        string? next = null;
        if (call.Version.Has(33))
        {
            var page = Paged(call, found, pattern is not null);
            if (page.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
            next = page.Value.Count > 0 && page.Value[^1] != found[^1] ? Next(call, page.Value) : null;
            found = page.Value;
        }

        var servers = withServers is not null && Wire.Truth(withServers) == true;
        return Task.FromResult(Render.List("hypervisors", found, (json, host) => Write(json, host, call.Version, detailed, servers), next));
    }

    private static string Next(Call call, List<Host> page)
    {
        var others = call.Http.Request.Query.Where(pair => pair.Key is not ("limit" or "marker"))
            .SelectMany(pair => pair.Value, (pair, value) => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(value ?? "")}&");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{call.PublicUrl}{call.Http.Request.Path}?{string.Concat(others)}limit={page.Count}&marker={IdOf(page[^1], call.Version)}");
    }

    private static Outcome<List<Host>> Paged(Call call, List<Host> found, bool patterned)
    {
        IEnumerable<Host> rest = found;
        if ((call.Query("limit") ?? call.Query("marker")) is not null && patterned)
        {
            return new Fault.Invalid("limit", "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.");
        }

        if (call.Query("marker") is { } marker)
        {
            var at = found.FindIndex(host => IdOf(host, call.Version) == marker);
            if (at < 0) return new Fault.Invalid("marker", $"marker [{marker}] not found");
            rest = found.Skip(at + 1);
        }

        if (call.Query("limit") is not { } text) return rest.ToList();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? rest.Take(limit).ToList()
            : new Fault.Invalid("limit", "limit param must be an integer that is not negative");
    }

    private async Task<Answer> Show(Call call)
    {
        var found = Find(call);
        var servers = call.Version.Has(53) && call.Query("with_servers") is { } asked && Wire.Truth(asked) == true;
        if (found.Fault is { } missing) return missing;
        var uptime = call.Version.Has(88) && found.Value.Up ? await UptimeOf(found.Value, call.Stop) : default(Outcome<string>?);
        return Render.Object(200, "hypervisor", json => Write(json, found.Value, call.Version, true, servers, uptime is { Ok: true } known ? known.Value : null));
    }

    private async Task<Answer> Uptime(Call call)
    {
        if (call.Version.Has(88)) return ComputeVersions.Unrouted(call);
        var found = Find(call);
        if (found.Fault is { } missing) return missing;
        var host = found.Value;
        if (!host.Up) return new Fault.Invalid("id", $"Service is unavailable at this time: the node {host.Node.HostName} is down.");
        return Answer.Of(await UptimeOf(host, call.Stop), uptime => Render.Object(200, "hypervisor", json =>
        {
            Head(json, host, call.Version);
            json.WriteString("uptime", uptime);
        }));
    }

    private async Task<Outcome<string>> UptimeOf(Host host, CancellationToken stop) =>
        (await nodes.Ask(host.Node.Id, "uptime", host.Node.Id, UptimeBytesMax, stop)).Map(System.Text.Encoding.UTF8.GetString);

    /// <summary>The older form: by a piece of the name. Gone in 2.53.</summary>
    private Task<Answer> Search(Call call, bool withServers)
    {
        if (call.Version.Has(53)) return Task.FromResult(ComputeVersions.Unrouted(call));
        var pattern = call.Route("id");
        var found = hosts.All().Where(host => host.Node.HostName.Contains(pattern, StringComparison.Ordinal)).ToList();
        return Task.FromResult(found.Count == 0
            ? Wire.NotFound($"No hypervisor matching '{pattern}' could be found.")
            : Render.List("hypervisors", found, (json, host) => Write(json, host, call.Version, false, withServers)));
    }

    private Task<Answer> Statistics(Call call)
    {
        if (call.Version.Has(88)) return Task.FromResult(ComputeVersions.Unrouted(call));
        var all = hosts.All();
        var uses = all.Select(Used).ToList();
        return Task.FromResult(Render.Object(200, "hypervisor_statistics", json =>
        {
            var (vcpus, memory, disk) = (all.Sum(h => (long)h.Node.Facts.Cpus), all.Sum(h => (long)h.Node.Facts.MemoryMib), all.Sum(h => (long)h.Node.Facts.DiskGib));
            json.WriteNumber("count", all.Count);
            Capacity(json, vcpus, memory, disk, new Use(
                uses.Sum(u => u.Vcpus), uses.Sum(u => u.MemoryMib), uses.Sum(u => u.DiskGib), [.. uses.SelectMany(u => u.Servers)]));
        }));
    }

    private Outcome<Host> Find(Call call)
    {
        var id = call.Route("id");
        return hosts.All().FirstOrDefault(host => IdOf(host, call.Version) == id) is { } host ? host : Wire.NotFound($"Hypervisor with ID '{id}' could not be found.");
    }

    private static string IdOf(Host host, Microversion version) => version.Has(53) ? host.Node.Id : host.Row.Number.ToString(CultureInfo.InvariantCulture);

    private Use Used(Host host) => kernel.Database.Read(session =>
    {
        var used = placement.Usages(session, host.Node.Id);
        return new Use(
            used.GetValueOrDefault("VCPU"), used.GetValueOrDefault("MEMORY_MB"), used.GetValueOrDefault("DISK_GB"), ServerStore.OnNode(session, host.Node.Id));
    });

    private static void Head(Utf8JsonWriter json, Host host, Microversion version)
    {
        if (version.Has(53)) json.WriteString("id", host.Node.Id);
        else json.WriteNumber("id", host.Row.Number);
        json.WriteString("hypervisor_hostname", host.Node.HostName);
        json.WriteString("state", host.Up ? "up" : "down");
        json.WriteString("status", host.Row.Disabled ? "disabled" : "enabled");
    }

    private void Write(Utf8JsonWriter json, Host host, Microversion version, bool detailed, bool withServers, string? uptime = null)
    {
        Head(json, host, version);
        var use = detailed || withServers ? Used(host) : null;
        if (detailed) Detail(json, host, version, use!, uptime);
        if (!withServers || (use!.Servers.Count == 0 && version.Has(53) && !version.Has(75))) return;
        json.WriteStartArray("servers");
        foreach (var server in use.Servers)
        {
            json.WriteStartObject();
            json.WriteString("uuid", server.Id);
            json.WriteString("name", string.Create(CultureInfo.InvariantCulture, $"instance-{server.Number:x8}"));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Detail(Utf8JsonWriter json, Host host, Microversion version, Use use, string? uptime)
    {
        var facts = host.Node.Facts;
        json.WriteString("hypervisor_type", "QEMU");
        json.WriteNumber("hypervisor_version", facts.HypervisorVersion);
        json.WriteString("host_ip", facts.HostAddress);
        json.WriteStartObject("service");
        if (version.Has(53)) json.WriteString("id", host.Row.ServiceId);
        else json.WriteNumber("id", host.Row.Number);
        json.WriteString("host", host.Node.HostName);
        json.WriteString("disabled_reason", host.Row.DisabledReason);
        json.WriteEndObject();
        if (version.Has(88))
        {
            json.WriteString("uptime", uptime);
            return;
        }

        Capacity(json, facts.Cpus, facts.MemoryMib, facts.DiskGib, use);
        var cpu = Render.Bytes(inner =>
        {
            inner.WriteStartObject();
            inner.WriteString("arch", "x86_64");
            inner.WriteString("model", facts.CpuModel);
            inner.WriteStartObject("topology");
            inner.WriteNumber("sockets", 1);
            inner.WriteNumber("cores", facts.Cpus);
            inner.WriteNumber("threads", 1);
            inner.WriteEndObject();
            inner.WriteEndObject();
        });
        json.WritePropertyName("cpu_info");
        if (version.Has(28)) json.WriteRawValue(cpu);
        else json.WriteStringValue(cpu);
    }

    private static void Capacity(Utf8JsonWriter json, long vcpus, long memoryMib, long diskGib, Use use)
    {
        json.WriteNumber("vcpus", vcpus);
        json.WriteNumber("memory_mb", memoryMib);
        json.WriteNumber("local_gb", diskGib);
        json.WriteNumber("vcpus_used", use.Vcpus);
        json.WriteNumber("memory_mb_used", use.MemoryMib);
        json.WriteNumber("local_gb_used", use.DiskGib);
        json.WriteNumber("free_ram_mb", memoryMib - use.MemoryMib);
        json.WriteNumber("free_disk_gb", diskGib - use.DiskGib);
        json.WriteNumber("current_workload", use.Servers.Count(server => server.TaskState is not null));
        json.WriteNumber("running_vms", use.Servers.Count(server => server.PowerState == ServerStates.PowerRunning));
        json.WriteNumber("disk_available_least", diskGib - use.DiskGib);
    }
}
