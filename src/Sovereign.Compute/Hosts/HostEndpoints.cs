using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Hosts;

/// <summary>Routes of compute services and availability zones.</summary>
internal sealed class HostEndpoints(KernelServices kernel, HostService hosts, ComputeOptions options)
{
    private const string Binary = "nova-compute";

    private const string ControlZone = "internal";
    private const int FirstControlNumber = 1_000_000;

    /// <summary>What the control plane does itself: up while it answers.</summary>
    private static readonly string[] control = ["nova-scheduler", "nova-conductor"];

    public void Map(BothRoutes api)
    {
        api.Get("/os-services", "compute:services:list", List);
        api.Put("/os-services/{id}", "compute:services:update", Update);
        api.Delete("/os-services/{id}", "compute:services:delete", Delete);
        api.Get("/os-availability-zone", "compute:zones:list", call => Zones(call, detailed: false));
        api.Get("/os-availability-zone/detail", "compute:zones:detail", call => Zones(call, detailed: true));
    }

    private Task<Answer> List(Call call)
    {
        var (name, binary) = (call.Query("host"), call.Query("binary"));
        var found = hosts.All().Where(host => (name is null || host.Node.HostName == name) && binary is null or Binary);
        var own = control.Where(each => (name is null || options.HostName == name) && (binary is null || binary == each));
        var all = found.Select(host => (Host: (Host?)host, Control: "")).Concat(own.Select(each => (Host: (Host?)null, Control: each)));
        return Task.FromResult(Render.List("services", all, (json, service) =>
        {
            if (service.Host is { } host) Service(json, host, call.Version);
            else ControlService(json, service.Control, call.Version);
        }));
    }

    private void ControlService(Utf8JsonWriter json, string binary, Microversion version)
    {
        json.WriteString("binary", binary);
        json.WriteString("host", options.HostName);
        if (version.Has(53)) json.WriteString("id", ControlId(binary));
        else json.WriteNumber("id", FirstControlNumber + Array.IndexOf(control, binary));
        json.WriteString("zone", ControlZone);
        json.WriteString("status", "enabled");
        json.WriteString("state", "up");
        json.WriteString("updated_at", Micros.ToMicrosBare(Micros.Now(kernel.Clock)));
        json.WriteNull("disabled_reason");
        if (version.Has(11)) json.WriteBoolean("forced_down", false);
    }

    /// <summary>Derived, not stored: the same on every replica.</summary>
    private string ControlId(string binary) => new Guid(kernel.Master.Derive("service:" + binary).AsSpan(0, 16)).ToString();

    private static Fault NotCompute(string binary) =>
        new Fault.Invalid("", $"Updating a {binary} service is not supported. Only nova-compute services can be updated.");

    private void Service(Utf8JsonWriter json, Host host, Microversion version)
    {
        json.WriteString("binary", Binary);
        json.WriteString("host", host.Node.HostName);
        if (version.Has(53)) json.WriteString("id", host.Row.ServiceId);
        else json.WriteNumber("id", host.Row.Number);
        json.WriteString("zone", hosts.ZoneOf(host.Node.Id));
        json.WriteString("status", host.Row.Disabled ? "disabled" : "enabled");
        json.WriteString("state", host.Up ? "up" : "down");
        json.WriteString("updated_at", Micros.ToMicrosBare(host.Node.SeenAt));
        json.WriteString("disabled_reason", host.Row.DisabledReason);
        if (version.Has(11)) json.WriteBoolean("forced_down", host.Row.ForcedDown);
    }

    private async Task<Answer> Update(Call call) => call.Version.Has(53) ? await UpdateById(call) : await UpdateByName(call);

    private async Task<Answer> UpdateById(Call call)
    {
        var body = await call.Body(HostJson.Wire.ServiceUpdate);
        if (body.Fault is { } wrong) return wrong;
        var (asked, id) = (body.Value, call.Route("id"));
        if (asked is { Status: null, ForcedDown: null })
        {
            return new Fault.Invalid("", "No updates were requested. Fields 'status' or 'forced_down' should be specified.");
        }
        if (asked.Status is not (null or "enabled" or "disabled")) return new Fault.Invalid("status", "Invalid input for field/attribute status.");
        if (asked.DisabledReason is not null && asked.Status != "disabled")
        {
            return new Fault.Invalid("disabled_reason", "Specifying 'disabled_reason' when status is 'enabled' is invalid.");
        }

        if (Array.Find(control, each => ControlId(each) == id) is { } binary) return NotCompute(binary);
        var changed = await hosts.Change(call.Access, row => row.ServiceId == id, $"Service {id} not found.", row => Changed(row, asked), call.Stop);
        return Answer.Of(changed, row => hosts.Find(row.NodeId) is { } host
            ? Render.Object(200, "service", json => Service(json, host with { Row = row }, call.Version))
            : Wire.NotFound($"Service {id} not found."));
    }

