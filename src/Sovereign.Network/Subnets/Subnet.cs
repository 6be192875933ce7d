using System.Text.Json;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

/// <summary>An IPv4 subnet as its row has it.</summary>
internal sealed record SubnetRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string Cidr { get; init; } = "";

    /// <summary>First and last address of the CIDR, for overlap questions in SQL.</summary>
    public long FirstAddress { get; init; }

    public long LastAddress { get; init; }

    /// <summary>Null: no gateway.</summary>
    public string? GatewayIp { get; init; }

    public bool EnableDhcp { get; init; }

    /// <summary>JSON: where addresses are given out from.</summary>
    public string Pools { get; init; } = "[]";

    /// <summary>JSON: name servers, in order.</summary>
    public string Dns { get; init; } = "[]";

    /// <summary>JSON.</summary>
    public string HostRoutes { get; init; } = "[]";

    /// <summary>Where the search for a free address begins: behind the one given out last.</summary>
    public long NextAddress { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; }

    public Cidr Range => Addressing.Cidr.TryParse(Cidr, out var range) ? range : throw new InvalidOperationException($"Subnet {Id} has no CIDR.");

    public IReadOnlyList<AddressRange> PoolRanges => JsonSerializer.Deserialize(Pools, NetworkJson.Wire.IReadOnlyListPoolView)!
        .Select(pool => Ipv4.TryParse(pool.Start, out var start) && Ipv4.TryParse(pool.End, out var end)
            ? new AddressRange(start, end)
            : throw new InvalidOperationException($"Subnet {Id} has a broken pool."))
        .ToList();

    public IReadOnlyList<string> DnsServers => JsonSerializer.Deserialize(Dns, NetworkJson.Wire.IReadOnlyListString)!;

    public IReadOnlyList<RouteView> Routes => JsonSerializer.Deserialize(HostRoutes, NetworkJson.Wire.IReadOnlyListRouteView)!;

    public SubnetView ToView(IReadOnlyList<string> tags) => new()
    {
        Id = Id, Name = Name, TenantId = ProjectId, ProjectId = ProjectId, NetworkId = NetworkId, EnableDhcp = EnableDhcp, GatewayIp = GatewayIp,
        Cidr = Cidr, AllocationPools = JsonSerializer.Deserialize(Pools, NetworkJson.Wire.IReadOnlyListPoolView)!, HostRoutes = Routes,
        DnsNameservers = DnsServers, Description = Description, Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt),
        RevisionNumber = Revision,
    };
}
