using Sovereign.Network.Ports;
using Sovereign.Network.Wire;

namespace Sovereign.Network.FloatingIps;

/// <summary>An address of an external network that a project holds, and what it leads to.</summary>
internal sealed record FloatingIpRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>The external network.</summary>
    public string NetworkId { get; init; } = "";

    public string Address { get; init; } = "";

    /// <summary>The cloud's own port that holds the address.</summary>
    public string OuterPortId { get; init; } = "";

    /// <summary>Null: leads nowhere.</summary>
    public string? PortId { get; init; }

    public string? FixedAddress { get; init; }

    public string? RouterId { get; init; }

    /// <summary>The router that it led through and that may still do it; null: none.</summary>
    public string? LeavesRouterId { get; init; }

    public string Status { get; init; } = Wire.Status.Down;

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; }

    /// <summary>It leads nowhere from now on; DOWN once its router has heard.</summary>
    public FloatingIpRow Leave() => this with
    {
        PortId = null,
        FixedAddress = null,
        RouterId = null,
        LeavesRouterId = Status == Wire.Status.Active ? RouterId : null,
        Status = RouterId is null ? Wire.Status.Down : Status,
    };

    public FloatingIpView ToView(PortRow? port, IReadOnlyList<string> tags) => new()
    {
        Id = Id, TenantId = ProjectId, ProjectId = ProjectId, FloatingIpAddress = Address, FloatingNetworkId = NetworkId, RouterId = RouterId,
        PortId = PortId, FixedIpAddress = FixedAddress, Status = Status, Description = Description, Tags = tags,
        PortDetails = port is null
            ? null
            : new PortDetailsView
            {
                Name = port.Name, NetworkId = port.NetworkId, MacAddress = port.Mac, AdminStateUp = port.AdminStateUp, Status = port.Status,
                DeviceId = port.DeviceId, DeviceOwner = port.DeviceOwner,
            },
        CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
    };
}
