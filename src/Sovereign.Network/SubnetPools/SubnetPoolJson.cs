using Sovereign.Kernel.Wire;

namespace Sovereign.Network.SubnetPools;

internal sealed record SubnetPoolView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string DefaultPrefixlen { get; init; } = "";

    public string MinPrefixlen { get; init; } = "";

    public string MaxPrefixlen { get; init; } = "";

    public bool IsDefault { get; init; }

    public bool Shared { get; init; }

    public IReadOnlyList<string> Prefixes { get; init; } = [];

    public long IpVersion { get; init; }

    public long? DefaultQuota { get; init; }

    public string? AddressScopeId { get; init; }

    public string Description { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record SubnetPoolBody
{
    public SubnetPoolWish? Subnetpool { get; init; }

    public IReadOnlyList<SubnetPoolWish>? Subnetpools { get; init; }
}

internal sealed record SubnetPoolWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<IReadOnlyList<string>> Prefixes { get; init; }

    public Optional<long?> DefaultPrefixlen { get; init; }

    public Optional<long?> MinPrefixlen { get; init; }

    public Optional<long?> MaxPrefixlen { get; init; }

    public Optional<long?> DefaultQuota { get; init; }

    public Optional<bool?> IsDefault { get; init; }

    public Optional<bool?> Shared { get; init; }

    public Optional<string> AddressScopeId { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }
}

/// <summary>{"prefixes": […]}: of add_prefixes and remove_prefixes, and their answers.</summary>
internal sealed record PrefixesBody(IReadOnlyList<string> Prefixes);

/// <summary>{"network_id": "…"} of onboard_network_subnets.</summary>
internal sealed record OnboardBody(string NetworkId);
