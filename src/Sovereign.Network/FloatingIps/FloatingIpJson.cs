using Sovereign.Kernel.Wire;

namespace Sovereign.Network.FloatingIps;

internal sealed record PortDetailsView
{
    public string Name { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string MacAddress { get; init; } = "";

    public bool AdminStateUp { get; init; }

    public string Status { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string DeviceOwner { get; init; } = "";
}

internal sealed record FloatingIpView
{
    public string Id { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string FloatingIpAddress { get; init; } = "";

    public string FloatingNetworkId { get; init; } = "";

    public string? RouterId { get; init; }

    public string? PortId { get; init; }

    public string? FixedIpAddress { get; init; }

    public string Status { get; init; } = "";

    public string Description { get; init; } = "";

    public string? QosPolicyId { get; init; }

    public PortDetailsView? PortDetails { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record FloatingIpBody
{
    public FloatingIpWish? Floatingip { get; init; }

    public IReadOnlyList<FloatingIpWish>? Floatingips { get; init; }
}

internal sealed record FloatingIpWish
{
    public Optional<string> FloatingNetworkId { get; init; }

    public Optional<string> FloatingIpAddress { get; init; }

    public Optional<string> SubnetId { get; init; }

    public Optional<string> PortId { get; init; }

    public Optional<string> FixedIpAddress { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<string> QosPolicyId { get; init; }
}
