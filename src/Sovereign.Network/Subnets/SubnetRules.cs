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

    private static readonly Cidr[] barred = new[]
    {
        "224.0.0.0/4", "240.0.0.0/4", "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "ff00::/8", "fe80::/10", "::/128", "::1/128",
    }.Select(text => Cidr.TryParse(text, out var range) ? range : throw new FormatException(text)).ToArray();

    private static readonly Cidr linkLocal = barred[6];

    public static Outcome<Cidr> Range(string? text)
    {
        if (!Cidr.TryParse(text, out var cidr)) return NetworkFaults.Attribute("cidr", $"'{text}' is not a valid IP subnet");
        // Host bits are a slip in IPv4; an IPv6 range has many spellings.
        if (cidr.Version == 4 && cidr.ToString() != text)
        {
            return NetworkFaults.Attribute("cidr", $"'{text}' isn't a recognized IP subnet cidr, '{cidr}' is recommended");
        }

        return cidr.Prefix == 0 ? NetworkFaults.Input("0 is not allowed as CIDR prefix length") : cidr;
    }

    /// <summary>Multicast, loopback and link-local ranges can't be a tenant's subnet; the last has the metadata service.</summary>
    public static Fault? Usable(Cidr cidr, bool dhcp)
    {
        if (barred.Any(range => range.Overlaps(cidr))) return NetworkFaults.Input($"The subnet {cidr} is in a range that hosts can't have");
        return dhcp && cidr.Prefix >= cidr.Network.Bits - 1
            ? NetworkFaults.Input("Subnet has a prefix length that is incompatible with DHCP service enabled")
            : null;
    }

    public static Outcome<string?> Gateway(string? text, Cidr cidr)
    {
        if (text is null) return Outcome.Of<string?>(null);
        if (!Ip.TryParse(text, out var gateway)) return NetworkFaults.Attribute("gateway_ip", $"'{text}' is not a valid IP address");
        if (gateway.Version != cidr.Version) return OtherVersion("gateway_ip", text, cidr);
        return cidr.ContainsHost(gateway) || linkLocal.Contains(gateway)
            ? Outcome.Of<string?>(gateway.ToString()) : NetworkFaults.Input("Gateway is not valid on subnet");
    }

    /// <summary>All hosts but the gateway, in one or two ranges.</summary>
    public static IReadOnlyList<AddressRange> DefaultPools(Cidr cidr, string? gateway)
    {
        if (!Ip.TryParse(gateway, out var hole) || !cidr.ContainsHost(hole)) return [new(cidr.FirstHost, cidr.LastHost)];
        var pools = new List<AddressRange>(2);
        if (hole > cidr.FirstHost) pools.Add(new AddressRange(cidr.FirstHost, hole.Previous));
        if (hole < cidr.LastHost) pools.Add(new AddressRange(hole.Next, cidr.LastHost));
        return pools;
    }

    public static Outcome<IReadOnlyList<AddressRange>> Pools(IReadOnlyList<PoolView> wished, Cidr cidr, string? gateway)
    {
        if (wished.Count > PoolsMax) return NetworkFaults.Attribute("allocation_pools", $"More than {PoolsMax} pools");
        var pools = new List<AddressRange>();
        foreach (var pool in wished)
        {
            if (pool is null || !Ip.TryParse(pool.Start, out var start) || !Ip.TryParse(pool.End, out var end)
                || start.Version != end.Version)
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

        return GatewayConflict(pools, gateway) is { } conflict ? conflict : pools;
    }

    /// <summary>The gateway's address can't be given to ports.</summary>
    public static Fault? GatewayConflict(IReadOnlyList<AddressRange> pools, string? gateway)
    {
        if (!Ip.TryParse(gateway, out var address)) return null;
        foreach (var pool in pools.Where(pool => pool.Contains(address)))
        {
            return NetworkFaults.Conflict("GatewayConflictWithAllocationPools", $"Gateway ip {gateway} conflicts with allocation pool {pool}.");
        }

        return null;
    }

    public static Fault? Dns(IReadOnlyList<string> servers, Cidr cidr)
    {
        if (servers.Count > DnsServersMax)
        {
            return NetworkFaults.Refused("DNSNameServersExhausted", $"Unable to complete operation: the number of DNS nameservers exceeds the limit {DnsServersMax}.");
        }

        foreach (var server in servers)
        {
            if (!Ip.TryParse(server, out var address))
            {
                return NetworkFaults.Attribute("dns_nameservers", $"'{server}' is not a valid nameserver. '{server}' is not a valid IP address");
            }

            if (address.Version != cidr.Version) return OtherVersion("dns_nameserver", server, cidr);
        }

        return servers.Distinct(StringComparer.Ordinal).Count() == servers.Count
            ? null
            : NetworkFaults.Attribute("dns_nameservers", "Duplicate nameserver");
    }

    public static Fault? HostRoutes(IReadOnlyList<RouteView> routes, Cidr cidr)
    {
        if (routes.Count > HostRoutesMax)
        {
            return NetworkFaults.Refused("HostRoutesExhausted", $"Unable to complete operation: the number of host routes exceeds the limit {HostRoutesMax}.");
        }

        if (RouteFormat("host_routes", routes) is { } wrong) return wrong;
        foreach (var route in routes)
        {
            if (Ip.TryParse(route.Nexthop, out var hop) && hop.Version != cidr.Version) return OtherVersion("host_routes", route.Nexthop!, cidr);
        }

        return null;
    }

    private static Fault OtherVersion(string attribute, string text, Cidr cidr) =>
        NetworkFaults.Input($"{attribute} '{text}' does not match the ip_version '{cidr.Version}'");

    public static Fault? RouteFormat(string attribute, IReadOnlyList<RouteView> routes)
    {
        foreach (var route in routes)
        {
            if (route is null || !Cidr.TryParse(route.Destination, out var destination) || (destination.Version == 4 && destination.ToString() != route.Destination))
            {
                return NetworkFaults.Attribute(attribute, $"'{route?.Destination}' is not a valid IP subnet");
            }

            if (!Ip.TryParse(route.Nexthop, out var hop)) return NetworkFaults.Attribute(attribute, $"'{route.Nexthop}' is not a valid IP address");
            if (hop.Version != destination.Version) return NetworkFaults.Attribute(attribute, $"'{route.Destination}' and its next hop are of two IP versions");
        }

        return routes.Distinct().Count() == routes.Count ? null : NetworkFaults.Attribute(attribute, "Duplicate hostroute");
    }

    /// <summary>ip_version, the two IPv6 modes, and what goes with them.</summary>
    /// <param name="prefix">Length of the prefix, once it is known.</param>
    public static Fault? Ipv6(SubnetWish wish, int version, bool dhcp, int prefix)
    {
        var (announced, mode) = (wish.Ipv6RaMode.Or(null), wish.Ipv6AddressMode.Or(null));
        foreach (var (name, value) in new[] { ("ipv6_ra_mode", announced), ("ipv6_address_mode", mode) })
        {
            if (value is not null && !Ipv6Modes.All.Contains(value))
            {
                return NetworkFaults.Attribute(name, $"'{value}' is not in ['{string.Join("', '", Ipv6Modes.All)}']");
            }
        }

        if (announced is null && mode is null) return null;
        if (version == 4) return NetworkFaults.Input("ipv6_ra_mode and ipv6_address_mode are not valid when ip_version is 4");
        if (!dhcp) return NetworkFaults.Input("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False");
        if (announced is not null && mode is not null && announced != mode)
        {
            return NetworkFaults.Input(
                $"ipv6_ra_mode set to '{announced}' with ipv6_address_mode set to '{mode}' is not valid. If both attributes are set, they must be the same value");
        }

        return (mode ?? announced) is Ipv6Modes.Slaac or Ipv6Modes.Stateless && prefix != Cidr.SlaacPrefix
            ? NetworkFaults.Input(
                $"Invalid CIDR prefix length {prefix} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64")
            : null;
    }
}
