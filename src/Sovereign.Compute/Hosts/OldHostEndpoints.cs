using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Placement;

namespace Sovereign.Compute.Hosts;

/// <summary>Routes of hosts, until 2.42, and of the log of usage audits (Compute API reference, "Hosts", "Server usage audit log").</summary>
internal sealed class OldHostEndpoints(KernelServices kernel, HostService hosts, IPlacement placement)
{
    private const int FirstWithoutHosts = 43;
    private const string InternalZone = "internal";

    public void Map(BothRoutes api)
    {
        api.Get("/os-hosts", "compute:hosts:list", call => Old(call, List));
        api.Get("/os-hosts/{name}", "compute:hosts:show", call => Old(call, Show));
        api.Put("/os-hosts/{name}", "compute:hosts:update", call => Old(call, Update));
        foreach (var power in new[] { "startup", "shutdown", "reboot" }) api.Get("/os-hosts/{name}/" + power, "compute:hosts:power", call => Old(call, Power));
        api.Get("/os-instance_usage_audit_log", "compute:audit-log:list", call => Audit("instance_usage_audit_logs", kernel.Clock.GetUtcNow()));
        api.Get("/os-instance_usage_audit_log/{before}", "compute:audit-log:show", AuditBefore);
    }

    private static Task<Answer> Old(Call call, Func<Call, Task<Answer>> handler) =>
        call.Version.Has(FirstWithoutHosts) ? Task.FromResult(ComputeVersions.Unrouted(call)) : handler(call);

    /// <summary>Each node, and the scheduler, which is part of the process that answers.</summary>
    private Task<Answer> List(Call call)
    {
        var all = hosts.All().Where(host => !host.Row.Disabled).Select(host => (Name: host.Node.HostName, Service: "compute", Zone: hosts.ZoneOf(host.Node.Id)))
            .Prepend((Name: new Uri(kernel.Settings.PublicUrl).Host, Service: "scheduler", Zone: InternalZone));
        var zone = call.Query("zone") is { Length: > 0 } asked ? asked : null;
        return Task.FromResult(Render.List("hosts", all.Where(host => zone is null || host.Zone == zone), (json, host) =>
        {
            json.WriteString("host_name", host.Name);
            json.WriteString("service", host.Service);
            json.WriteString("zone", host.Zone);
        }));
    }

    private Task<Answer> Show(Call call)
    {
        if (hosts.ByName(call.Route("name")) is not { } node) return Missing(call);
        var (used, servers) = kernel.Database.Read(session => (placement.Usages(session, node.Id), ServerStore.OnNode(session, node.Id)));
        return Task.FromResult(Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("host");
            Resource(json, node.HostName, "(total)", node.Facts.Cpus, node.Facts.MemoryMib, node.Facts.DiskGib);
            Resource(
                json, node.HostName, "(used_now)", used.GetValueOrDefault("VCPU"), used.GetValueOrDefault("MEMORY_MB"), used.GetValueOrDefault("DISK_GB"));
            Resource(json, node.HostName, "(used_max)", servers.Sum(s => s.Vcpus), servers.Sum(s => s.RamMib), servers.Sum(Disk));
            foreach (var project in servers.GroupBy(server => server.ProjectId, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
            {
                Resource(json, node.HostName, project.Key, project.Sum(s => s.Vcpus), project.Sum(s => s.RamMib), project.Sum(Disk));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(HostJson.Wire.OldHostUpdate);
        if (body.Fault is { } malformed) return malformed;
        var (status, maintenance) = (body.Value.Status?.Trim().ToLowerInvariant(), body.Value.MaintenanceMode?.Trim().ToLowerInvariant());
        if (status is null && maintenance is null) return new Fault.Invalid("status", "status or maintenance_mode is expected.");
        if (status is not (null or "enable" or "disable") || maintenance is not (null or "enable" or "disable"))
        {
            return new Fault.Invalid("status", "Invalid input: status and maintenance_mode are 'enable' or 'disable'.");
        }

        var name = call.Route("name");
        if (hosts.ByName(name) is null) return Gone(call);
        if (maintenance is not null) return Unsupported();
        var changed = await hosts.Change(
            call.Access, row => row.HostName == name, $"Compute host {name} could not be found.",
            row => row with { Disabled = status == "disable", DisabledReason = null }, call.Stop);
        return Answer.Of(changed, row => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("host", row.HostName);
            json.WriteString("status", row.Disabled ? "disabled" : "enabled");
            json.WriteEndObject();
        }));
    }

    /// <summary>Power of machines belongs to their operator.</summary>
    private Task<Answer> Power(Call call) => Task.FromResult(hosts.ByName(call.Route("name")) is null ? Gone(call) : Unsupported());

    private Task<Answer> AuditBefore(Call call)
    {
        var text = call.Route("before");
        return DateTime.TryParseExact(
            text, ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFF"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var before)
            ? Audit("instance_usage_audit_log", before)
            : Task.FromResult<Answer>(new Fault.Invalid("before", $"Invalid timestamp for date {text}"));
    }

    /// <summary>No host runs such an audit, since usage comes from the journal: the last whole month, and every host as one that did not run.</summary>
    private Task<Answer> Audit(string name, DateTimeOffset before)
    {
        var end = new DateTimeOffset(before.Year, before.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var begin = end.UtcDateTime > DateTime.MinValue.AddMonths(1) ? end.AddMonths(-1) : end;
        var all = hosts.All().Select(host => host.Node.HostName).ToList();
        return Task.FromResult(Render.Object(200, name, json =>
        {
            json.WriteStartArray("hosts_not_run");
            foreach (var host in all) json.WriteStringValue(host);
            json.WriteEndArray();
            json.WriteStartObject("log");
            json.WriteEndObject();
            json.WriteNumber("num_hosts", all.Count);
            json.WriteNumber("num_hosts_done", 0);
            json.WriteNumber("num_hosts_not_run", all.Count);
            json.WriteNumber("num_hosts_running", 0);
            json.WriteString("overall_status", $"{(all.Count == 0 ? "ALL" : $"0 of {all.Count}")} hosts done. 0 errors.");
            json.WriteString("period_beginning", begin.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
            json.WriteString("period_ending", end.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
            json.WriteNumber("total_errors", 0);
            json.WriteNumber("total_instances", 0);
        }));
    }

    private static void Resource(Utf8JsonWriter json, string host, string project, long vcpus, long memoryMib, long diskGib)
    {
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteString("host", host);
        json.WriteString("project", project);
        json.WriteNumber("cpu", vcpus);
        json.WriteNumber("memory_mb", memoryMib);
        json.WriteNumber("disk_gb", diskGib);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static long Disk(ServerRow server) => server.FlavorThen() is var flavor ? flavor.DiskGib + flavor.EphemeralGib : 0;

    private static Task<Answer> Missing(Call call) => Task.FromResult(Gone(call));

    private static Answer Gone(Call call) => Wire.NotFound($"Compute host {call.Route("name")} could not be found.");

    private static Answer Unsupported() => new Fault.NotImplemented("Feature not supported by the virt driver.");
}
