using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Subnets;

internal sealed record PoolView
{
    public string? Start { get; init; }

    public string? End { get; init; }
}

/// <summary>A route as subnets and routers write it; also its form in the rows.</summary>
internal sealed record RouteView
{
    public string? Destination { get; init; }

    public string? Nexthop { get; init; }
}

internal sealed record SubnetView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public long IpVersion { get; init; } = 4;

    public string? SubnetpoolId { get; init; }

    public bool EnableDhcp { get; init; }

    public string? Ipv6RaMode { get; init; }

    public string? Ipv6AddressMode { get; init; }

    public string? GatewayIp { get; init; }

    public string Cidr { get; init; } = "";

    public IReadOnlyList<PoolView> AllocationPools { get; init; } = [];

    public IReadOnlyList<RouteView> HostRoutes { get; init; } = [];

    public IReadOnlyList<string> DnsNameservers { get; init; } = [];

    public string Description { get; init; } = "";

    public IReadOnlyList<string> ServiceTypes { get; init; } = [];

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? DnsPublishFixedIp { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record SubnetBody
{
    public SubnetWish? Subnet { get; init; }

    public IReadOnlyList<SubnetWish>? Subnets { get; init; }
}

internal sealed record SubnetWish
{
    public Optional<string> NetworkId { get; init; }

    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<long?> IpVersion { get; init; }

    public Optional<string> Cidr { get; init; }

    public Optional<string> GatewayIp { get; init; }

    public Optional<bool?> EnableDhcp { get; init; }

    public Optional<IReadOnlyList<PoolView>> AllocationPools { get; init; }

    public Optional<IReadOnlyList<string>> DnsNameservers { get; init; }

    public Optional<IReadOnlyList<RouteView>> HostRoutes { get; init; }

    public Optional<IReadOnlyList<string>> ServiceTypes { get; init; }

    public Optional<string> SubnetpoolId { get; init; }

    public Optional<bool?> UseDefaultSubnetpool { get; init; }

    public Optional<long?> Prefixlen { get; init; }

    public Optional<bool?> DnsPublishFixedIp { get; init; }

    public Optional<string> SegmentId { get; init; }

    [JsonPropertyName("ipv6_ra_mode")]
    public Optional<string> Ipv6RaMode { get; init; }

    [JsonPropertyName("ipv6_address_mode")]
    public Optional<string> Ipv6AddressMode { get; init; }
}
