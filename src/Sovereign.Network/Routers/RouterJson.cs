using Sovereign.Kernel.Wire;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;

namespace Sovereign.Network.Routers;

internal sealed record GatewayView
{
    public string NetworkId { get; init; } = "";

    public IReadOnlyList<FixedIpView> ExternalFixedIps { get; init; } = [];

    public bool EnableSnat { get; init; }
}

internal sealed record RouterView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string TenantId { get; init; } = "";

    public bool AdminStateUp { get; init; }

    public string Status { get; init; } = "";

    public GatewayView? ExternalGatewayInfo { get; init; }

    public string Description { get; init; } = "";

    public IReadOnlyList<string> AvailabilityZones { get; init; } = [];

    public IReadOnlyList<string> AvailabilityZoneHints { get; init; } = [];

    public IReadOnlyList<RouteView> Routes { get; init; } = [];

    public string? FlavorId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record RouterBody
{
    public RouterWish? Router { get; init; }

    public IReadOnlyList<RouterWish>? Routers { get; init; }
}

internal sealed record RouterWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> AdminStateUp { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<GatewayWish> ExternalGatewayInfo { get; init; }

    public Optional<IReadOnlyList<RouteView>> Routes { get; init; }

    public Optional<bool?> Distributed { get; init; }

    public Optional<bool?> Ha { get; init; }

    public Optional<string> FlavorId { get; init; }

    public Optional<IReadOnlyList<string>> AvailabilityZoneHints { get; init; }
}

internal sealed record GatewayWish
{
    public string? NetworkId { get; init; }

    public Optional<bool?> EnableSnat { get; init; }

    public Optional<IReadOnlyList<FixedIpView>> ExternalFixedIps { get; init; }

    public string? QosPolicyId { get; init; }
}

internal sealed record InterfaceWish
{
    public string? SubnetId { get; init; }

    public string? PortId { get; init; }
}

internal sealed record InterfaceView
{
    public string Id { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string PortId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string SubnetId { get; init; } = "";

    public IReadOnlyList<string> SubnetIds { get; init; } = [];
}
