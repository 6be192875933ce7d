using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Types;
using Sovereign.Volume.Volumes;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Services;

/// <summary>Routes of pools and of what backends can do: each backend of a node is one pool.</summary>
internal sealed class PoolEndpoints(KernelServices kernel, VolumePlacing placing)
{
    public void Map(BothRoutes api)
    {
        api.Get("/scheduler-stats/get_pools", "volume:pools:list", call => Task.FromResult(Pools(call)));
        api.Get("/capabilities/{host}", "volume:capabilities:show", call => Task.FromResult(Capabilities(call)));
    }

    private Answer Pools(Call call)
    {
        var detail = call.Query("detail") is { } asked && Truth.Of(asked) == true;
        var (name, type) = (call.Query("name"), call.Query("volume_type"));
        var (promised, backend) = kernel.Database.Read(session => (VolumeStore.Promised(session), type is null
            ? null
            : TypeStore.ByIdOrName(session, type)?.Specs().GetValueOrDefault("volume_backend_name")));
        var pools = placing.Places().Where(place => name is null || ServiceStore.Pool(place) == name).Where(place => backend is null || place.Backend.Name == backend);
        return Render.List("pools", pools, (json, place) =>
        {
            json.WriteString("name", ServiceStore.Pool(place));
            if (!detail) return;
            json.WriteStartObject("capabilities");
            json.TimeOrNull("timestamp", place.Node.SeenAt);
            json.WriteString("volume_backend_name", place.Backend.Name);
            json.WriteString("vendor_name", Services.Capabilities.Vendor);
            json.WriteString("driver_version", Services.Capabilities.DriverVersion);
            json.WriteString("storage_protocol", Services.Capabilities.Protocol(place));
            json.WriteBoolean("QoS_support", true);
            json.WriteBoolean("multiattach", Services.Capabilities.Multiattach(place.Backend));
            json.WriteNumber("reserved_percentage", 0);
            json.WriteNumber("total_capacity_gb", place.Backend.TotalGib);
            json.WriteNumber("free_capacity_gb", place.Backend.FreeGib);
            json.WriteNumber("allocated_capacity_gb", promised.GetValueOrDefault((place.Node.Id, place.Backend.Name)));
            json.WriteString("backend_state", place.Node.Up ? "up" : "down");
            json.WriteEndObject();
        });
    }

    private Answer Capabilities(Call call)
    {
        var host = call.Route("host");
        if (placing.Places().FirstOrDefault(one => ServiceStore.Host(one) == host || ServiceStore.Pool(one) == host) is not { } place)
        {
            return VolumeFaults.Missing($"Service cinder-volume could not be found on host {host}.");
        }

        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteString("namespace", "OS::Storage::Capabilities::" + ServiceStore.Host(place));
            json.WriteString("vendor_name", Services.Capabilities.Vendor);
            json.WriteString("volume_backend_name", place.Backend.Name);
            json.WriteString("pool_name", place.Backend.Name);
            json.WriteString("driver_version", Services.Capabilities.DriverVersion);
            json.WriteString("storage_protocol", Services.Capabilities.Protocol(place));
            json.WriteNull("display_name");
            json.WriteNull("description");
            json.WriteNull("visibility");
            json.WriteStartArray("replication_targets");
            json.WriteEndArray();
            json.WriteStartObject("properties");
            Property(json, "qos", "QoS", "The hypervisor keeps the limits of QoS specs.");
            Property(json, "thin_provisioning", "Thin Provisioning", "Space is taken when it is written.");
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private static void Property(Utf8JsonWriter json, string name, string title, string description)
    {
        json.WriteStartObject(name);
        json.WriteString("title", title);
        json.WriteString("description", description);
        json.WriteString("type", "boolean");
        json.WriteEndObject();
    }
}
