using System.Text.Json;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

/// <summary>A subnet as its row has it.</summary>
internal sealed record SubnetRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string Cidr { get; init; } = "";

    /// <summary>4 or 6.</summary>
    public long IpVersion { get; init; } = 4;

    /// <summary>First and last address of the CIDR in the form of the store, for overlap questions in SQL.</summary>
    public string RangeStart { get; init; } = "";

    public string RangeEnd { get; init; } = "";

    /// <summary>What routers announce: one of <see cref="Ipv6Modes"/>, or null.</summary>
    public string? RaMode { get; init; }

    /// <summary>How guests get their IPv6 addresses: one of <see cref="Ipv6Modes"/>, or null.</summary>
    public string? AddressMode { get; init; }

    /// <summary>Pool that the CIDR was taken from.</summary>
    public string? SubnetpoolId { get; init; }

    /// <summary>JSON: device owners that addresses are given to; empty: all.</summary>
    public string ServiceTypes { get; init; } = "[]";

    public bool DnsPublish { get; init; }

    /// <summary>Null: no gateway.</summary>
    public string? GatewayIp { get; init; }

    public bool EnableDhcp { get; init; }

    /// <summary>JSON: where addresses are given out from.</summary>
    public string Pools { get; init; } = "[]";

    /// <summary>JSON: name servers, in order.</summary>
    public string Dns { get; init; } = "[]";

    /// <summary>JSON.</summary>
    public string HostRoutes { get; init; } = "[]";

    /// <summary>Where the search for a free address begins, behind the one given out last; empty: at the first.</summary>
    public string NextFree { get; init; } = "";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; }

    public Cidr Range => Addressing.Cidr.TryParse(Cidr, out var range) ? range : throw new InvalidOperationException($"Subnet {Id} has no CIDR.");

    public IReadOnlyList<AddressRange> PoolRanges => JsonSerializer.Deserialize(Pools, NetworkJson.Wire.IReadOnlyListPoolView)!
        .Select(pool => Ip.TryParse(pool.Start, out var start) && Ip.TryParse(pool.End, out var end)
            ? new AddressRange(start, end)
            : throw new InvalidOperationException($"Subnet {Id} has a broken pool."))
        .ToList();

    /// <summary>True: guests make their addresses from the prefix and their MAC, so every port on the network has one.</summary>
    public bool Automatic => (AddressMode ?? RaMode) is Ipv6Modes.Slaac or Ipv6Modes.Stateless;

    /// <summary>False: hosts learn what they need of the subnet from routers, or from a DHCP server of the tenant's own.</summary>
    public bool ServesDhcp => IpVersion == 4 || AddressMode is Ipv6Modes.Stateful or Ipv6Modes.Stateless || (AddressMode is null && RaMode is null);

    public IReadOnlyList<string> ServiceTypeList => JsonSerializer.Deserialize(ServiceTypes, NetworkJson.Wire.IReadOnlyListString)!;

    public IReadOnlyList<string> DnsServers => JsonSerializer.Deserialize(Dns, NetworkJson.Wire.IReadOnlyListString)!;

    public IReadOnlyList<RouteView> Routes => JsonSerializer.Deserialize(HostRoutes, NetworkJson.Wire.IReadOnlyListRouteView)!;

    public SubnetView ToView(IReadOnlyList<string> tags, bool dns) => new()
    {
        Id = Id, Name = Name, TenantId = ProjectId, ProjectId = ProjectId, NetworkId = NetworkId, EnableDhcp = EnableDhcp, GatewayIp = GatewayIp,
        Cidr = Cidr, IpVersion = IpVersion, Ipv6RaMode = RaMode, Ipv6AddressMode = AddressMode, SubnetpoolId = SubnetpoolId,
        ServiceTypes = ServiceTypeList, DnsPublishFixedIp = dns ? DnsPublish : null,
        AllocationPools = JsonSerializer.Deserialize(Pools, NetworkJson.Wire.IReadOnlyListPoolView)!, HostRoutes = Routes,
        DnsNameservers = DnsServers, Description = Description, Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt),
        RevisionNumber = Revision,
    };
}

/// <summary>Values of ipv6_ra_mode and ipv6_address_mode.</summary>
internal static class Ipv6Modes
{
    public const string Slaac = "slaac";
    public const string Stateful = "dhcpv6-stateful";
    public const string Stateless = "dhcpv6-stateless";

    public static readonly IReadOnlyList<string> All = [Stateful, Stateless, Slaac];
}
