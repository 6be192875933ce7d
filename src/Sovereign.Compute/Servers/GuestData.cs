using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Servers.Volumes;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Servers;

/// <summary>The documents that a guest reads from the config drive and the metadata service, in the forms that cloud-init expects.</summary>
internal sealed class GuestData(MasterKey master, ComputeOptions options)
{
    private const int SeedBytes = 512;

    public GuestDataSpec Of(ServerRow row, IReadOnlyList<PortInfo> ports, string? adminPass)
    {
        IReadOnlyList<KeySpec> keys = row is { KeyName: { } name, PublicKey: { } key } ? [new KeySpec(name, key)] : [];
        return new GuestDataSpec(
            MetaData(row, ports, keys, adminPass), NetworkData(ports), "{}", row.UserData, row.ConfigDrive, row.Hostname,
            string.Create(CultureInfo.InvariantCulture, $"i-{row.Number:x8}"), row.FlavorThen().Name, row.ImageId, keys,
            [.. ports.SelectMany(port => port.SecurityGroupNames).Distinct(StringComparer.Ordinal)], options.Zone, (int)row.LaunchIndex)
        {
            Files = InjectedFiles.Of(row) is { Count: > 0 } files ? files : null,
        };
    }

    private string MetaData(ServerRow row, IReadOnlyList<PortInfo> ports, IReadOnlyList<KeySpec> keys, string? adminPass) => Text(json =>
    {
        json.WriteString("uuid", row.Id);
        if (adminPass is not null) json.WriteString("admin_pass", adminPass);
        json.WriteString("hostname", row.Hostname);
        json.WriteString("name", row.Name);
        json.WriteNumber("launch_index", row.LaunchIndex);
        json.WriteString("availability_zone", options.Zone);
        // The seed is derived, not stored: the same document each time, and no two servers share it.
        json.WriteBase64String("random_seed", HKDF.DeriveKey(HashAlgorithmName.SHA512, master.Derive("guest-seed:" + row.Id), SeedBytes));
        json.WriteString("project_id", row.ProjectId);
        json.Texts("meta", row.MetadataMap());
        json.Texts("public_keys", keys.Select(key => KeyValuePair.Create(key.Name, key.OpenSshKey)));
        json.WriteStartArray("keys");
        foreach (var key in keys)
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteString("type", key.OpenSshKey.StartsWith("-----", StringComparison.Ordinal) ? "x509" : "ssh");
            json.WriteString("data", key.OpenSshKey);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (InjectedFiles.Of(row) is { Count: > 0 } files)
        {
            json.WriteStartArray("files");
            foreach (var (index, file) in files.Index())
            {
                json.WriteStartObject();
                json.WriteString("path", file.Path);
                json.WriteString("content_path", "/content/" + GuestFileSpec.NameOf(index));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        Devices(json, row, ports);
        json.WriteStartArray("dedicated_cpus");
        json.WriteEndArray();
    });

    /// <summary>Only devices that carry a tag are told: a guest finds them by it.</summary>
    private static void Devices(Utf8JsonWriter json, ServerRow row, IReadOnlyList<PortInfo> ports)
    {
        var tags = row.NicTagMap();
        json.WriteStartArray("devices");
        foreach (var port in ports.Where(port => tags.ContainsKey(port.Id)))
        {
            json.WriteStartObject();
            json.WriteString("type", "nic");
            json.WriteString("bus", "none");
            json.WriteString("address", "none");
            json.WriteString("mac", port.Mac);
            json.WriteStartArray("tags");
            json.WriteStringValue(tags[port.Id]);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        foreach (var disk in BlockDevices.Of(row).Where(disk => disk.Tag is not null && disk.State != BlockDeviceStates.Detaching))
        {
            json.WriteStartObject();
            json.WriteString("type", "disk");
            json.WriteString("bus", disk.Bus == "scsi" ? "scsi" : "pci");
            json.WriteString("address", "none");
            json.WriteString("serial", disk.VolumeId);
            json.WriteString("path", disk.Device);
            json.WriteStartArray("tags");
            json.WriteStringValue(disk.Tag);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string NetworkData(IReadOnlyList<PortInfo> ports) => Text(json =>
    {
        json.WriteStartArray("links");
        foreach (var port in ports)
        {
            json.WriteStartObject();
            json.WriteString("id", Link(port));
            json.WriteString("vif_id", port.Id);
            json.WriteString("type", "bridge");
            json.WriteNumber("mtu", port.MtuBytes);
            json.WriteString("ethernet_mac_address", port.Mac);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("networks");
        var number = 0;
        foreach (var port in ports)
        {
            // Guests learn IPv6 addresses by themselves: the fabric speaks IPv4.
            foreach (var address in port.Addresses.Where(a => !a.Address.Contains(':', StringComparison.Ordinal))) Network(json, port, address, number++);
        }

        json.WriteEndArray();
        json.WriteStartArray("services");
        foreach (var server in ports.SelectMany(port => port.Addresses).SelectMany(address => address.DnsServers)
            .Where(server => !server.Contains(':', StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)) Dns(json, server);
        json.WriteEndArray();
    });

    private static void Network(Utf8JsonWriter json, PortInfo port, PortAddress address, int number)
    {
        json.WriteStartObject();
        json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"network{number}"));
        json.WriteString("type", address.Dhcp ? "ipv4_dhcp" : "ipv4");
        json.WriteString("link", Link(port));
        json.WriteString("network_id", port.NetworkId);
        if (!address.Dhcp)
        {
            json.WriteString("ip_address", address.Address);
            json.WriteString("netmask", Netmask(address.Cidr));
            json.WriteStartArray("routes");
            if (address.Gateway is { } gateway) Route(json, "0.0.0.0/0", gateway);
            foreach (var (destination, nextHop) in address.Routes) Route(json, destination, nextHop);
            json.WriteEndArray();
            json.WriteStartArray("services");
            foreach (var server in address.DnsServers) Dns(json, server);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Route(Utf8JsonWriter json, string destination, string gateway)
    {
        json.WriteStartObject();
        json.WriteString("network", destination.Split('/')[0]);
        json.WriteString("netmask", Netmask(destination));
        json.WriteString("gateway", gateway);
        json.WriteEndObject();
    }

    private static void Dns(Utf8JsonWriter json, string server)
    {
        json.WriteStartObject();
        json.WriteString("type", "dns");
        json.WriteString("address", server);
        json.WriteEndObject();
    }

    private static string Link(PortInfo port) => "tap" + port.Id[..11];

    private static string Netmask(string cidr)
    {
        var prefix = IPNetwork.Parse(cidr).PrefixLength;
        var mask = prefix == 0 ? 0u : uint.MaxValue << (32 - prefix);
        return new IPAddress(BitConverter.GetBytes(IPAddress.HostToNetworkOrder((int)mask))).ToString();
    }

    private static string Text(Action<Utf8JsonWriter> members) => Encoding.UTF8.GetString(Render.Bytes(json =>
    {
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
    }));
}
