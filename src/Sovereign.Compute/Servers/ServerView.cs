using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Groups;
using Sovereign.Compute.Hosts;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Who looks at servers, by which version, through which links.</summary>
/// <param name="Admin">True: also what only administrators see.</param>
/// <param name="Rebuilt">True: the answer to a rebuild, which has the user data under its own name.</param>
internal readonly record struct ServerViewer(Microversion Version, bool Admin, string PublicUrl, bool Rebuilt = false);

/// <summary>A server on the wire, member by member as the microversion has it.</summary>
internal sealed class ServerView(HostService hosts, GroupService groups, ComputeOptions options)
{
    private const int HostIdLength = 56;

    public static void Short(Utf8JsonWriter json, string id, string name, string publicUrl)
    {
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.Links(publicUrl, "/servers/" + id);
    }

    /// <param name="deletedAt">When it was deleted, microseconds UTC; 0 for one that is there.</param>
    /// <param name="alone">True in the answers about one server, which show a little more than lists.</param>
    public void Full(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, bool alone, long deletedAt = 0)
    {
        Basic(json, row, ports, viewer, deletedAt, extended: true);
        Extended(json, row, ports, viewer, deletedAt);
        Newer(json, row, viewer, alone);
        if (viewer.Version.Has(96)) json.WriteString("pinned_availability_zone", row.Zone);
        if (viewer.Version.Has(100)) RawObject(json, "scheduler_hints", row.SchedulerHints);
    }

    /// <summary>What updates answer before 2.75: without the extensions.</summary>
    public void Updated(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer)
    {
        if (viewer.Version.Has(75))
        {
            Full(json, row, ports, viewer, alone: true);
            return;
        }

        Basic(json, row, ports, viewer, 0, extended: false);
        Newer(json, row, viewer, alone: true);
    }

    /// <summary>What a rebuild answers: what updates do, and a little more.</summary>
    public void Rebuilt(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, string adminPass)
    {
        Updated(json, row, ports, viewer with { Rebuilt = true });
        if (viewer.Version.Has(54) && !viewer.Version.Has(75)) json.WriteString("key_name", row.KeyName);
        if (viewer.Version.Has(57)) json.WriteString("user_data", row.UserData);
        json.WriteString("adminPass", adminPass);
    }

    public static void Addresses(Utf8JsonWriter json, IReadOnlyList<PortInfo> ports, bool extended)
    {
        foreach (var network in ports.GroupBy(port => port.NetworkName, StringComparer.Ordinal)) Network(json, network.Key, network, extended);
    }

    public static void Network(Utf8JsonWriter json, string name, IEnumerable<PortInfo> ports, bool extended)
    {
        json.WriteStartArray(name);
        foreach (var port in ports)
        {
            foreach (var address in port.Addresses)
            {
                Address(json, port, address.Address, "fixed", extended);
                if (port.FloatingIps.TryGetValue(address.Address, out var floating)) Address(json, port, floating, "floating", extended);
            }
        }

        json.WriteEndArray();
    }

    /// <summary>An opaque name of the host that is the same for one project's servers on it, and tells other projects nothing.</summary>
    public string HostId(ServerRow row) => row.NodeId is { } node && hosts.Find(node) is { } host ? HostId(row.ProjectId, host.Node.HostName) : "";

