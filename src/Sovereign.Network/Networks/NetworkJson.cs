using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Networks;

/// <summary>A network as the API shows it; provider attributes only to admins.</summary>
internal sealed record NetworkView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string TenantId { get; init; } = "";

    public bool AdminStateUp { get; init; }

    public long Mtu { get; init; }

    public string Status { get; init; } = "ACTIVE";

    public IReadOnlyList<string> Subnets { get; init; } = [];

    public bool Shared { get; init; }

    public IReadOnlyList<string> AvailabilityZoneHints { get; init; } = [];

    public IReadOnlyList<string> AvailabilityZones { get; init; } = [];

    public string? Ipv4AddressScope { get; init; }

    public string? Ipv6AddressScope { get; init; }

    [JsonPropertyName("router:external")]
    public bool RouterExternal { get; init; }

    public string Description { get; init; } = "";

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DnsDomain { get; init; }

    public bool PortSecurityEnabled { get; init; }

    public string? QosPolicyId { get; init; }

    /// <summary>Of external networks; others have no such member.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsDefault { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";

    [JsonPropertyName("provider:network_type")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Optional<string> ProviderNetworkType { get; init; }

    [JsonPropertyName("provider:physical_network")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Optional<string> ProviderPhysicalNetwork { get; init; }

    [JsonPropertyName("provider:segmentation_id")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Optional<long?> ProviderSegmentationId { get; init; }
}

internal sealed record NetworkBody
{
    public NetworkWish? Network { get; init; }

    public IReadOnlyList<NetworkWish>? Networks { get; init; }
}

/// <summary>What a user asks for of a network, in creation and update alike.</summary>
internal sealed record NetworkWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<bool?> AdminStateUp { get; init; }

    public Optional<bool?> Shared { get; init; }

    [JsonPropertyName("router:external")]
    public Optional<bool?> RouterExternal { get; init; }

    public Optional<bool?> IsDefault { get; init; }

    public Optional<long?> Mtu { get; init; }

    public Optional<bool?> PortSecurityEnabled { get; init; }

    public Optional<string> DnsDomain { get; init; }

    public Optional<string> QosPolicyId { get; init; }

    public Optional<bool?> VlanTransparent { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<IReadOnlyList<string>> AvailabilityZoneHints { get; init; }

    [JsonPropertyName("provider:network_type")]
    public Optional<string> ProviderNetworkType { get; init; }

    [JsonPropertyName("provider:physical_network")]
    public Optional<string> ProviderPhysicalNetwork { get; init; }

    [JsonPropertyName("provider:segmentation_id")]
    public Optional<long?> ProviderSegmentationId { get; init; }
}
