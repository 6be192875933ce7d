using System.Text.Json;
using Sovereign.Network.Addressing;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>A port as its row has it; addresses and groups are rows of their own.</summary>
internal sealed record PortRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>Empty for the cloud's own ports (gateways, floating IPs).</summary>
    public string ProjectId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string Mac { get; init; } = "";

    public bool AdminStateUp { get; init; } = true;

    public string DeviceId { get; init; } = "";

    public string DeviceOwner { get; init; } = "";

    public bool PortSecurity { get; init; } = true;

    public string Status { get; init; } = Wire.Status.Down;

    /// <summary>Node that has the port (its server's or router's); empty: none.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>What admins see as binding:host_id.</summary>
    public string HostId { get; init; } = "";

    public string VnicType { get; init; } = "normal";

    /// <summary>Place among the server's NICs; -1: compute has not attached it.</summary>
    public long NicOrder { get; init; } = NotAttached;

    /// <summary>True when compute made it: it goes with the server.</summary>
    public bool CreatedForServer { get; init; }

    public string? NicTag { get; init; }

    public string DnsName { get; init; } = "";

    /// <summary>Name that DHCP gives the guest.</summary>
    public string HostName { get; init; } = "";

    /// <summary>JSON.</summary>
    public string AllowedPairs { get; init; } = "[]";

    /// <summary>JSON: options that DHCP gives this port alone.</summary>
    public string DhcpOptions { get; init; } = "[]";

    /// <summary>JSON object: what operators keep with the binding.</summary>
    public string BindingProfile { get; init; } = "{}";

    public string DnsDomain { get; init; } = "";

    public string? QosPolicyId { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public const long NotAttached = -1;

    public bool Attached => NicOrder != NotAttached;

    public IReadOnlyList<AddressPairView> Pairs => JsonSerializer.Deserialize(AllowedPairs, NetworkJson.Wire.IReadOnlyListAddressPairView)!;

    public IReadOnlyList<DhcpOptionView> Options => JsonSerializer.Deserialize(DhcpOptions, NetworkJson.Wire.IReadOnlyListDhcpOptionView)!;

    public PortView ToView(IReadOnlyList<AddressRow> addresses, IReadOnlyList<string> groups, IReadOnlyList<string> tags, PortSurroundings around, Viewer viewer) => new()
    {
        Id = Id, Name = Name, NetworkId = NetworkId, TenantId = ProjectId, ProjectId = ProjectId, MacAddress = Mac, AdminStateUp = AdminStateUp,
        Status = Status, DeviceId = DeviceId, DeviceOwner = DeviceOwner,
        FixedIps = addresses.Select(a => new FixedIpView { SubnetId = a.SubnetId, IpAddress = a.Text }).ToList(),
        AllowedAddressPairs = Pairs, ExtraDhcpOpts = Options, DnsName = viewer.Dns ? DnsName : null, DnsDomain = viewer.Dns ? DnsDomain : null,
        DnsAssignment = viewer.Dns ? Assignments(addresses, around.Domain) : null,
        QosPolicyId = QosPolicyId, QosNetworkPolicyId = around.QosPolicyId,
        SecurityGroups = groups, Description = Description, VnicType = VnicType, PortSecurityEnabled = PortSecurity,
        Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
        HostId = viewer.Admin ? HostId : null,
        Profile = viewer.Admin ? JsonSerializer.Deserialize(BindingProfile, NetworkJson.Wire.IReadOnlyDictionaryStringJsonElement) : null,
        VifType = viewer.Admin ? NodeId.Length > 0 ? "bridge" : "unbound" : null,
        VifDetails = viewer.Admin ? new VifDetailsView { PortFilter = NodeId.Length > 0 && PortSecurity } : null,
    };

    /// <summary>The names that the network's resolver answers with.</summary>
    private List<DnsAssignmentView> Assignments(IEnumerable<AddressRow> addresses, string domain) => addresses.Select(address =>
    {
        var name = DnsName.Length > 0 ? DnsName : "host-" + address.Text.Replace('.', '-').Replace(':', '-');
        return new DnsAssignmentView { IpAddress = address.Text, Hostname = name, Fqdn = $"{name}.{domain.TrimEnd('.')}." };
    }).ToList();
}

/// <summary>What a port shows of its network.</summary>
/// <param name="Domain">Domain of the names that its resolver answers with.</param>
internal sealed record PortSurroundings(string Domain, string? QosPolicyId);


/// <summary>A fixed address as asked for: a subnet, an address, or both.</summary>
internal sealed record AddressWish(string? SubnetId, string? Address);
