using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Control;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Services;

internal sealed record ServiceWish(string Host, string? Binary = null, string? Service = null, string? DisabledReason = null);

[JsonSerializable(typeof(ServiceWish))]
internal sealed partial class ServiceJson : JsonSerializerContext
{
    public static readonly ServiceJson Wire = new(WireJson.Options());
}

/// <summary>Routes of the parts of the service, of its hosts and of availability zones.</summary>
internal sealed class ServiceEndpoints(KernelServices kernel, INodes nodes, VolumePlacing placing, ZoneService zones)
{
    private const string Scheduler = "control";

    public void Map(BothRoutes api)
    {
        api.Get("/os-services", "volume:services:list", call => Task.FromResult(List(call)));
        api.Put("/os-services/{action}", "volume:services:update", Update);
        api.Get("/os-availability-zone", "volume:zones:list", _ => Task.FromResult(Render.List("availabilityZoneInfo", [zones.Default], (json, zone) =>
        {
            json.WriteString("zoneName", zone);
            json.WriteStartObject("zoneState");
            json.WriteBoolean("available", zones.Available);
            json.WriteEndObject();
        })));
        api.Get("/os-hosts", "volume:hosts:list", _ => Task.FromResult(Hosts()));
        api.Get("/os-hosts/{host}", "volume:hosts:list", call => Task.FromResult(Host(call)));
    }

    /// <summary>One scheduler, one part for backups, and a part for each backend.</summary>
    private IEnumerable<ServicePart> Parts()
    {
        var rows = kernel.Database.Read(ServiceStore.All).ToDictionary(row => (row.BinaryName, row.Host));
        yield return Part(ServiceStore.SchedulerBinary, Scheduler, up: true, kernel.Clock.Now());
        yield return Part(ServiceStore.BackupBinary, Scheduler, up: true, kernel.Clock.Now());
        foreach (var place in placing.Places()) yield return Part(ServiceStore.VolumeBinary, ServiceStore.Host(place), place.Node.Up, place.Node.SeenAt);

        ServicePart Part(string binary, string host, bool up, long seenAt)
        {
            var row = rows.GetValueOrDefault((binary, host));
            return new ServicePart(binary, host, up, seenAt, row?.Disabled == true, row?.Reason);
        }
    }

    private Answer List(Call call)
    {
        var (binary, host) = (call.Query("binary"), call.Query("host"));
        var parts = Parts().Where(part => binary is null || part.Binary == binary).Where(part => host is null || part.Host == host || part.Host.Split('@')[0] == host);
        return Render.List("services", parts, (json, part) =>
        {
            json.WriteString("binary", part.Binary);
            json.WriteString("host", part.Host);
            json.WriteString("zone", zones.Default);
            json.WriteString("status", part.Disabled ? "disabled" : "enabled");
            json.WriteString("state", part.Up ? "up" : "down");
            json.TimeOrNull("updated_at", part.SeenAt);
            json.WriteString("disabled_reason", part.Reason);
            if (part.Binary != ServiceStore.VolumeBinary) return;
            json.WriteString("replication_status", "disabled");
            json.WriteNull("active_backend_id");
            json.WriteBoolean("frozen", false);
            if (call.Version.Has(49)) json.WriteString("backend_state", part.Up ? "up" : "down");
        });
    }

    private async Task<Answer> Update(Call call)
    {
        var action = call.Route("action");
        if (action is not ("enable" or "disable" or "disable-log-reason" or "freeze" or "thaw" or "failover_host")) return VolumeFaults.Missing("Unknown action");
        var body = await call.Body(ServiceJson.Wire.ServiceWish);
        if (body.Fault is { } malformed) return malformed;
        // What replicated backends can.
        if (action is "freeze" or "thaw" or "failover_host") return VolumeFaults.InvalidInput($"No replicated backend {body.Value.Host} was found.");
        var (binary, host, reason) = (body.Value.Binary ?? body.Value.Service, body.Value.Host, body.Value.DisabledReason);
        if (action == "disable-log-reason" && string.IsNullOrWhiteSpace(reason))
        {
            return Reading.Wrong("disabled_reason", "None", "'disabled_reason' is a required property");
        }

        if (Reading.TooLong("disabled_reason", reason) is { } wrong) return wrong;
        if (Parts().FirstOrDefault(part => part.Binary == binary && part.Host == host) is null)
        {
            return VolumeFaults.Missing($"Service {binary} could not be found on host {host}.");
        }

        var disabled = action != "enable";
        var kept = disabled && action != "disable" ? reason : null;
        var done = await kernel.Queue.Write<Done>("volume-service.update", call.Origin, tx =>
        {
            ServiceStore.Set(tx, binary!, host, disabled, kept);
            return Done.Value;
        }, call.Stop);
        return Answer.Of(done, _ => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("host", host);
            json.WriteString("service", binary);
            json.WriteBoolean("disabled", disabled);
            json.WriteString("binary", binary);
            json.WriteString("status", disabled ? "disabled" : "enabled");
            if (action != "disable") json.WriteString("disabled_reason", kept);
            json.WriteEndObject();
        }));
    }

    private Answer Hosts() => Render.List("hosts", Parts(), (json, part) =>
    {
        json.WriteString("service-status", part.Up ? "available" : "unavailable");
        json.WriteString("service", part.Binary);
        json.WriteString("zone", zones.Default);
        json.WriteString("service-state", part.Disabled ? "disabled" : "enabled");
        json.WriteString("host_name", part.Host);
        json.TimeOrNull("last-update", part.SeenAt);
    });

    private Answer Host(Call call)
    {
        var host = call.Route("host");
        if (placing.Places().FirstOrDefault(one => ServiceStore.Host(one) == host) is not { } place || nodes.Find(place.Node.Id) is null)
        {
            return VolumeFaults.Missing($"Host {host} could not be found.");
        }

        var uses = kernel.Database.Read(session => ServiceStore.Use(session, place.Node.Id, place.Backend.Name));
        var total = new HostUse
        {
            ProjectId = "(total)", Volumes = uses.Sum(use => use.Volumes), VolumeGib = uses.Sum(use => use.VolumeGib), Snapshots = uses.Sum(use => use.Snapshots),
            SnapshotGib = uses.Sum(use => use.SnapshotGib),
        };
        return Render.List("host", uses.Prepend(total), (json, use) =>
        {
            json.WriteStartObject("resource");
            json.WriteString("host", host);
            json.WriteString("project", use.ProjectId);
            Text(json, "volume_count", use.Volumes);
            Text(json, "total_volume_gb", use.VolumeGib);
            Text(json, "snapshot_count", use.Snapshots);
            Text(json, "total_snapshot_gb", use.SnapshotGib);
            json.WriteEndObject();
        });
    }

    private static void Text(Utf8JsonWriter json, string name, long value) => json.WriteString(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private sealed record ServicePart(string Binary, string Host, bool Up, long SeenAt, bool Disabled, string? Reason);
}