    public static string HostId(string projectId, string hostName) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(projectId + hostName)))[..HostIdLength];

    private void Basic(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, long deletedAt, bool extended)
    {
        var status = deletedAt > 0 ? "DELETED" : row.Status;
        json.WriteString("id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteString("status", status);
        json.WriteString("tenant_id", row.ProjectId);
        json.WriteString("user_id", row.UserId);
        json.Texts("metadata", row.MetadataMap());
        json.WriteString("hostId", HostId(row));
        Image(json, row, viewer);
        Flavor(json, row, viewer);
        json.WriteString("created", Micros.ToSecondsZ(row.CreatedAt));
        json.WriteString("updated", Micros.ToSecondsZ(deletedAt > 0 ? deletedAt : row.UpdatedAt));
        json.WriteStartObject("addresses");
        // A port is of use when its server was started on it.
        if (row.VmState != ServerStates.Building) Addresses(json, ports, extended);
        json.WriteEndObject();
        json.WriteString("accessIPv4", row.AccessIpv4);
        json.WriteString("accessIPv6", row.AccessIpv6);
        json.Links(viewer.PublicUrl, "/servers/" + row.Id);
        json.WriteString("OS-DCF:diskConfig", row.DiskConfig);
        if (row.FaultCode != 0 && status is "ERROR" or "DELETED") Fault(json, row, viewer);
        if (status is "ACTIVE" or "BUILD" or "REBUILD" or "RESIZE" or "VERIFY_RESIZE" or "MIGRATING") json.WriteNumber("progress", 0);
    }

    private void Extended(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports, ServerViewer viewer, long deletedAt)
    {
        json.WriteString("OS-EXT-AZ:availability_zone", row.NodeId is { } node ? hosts.ZoneOf(node) : row.Zone ?? options.Zone);
        json.WriteString("config_drive", row.ConfigDrive ? "True" : "");
        json.WriteString("key_name", row.KeyName);
        json.WriteString("OS-SRV-USG:launched_at", row.LaunchedAt == 0 ? null : Micros.ToMicrosBare(row.LaunchedAt));
        json.WriteString("OS-SRV-USG:terminated_at", deletedAt == 0 ? null : Micros.ToMicrosBare(deletedAt));
        if (viewer.Admin) ForAdministrators(json, row, viewer);
        else if (viewer.Version.Has(90)) json.WriteString("OS-EXT-SRV-ATTR:hostname", row.Hostname);
        json.WriteString("OS-EXT-STS:task_state", deletedAt > 0 ? null : row.TaskState);
        json.WriteString("OS-EXT-STS:vm_state", deletedAt > 0 ? "deleted" : row.VmState);
        json.WriteNumber("OS-EXT-STS:power_state", deletedAt > 0 ? 0 : row.PowerState);
        json.WriteStartArray("os-extended-volumes:volumes_attached");
        foreach (var device in BlockDevices.Of(row))
        {
            json.WriteStartObject();
            json.WriteString("id", device.VolumeId);
            if (viewer.Version.Has(3)) json.WriteBoolean("delete_on_termination", device.DeleteOnTermination);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        // Once for each port, as the original lists them.
        var groups = row.NodeId is null && row.VmState == ServerStates.Building ? [] : ports.SelectMany(port => port.SecurityGroupNames).ToList();
        if (groups.Count == 0) return;
        json.WriteStartArray("security_groups");
        foreach (var group in groups)
        {
            json.WriteStartObject();
            json.WriteString("name", group);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void ForAdministrators(Utf8JsonWriter json, ServerRow row, ServerViewer viewer)
    {
        var version = viewer.Version;
        var host = row.NodeId is { } node ? hosts.Find(node) : null;
        json.WriteString("OS-EXT-SRV-ATTR:host", host?.Node.HostName);
        json.WriteString("OS-EXT-SRV-ATTR:instance_name", string.Create(CultureInfo.InvariantCulture, $"instance-{row.Number:x8}"));
        json.WriteString("OS-EXT-SRV-ATTR:hypervisor_hostname", host?.Node.HostName);
        if (version.Has(3))
        {
            json.WriteString("OS-EXT-SRV-ATTR:reservation_id", row.ReservationId);
            json.WriteNumber("OS-EXT-SRV-ATTR:launch_index", row.LaunchIndex);
            json.WriteString("OS-EXT-SRV-ATTR:hostname", row.Hostname);
            json.WriteString("OS-EXT-SRV-ATTR:kernel_id", "");
            json.WriteString("OS-EXT-SRV-ATTR:ramdisk_id", "");
            json.WriteString("OS-EXT-SRV-ATTR:root_device_name", "/dev/vda");
            if (!viewer.Rebuilt) json.WriteString("OS-EXT-SRV-ATTR:user_data", row.UserData);
        }

        if (version.Has(16)) json.WriteString("host_status", host is null ? "" : host.Row.Disabled ? "MAINTENANCE" : host.Up ? "UP" : "DOWN");
    }

    private void Newer(Utf8JsonWriter json, ServerRow row, ServerViewer viewer, bool alone)
    {
        var version = viewer.Version;
        if (version.Has(9)) json.WriteBoolean("locked", row.Locked);
        if (version.Has(73)) json.WriteString("locked_reason", row.LockedReason);
        if (version.Has(19)) json.WriteString("description", row.Description);
        if (version.Has(26))
        {
            json.WriteStartArray("tags");
            foreach (var tag in row.TagList()) json.WriteStringValue(tag);
            json.WriteEndArray();
        }

        if (version.Has(63)) json.WriteNull("trusted_image_certificates");
        if (!alone || !version.Has(71)) return;
        json.WriteStartArray("server_groups");
        if (groups.Of(row.Id) is { } group) json.WriteStringValue(group);
        json.WriteEndArray();
    }

    private static void Image(Utf8JsonWriter json, ServerRow row, ServerViewer viewer)
    {
        if (row.ImageId.Length == 0)
        {
            json.WriteString("image", "");
            return;
        }

        json.WriteStartObject("image");
        json.WriteString("id", row.ImageId);
        json.Bookmark(viewer.PublicUrl, "/images/" + row.ImageId);
        if (viewer.Version.Has(98)) json.Texts("properties", row.ImageThen().Properties);
        json.WriteEndObject();
    }

    private static void Flavor(Utf8JsonWriter json, ServerRow row, ServerViewer viewer)
    {
        // Until the guest is resized it is what it was.
        if (row.TaskState == ServerStates.Resizing && row.Before() is { } before) row = row with { FlavorId = before.FlavorId, Flavor = before.Flavor };
        json.WriteStartObject("flavor");
        if (viewer.Version.Has(47))
        {
            var flavor = row.FlavorThen();
            json.WriteNumber("vcpus", flavor.Vcpus);
            json.WriteNumber("ram", flavor.RamMib);
            json.WriteNumber("disk", flavor.DiskGib);
            json.WriteNumber("ephemeral", flavor.EphemeralGib);
            json.WriteNumber("swap", flavor.SwapMib);
            json.WriteString("original_name", flavor.Name);
            json.Texts("extra_specs", flavor.ExtraSpecs);
        }
        else
        {
            json.WriteString("id", row.FlavorId);
            json.Bookmark(viewer.PublicUrl, "/flavors/" + row.FlavorId);
        }

        json.WriteEndObject();
    }

    private static void Fault(Utf8JsonWriter json, ServerRow row, ServerViewer viewer)
    {
        json.WriteStartObject("fault");
        json.WriteNumber("code", row.FaultCode);
        json.WriteString("created", Micros.ToSecondsZ(row.FaultAt));
        json.WriteString("message", row.FaultMessage);
        if (viewer.Admin) json.WriteString("details", row.FaultMessage);
        json.WriteEndObject();
    }

    private static void Address(Utf8JsonWriter json, PortInfo port, string address, string type, bool extended)
    {
        json.WriteStartObject();
        json.WriteNumber("version", address.Contains(':', StringComparison.Ordinal) ? 6 : 4);
        json.WriteString("addr", address);
        if (extended)
        {
            json.WriteString("OS-EXT-IPS:type", type);
            json.WriteString("OS-EXT-IPS-MAC:mac_addr", port.Mac);
        }

        json.WriteEndObject();
    }

    private static void RawObject(Utf8JsonWriter json, string name, string? value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value ?? "{}");
    }
}
