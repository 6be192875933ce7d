using Sovereign.Kernel.Outcomes;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

/// <summary>The rules of a subnet that need no I/O: ranges, gateway, pools, routes.</summary>
internal static class SubnetRules
{
    private const int PoolsMax = 64;
    private const int DnsServersMax = 5;
    private const int HostRoutesMax = 20;

    public static Outcome<Cidr> Range(string? text)
    {
        if (!Cidr.TryParse(text, out var cidr)) return NetworkFaults.Attribute("cidr", $"'{text}' is not a valid IP subnet");
        if (cidr.ToString() != text)
        {
            return NetworkFaults.Attribute("cidr", $"'{text}' isn't a recognized IP subnet cidr, '{cidr}' is recommended");
        }

        return cidr.Prefix == 0 ? NetworkFaults.Input("0 is not allowed as CIDR prefix length") : cidr;
    }

    /// <summary>Multicast, loopback and link-local ranges can't be a tenant's subnet; the last has the metadata service.</summary>
    public static Fault? Usable(Cidr cidr, bool dhcp)
    {
        Cidr[] barred = [new(0xE000_0000, 4), new(0xF000_0000, 4), new(0x7F00_0000, 8), new(0xA9FE_0000, 16), new(0, 8)];
        if (barred.Any(range => range.Overlaps(cidr))) return NetworkFaults.Input($"The subnet {cidr} is in a range that hosts can't have");
        return dhcp && cidr.Prefix >= 31
            ? NetworkFaults.Input($"Subnet has a prefix length that is incompatible with DHCP service enabled")
            : null;
    }

    public static Outcome<string?> Gateway(string? text, Cidr cidr)
    {
        if (text is null) return Outcome.Of<string?>(null);
        if (!Ipv4.TryParse(text, out var gateway)) return NetworkFaults.Attribute("gateway_ip", $"'{text}' is not a valid IP address");
        return cidr.ContainsHost(gateway) ? text : NetworkFaults.Input("Gateway is not valid on subnet");
    }

    /// <summary>All hosts but the gateway, in one or two ranges.</summary>
    public static IReadOnlyList<AddressRange> DefaultPools(Cidr cidr, string? gateway)
    {
        if (gateway is null || !Ipv4.TryParse(gateway, out var hole)) return [new(cidr.FirstHost, cidr.LastHost)];
        AddressRange[] pools = [new(cidr.FirstHost, hole - 1), new(hole + 1, cidr.LastHost)];
        return pools.Where(pool => pool.Start <= pool.End).ToList();
    }

    public static Outcome<IReadOnlyList<AddressRange>> Pools(IReadOnlyList<PoolView> wished, Cidr cidr, string? gateway)
    {
        if (wished.Count > PoolsMax) return NetworkFaults.Attribute("allocation_pools", $"More than {PoolsMax} pools");
        var pools = new List<AddressRange>();
        foreach (var pool in wished)
        {
            if (pool is null || !Ipv4.TryParse(pool.Start, out var start) || !Ipv4.TryParse(pool.End, out var end))
            {
                return NetworkFaults.Attribute("allocation_pools", $"Invalid data format for IP pool: '{{start: {pool?.Start}, end: {pool?.End}}}'");
            }

            var range = new AddressRange(start, end);
            if (end < start) return NetworkFaults.Refused("InvalidAllocationPool", $"The allocation pool {range} is not valid.");
            if (!cidr.ContainsHost(start) || !cidr.ContainsHost(end))
            {
                return NetworkFaults.Refused("OutOfBoundsAllocationPool", $"The allocation pool {range} spans beyond the subnet cidr {cidr}.");
            }

            pools.Add(range);
        }

        pools.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (var i = 1; i < pools.Count; i++)
        {
            if (pools[i].Start > pools[i - 1].End) continue;
            return NetworkFaults.Conflict(
                "OverlappingAllocationPools", $"Found overlapping allocation pools: {pools[i - 1]} {pools[i]} for subnet {cidr}.");
        }

        if (gateway is not null && Ipv4.TryParse(gateway, out var address) && pools.FirstOrDefault(pool => pool.Contains(address)) is { End: > 0 } hit)
        {
            return NetworkFaults.Conflict("GatewayConflictWithAllocationPools", $"Gateway ip {gateway} conflicts with allocation pool {hit}.");
        }

        return pools;
    }

    public static Fault? Dns(IReadOnlyList<string>? servers)
    {
        if (servers is null) return NetworkFaults.Attribute("dns_nameservers", "'None' is not a list");
        if (servers.Count > DnsServersMax)
        {
            return NetworkFaults.Refused("DNSNameServersExhausted", $"Unable to complete operation: the number of DNS nameservers exceeds the limit {DnsServersMax}.");
        }

        foreach (var server in servers)
        {
            if (!Ipv4.TryParse(server, out _)) return NetworkFaults.Attribute("dns_nameservers", $"'{server}' is not a valid nameserver. '{server}' is not a valid IP address");
        }

        return servers.Distinct(StringComparer.Ordinal).Count() == servers.Count
            ? null
            : NetworkFaults.Attribute("dns_nameservers", "Duplicate nameserver");
    }

    public static Fault? HostRoutes(IReadOnlyList<RouteView>? routes)
    {
        if (routes is null) return NetworkFaults.Attribute("host_routes", "'None' is not a list");
        if (routes.Count > HostRoutesMax)
        {
            return NetworkFaults.Refused("HostRoutesExhausted", $"Unable to complete operation: the number of host routes exceeds the limit {HostRoutesMax}.");
        }

        return RouteFormat("host_routes", routes);
    }

    public static Fault? RouteFormat(string attribute, IReadOnlyList<RouteView> routes)
    {
        foreach (var route in routes)
        {
            if (route is null || !Cidr.TryParse(route.Destination, out var destination) || destination.ToString() != route.Destination)
            {
                return NetworkFaults.Attribute(attribute, $"'{route?.Destination}' is not a valid IP subnet");
            }

            if (!Ipv4.TryParse(route.Nexthop, out _)) return NetworkFaults.Attribute(attribute, $"'{route.Nexthop}' is not a valid IP address");
        }

        return routes.Distinct().Count() == routes.Count ? null : NetworkFaults.Attribute(attribute, "Duplicate hostroute");
    }

    /// <summary>Only IPv4 without pools of subnets is here.</summary>
    public static Fault? Offered(SubnetWish wish)
    {
        if (wish.IpVersion is { Given: true } version && version.Value != 4)
        {
            return version.Value == 6
                ? NetworkFaults.Input("IPv6 subnets are not offered by this cloud")
                : NetworkFaults.Attribute("ip_version", $"'{version.Value}' is not in [4, 6]");
        }

        if (wish.Ipv6RaMode.Or(null) is not null || wish.Ipv6AddressMode.Or(null) is not null)
        {
            return NetworkFaults.Input("ipv6_ra_mode and ipv6_address_mode are not valid when ip_version is 4");
        }

        if (wish.SubnetpoolId.Or(null) is { } pool) return NetworkFaults.Missing("SubnetPoolNotFound", $"Subnet pool {pool} could not be found.");
        return wish.ServiceTypes.Or(null) is { Count: > 0 } ? NetworkFaults.Input("service_types are not offered by this cloud") : null;
    }
}
