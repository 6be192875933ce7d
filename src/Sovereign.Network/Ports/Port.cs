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

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; } = 1;

    public const long NotAttached = -1;

    public bool Attached => NicOrder != NotAttached;

    public IReadOnlyList<AddressPairView> Pairs => JsonSerializer.Deserialize(AllowedPairs, NetworkJson.Wire.IReadOnlyListAddressPairView)!;

    public PortView ToView(IEnumerable<AddressRow> addresses, IReadOnlyList<string> groups, IReadOnlyList<string> tags, bool admin) => new()
    {
        Id = Id, Name = Name, NetworkId = NetworkId, TenantId = ProjectId, ProjectId = ProjectId, MacAddress = Mac, AdminStateUp = AdminStateUp,
        Status = Status, DeviceId = DeviceId, DeviceOwner = DeviceOwner,
        FixedIps = addresses.Select(a => new FixedIpView { SubnetId = a.SubnetId, IpAddress = Ipv4.Format(a.Address) }).ToList(),
        AllowedAddressPairs = Pairs, SecurityGroups = groups, Description = Description, VnicType = VnicType, PortSecurityEnabled = PortSecurity,
        Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
        HostId = admin ? HostId : null, Profile = admin ? EmptyProfile : null, VifType = admin ? NodeId.Length > 0 ? "bridge" : "unbound" : null,
        VifDetails = admin ? new VifDetailsView { PortFilter = NodeId.Length > 0 && PortSecurity } : null,
    };

    private static readonly IReadOnlyDictionary<string, string> EmptyProfile = new Dictionary<string, string>();
}

/// <summary>A fixed address as asked for: a subnet, an address, or both.</summary>
internal sealed record AddressWish(string? SubnetId, string? Address);
