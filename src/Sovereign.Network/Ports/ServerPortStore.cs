using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Subnets;

namespace Sovereign.Network.Ports;

/// <summary>Servers' ports as compute shows them: four statements, however many servers. Every step of a server's life asks this for one server.</summary>
internal static class ServerPortStore
{
    public static Dictionary<string, IReadOnlyList<PortInfo>> Of(Session session, IReadOnlyCollection<string> serverIds)
    {
        // One server is asked for by value: a list is spelled out anew each time.
        var one = serverIds.Count == 1;
        var which = one ? "p.device_id = @server AND p.nic_order >= 0" : "p.device_id IN @serverIds AND p.nic_order >= 0";
        object parameters = one ? new { server = serverIds.First() } : new { serverIds };
        var ports = session.Query<Port>(
            $"""
            SELECT p.id, p.device_id, p.network_id, p.mac, p.status, p.created_for_server, p.dns_name, n.name AS network_name, n.mtu
            FROM ports p JOIN networks n ON n.id = p.network_id WHERE {which} ORDER BY p.device_id, p.nic_order, p.id
            """,
            parameters);
        if (ports.Count == 0) return [];
        var addresses = session.Query<Address>(
            $"""
            SELECT a.port_id, a.address AS key, a.subnet_id, s.cidr, s.gateway_ip, s.enable_dhcp, s.dns, s.host_routes
            FROM ports p JOIN fixed_addresses a ON a.port_id = p.id JOIN subnets s ON s.id = a.subnet_id WHERE {which} ORDER BY a.position, a.address
            """,
            parameters).ToLookup(address => address.PortId, address => address.ToPortAddress(), StringComparer.Ordinal);
        var groups = session.Query<Group>(
            $"""
            SELECT g.port_id, g.group_id, s.name FROM ports p JOIN port_groups g ON g.port_id = p.id JOIN security_groups s ON s.id = g.group_id
            WHERE {which} ORDER BY g.group_id
            """,
            parameters).ToLookup(group => group.PortId, StringComparer.Ordinal);
        var floating = session.Query<Floating>(
            $"SELECT f.port_id, f.fixed_address, f.address FROM ports p JOIN floating_ips f ON f.port_id = p.id WHERE {which} ORDER BY f.id", parameters)
            .ToLookup(ip => ip.PortId, StringComparer.Ordinal);
        return ports.GroupBy(port => port.DeviceId, StringComparer.Ordinal).ToDictionary(
            server => server.Key,
            server => (IReadOnlyList<PortInfo>)server.Select(port => new PortInfo(
                port.Id, port.NetworkId, port.NetworkName, port.Mac, (int)port.Mtu, addresses[port.Id].ToList(),
                groups[port.Id].Select(group => group.GroupId).ToList(), groups[port.Id].Select(group => group.Name).ToList(), port.Status, port.CreatedForServer,
                floating[port.Id].ToDictionary(ip => ip.FixedAddress, ip => ip.Address, StringComparer.Ordinal), port.DnsName)).ToList(),
            StringComparer.Ordinal);
    }

    private sealed record Port
    {
        public string Id { get; init; } = "";

        public string DeviceId { get; init; } = "";

        public string NetworkId { get; init; } = "";

        public string Mac { get; init; } = "";

        public string Status { get; init; } = "";

        public bool CreatedForServer { get; init; }

        public string DnsName { get; init; } = "";

        public string NetworkName { get; init; } = "";

        public long Mtu { get; init; }
    }

    private sealed record Address
    {
        public string PortId { get; init; } = "";

        public string Key { get; init; } = "";

        public string SubnetId { get; init; } = "";

        public string Cidr { get; init; } = "";

        public string? GatewayIp { get; init; }

        public bool EnableDhcp { get; init; }

        public string Dns { get; init; } = "[]";

        public string HostRoutes { get; init; } = "[]";

        public PortAddress ToPortAddress()
        {
            var subnet = new SubnetRow { Dns = Dns, HostRoutes = HostRoutes };
            return new PortAddress(
                SubnetId, Ip.OfKey(Key).ToString(), Cidr, GatewayIp, EnableDhcp, subnet.DnsServers,
                subnet.Routes.Select(route => (route.Destination!, route.Nexthop!)).ToList());
        }
    }

    private sealed record Group
    {
        public string PortId { get; init; } = "";

        public string GroupId { get; init; } = "";

        public string Name { get; init; } = "";
    }

    private sealed record Floating
    {
        public string PortId { get; init; } = "";

        public string FixedAddress { get; init; } = "";

        public string Address { get; init; } = "";
    }
}
