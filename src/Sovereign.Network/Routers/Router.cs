using System.Text.Json;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

/// <summary>A router as its row has it; its legs are ports.</summary>
internal sealed record RouterRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool AdminStateUp { get; init; } = true;

    public string? GatewayPortId { get; init; }

    public string? GatewayNetworkId { get; init; }

    public bool EnableSnat { get; init; } = true;

    /// <summary>JSON.</summary>
    public string Routes { get; init; } = "[]";

    /// <summary>Node that has the router, from its first leg on, or where an operator put it; empty: none.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>True: an operator took it off its node, and it is nowhere until one puts it somewhere.</summary>
    public bool Held { get; init; }

    public string Status { get; init; } = Wire.Status.Active;

    /// <summary>What it was asked to be; null: the one kind there is.</summary>
    public string? FlavorId { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public IReadOnlyList<RouteView> RouteList => JsonSerializer.Deserialize(Routes, NetworkJson.Wire.IReadOnlyListRouteView)!;

    public RouterView ToView(IReadOnlyList<FixedIpView> gatewayIps, IReadOnlyList<string> tags) => new()
    {
        Id = Id, Name = Name, TenantId = ProjectId, ProjectId = ProjectId, AdminStateUp = AdminStateUp, Status = Status, Description = Description,
        ExternalGatewayInfo = GatewayNetworkId is null
            ? null : new GatewayView { NetworkId = GatewayNetworkId, EnableSnat = EnableSnat, ExternalFixedIps = gatewayIps },
        AvailabilityZones = NodeId.Length > 0 ? [Zones.Default] : [], Routes = RouteList, FlavorId = FlavorId,
        Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}
