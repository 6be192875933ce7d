using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Ports;

internal sealed record FixedIpView
{
    public string? SubnetId { get; init; }

    public string? IpAddress { get; init; }
}

/// <summary>An allowed pair as the API has it; also its form in the row.</summary>
internal sealed record AddressPairView
{
    public string? MacAddress { get; init; }

    public string? IpAddress { get; init; }
}

/// <summary>A DHCP option of one port; also its form in the row. A null value takes the option away.</summary>
internal sealed record DhcpOptionView
{
    public string? OptName { get; init; }

    public string? OptValue { get; init; }

    /// <summary>4 where nothing is said; always there in the row.</summary>
    public long? IpVersion { get; init; }
}

internal sealed record DnsAssignmentView
{
    public string IpAddress { get; init; } = "";

    public string Hostname { get; init; } = "";

    public string Fqdn { get; init; } = "";
}

internal sealed record VifDetailsView
{
    public bool PortFilter { get; init; }
}

/// <summary>A port as the API shows it; where it is bound only to admins.</summary>
internal sealed record PortView
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string TenantId { get; init; } = "";

    public string MacAddress { get; init; } = "";

    public bool AdminStateUp { get; init; }

    public string Status { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string DeviceOwner { get; init; } = "";

    public IReadOnlyList<FixedIpView> FixedIps { get; init; } = [];

    public IReadOnlyList<AddressPairView> AllowedAddressPairs { get; init; } = [];

    public IReadOnlyList<DhcpOptionView> ExtraDhcpOpts { get; init; } = [];

    public IReadOnlyList<string> SecurityGroups { get; init; } = [];

    public string Description { get; init; } = "";

    [JsonPropertyName("binding:vnic_type")]
    public string VnicType { get; init; } = "";

    [JsonPropertyName("binding:host_id")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HostId { get; init; }

    [JsonPropertyName("binding:profile")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, JsonElement>? Profile { get; init; }

    [JsonPropertyName("binding:vif_type")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? VifType { get; init; }

    [JsonPropertyName("binding:vif_details")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VifDetailsView? VifDetails { get; init; }

    public bool PortSecurityEnabled { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DnsName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DnsDomain { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DnsAssignmentView>? DnsAssignment { get; init; }

    public string? QosPolicyId { get; init; }

    public string? QosNetworkPolicyId { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string CreatedAt { get; init; } = "";

    public string UpdatedAt { get; init; } = "";

    public long RevisionNumber { get; init; }

    public string ProjectId { get; init; } = "";
}

internal sealed record PortBody
{
    public PortWish? Port { get; init; }

    public IReadOnlyList<PortWish>? Ports { get; init; }
}

internal sealed record PortWish
{
    public Optional<string> NetworkId { get; init; }

    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> TenantId { get; init; }

    public Optional<string> ProjectId { get; init; }

    public Optional<bool?> AdminStateUp { get; init; }

    public Optional<string> MacAddress { get; init; }

    public Optional<IReadOnlyList<FixedIpView>> FixedIps { get; init; }

    public Optional<string> DeviceId { get; init; }

    public Optional<string> DeviceOwner { get; init; }

    public Optional<IReadOnlyList<string>> SecurityGroups { get; init; }

    public Optional<IReadOnlyList<AddressPairView>> AllowedAddressPairs { get; init; }

    public Optional<bool?> PortSecurityEnabled { get; init; }

    public Optional<IReadOnlyList<DhcpOptionView>> ExtraDhcpOpts { get; init; }

    public Optional<string> QosPolicyId { get; init; }

    public Optional<string> DnsName { get; init; }

    public Optional<string> DnsDomain { get; init; }

    [JsonPropertyName("binding:vnic_type")]
    public Optional<string> VnicType { get; init; }

    [JsonPropertyName("binding:host_id")]
    public Optional<string> HostId { get; init; }

    [JsonPropertyName("binding:profile")]
    public Optional<IReadOnlyDictionary<string, JsonElement>> Profile { get; init; }
}