    private static HostRow Changed(HostRow row, ServiceUpdate asked) => row with
    {
        Disabled = asked.Status is null ? row.Disabled : asked.Status == "disabled",
        DisabledReason = asked.Status is null ? row.DisabledReason : asked.DisabledReason,
        ForcedDown = asked.ForcedDown ?? row.ForcedDown,
    };

    /// <summary>Before 2.53 the path named what to do and the body named the host.</summary>
    private async Task<Answer> UpdateByName(Call call)
    {
        var body = await call.Body(HostJson.Wire.OldServiceUpdate);
        if (body.Fault is { } wrong) return wrong;
        var (asked, verb) = (body.Value, call.Route("id"));
        var down = Wire.Truth(asked.ForcedDown, true);
        if (verb is not ("enable" or "disable" or "disable-log-reason" or "force-down") || (verb == "force-down" && !call.Version.Has(11)))
        {
            return ComputeVersions.Unrouted(call);
        }

        if (verb == "disable-log-reason" && string.IsNullOrEmpty(asked.DisabledReason)) return new Fault.Invalid("disabled_reason", "Missing disabled reason field");
        if (control.Contains(asked.Binary)) return NotCompute(asked.Binary);
        if (down is null) return new Fault.Invalid("forced_down", "forced_down is a boolean.");
        var changed = await hosts.Change(
            call.Access,
            row => row.HostName == asked.Host && asked.Binary == Binary,
            $"Could not find binary {asked.Binary} on host {asked.Host}.",
            row => verb switch
            {
                "enable" => row with { Disabled = false, DisabledReason = null },
                "force-down" => row with { ForcedDown = down.Value },
                _ => row with { Disabled = true, DisabledReason = asked.DisabledReason },
            },
            call.Stop);
        return Answer.Of(changed, row => Render.Object(200, "service", json =>
        {
            json.WriteString("host", row.HostName);
            json.WriteString("binary", Binary);
            if (verb == "force-down") json.WriteBoolean("forced_down", row.ForcedDown);
            else json.WriteString("status", row.Disabled ? "disabled" : "enabled");
            if (verb == "disable-log-reason") json.WriteString("disabled_reason", row.DisabledReason);
        }));
    }

    private Task<Answer> Delete(Call call)
    {
        var id = call.Route("id");
        if (Array.Find(control, each => ControlId(each) == id) is { } own)
        {
            return Task.FromResult<Answer>(new Fault.Conflict($"The service {own} belongs to the control plane: it goes with the cloud."));
        }

        var found = hosts.All().FirstOrDefault(host => host.Row.ServiceId == id || host.Row.Number.ToString(System.Globalization.CultureInfo.InvariantCulture) == id);
        return Task.FromResult<Answer>(found is null
            ? Wire.NotFound($"Service {id} not found.")
            : new Fault.Conflict("The service belongs to a node: it goes when the node is removed from the cloud."));
    }

    private Task<Answer> Zones(Call call, bool detailed)
    {
        var everything = hosts.All();
        return Task.FromResult(Render.List("availabilityZoneInfo", hosts.Zones(), (json, zone) =>
        {
            var all = everything.Where(host => hosts.ZoneOf(host.Node.Id) == zone).ToList();
            json.WriteString("zoneName", zone);
            json.WriteStartObject("zoneState");
            json.WriteBoolean("available", all.Exists(host => host.Up && !host.Row.Disabled));
            json.WriteEndObject();
            if (!detailed)
            {
                json.WriteNull("hosts");
                return;
            }

            json.WriteStartObject("hosts");
            foreach (var host in all)
            {
                json.WriteStartObject(host.Node.HostName);
                json.WriteStartObject(Binary);
                json.WriteBoolean("available", host.Up);
                json.WriteBoolean("active", !host.Row.Disabled);
                json.WriteString("updated_at", Micros.ToMicrosBare(host.Node.SeenAt));
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }));
    }
}
