using System.Text.Json;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Store;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

/// <summary>A layer-2 network as its row has it.</summary>
internal sealed record NetworkRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public bool AdminStateUp { get; init; }

    /// <summary>True: every project may put ports on it. Follows the RBAC policies.</summary>
    public bool Shared { get; init; }

    /// <summary>True: routers of those whom an RBAC policy names may have gateways on it, and their floating IPs come from it.</summary>
    public bool External { get; init; }

    public bool IsDefault { get; init; }

    /// <summary>Bytes of the largest packet.</summary>
    public long Mtu { get; init; }

    /// <summary>"vxlan" or "flat".</summary>
    public string NetworkType { get; init; } = "";

    public string? PhysicalNetwork { get; init; }

    /// <summary>Number of the overlay, unique in the cloud; external networks have one too, for the nodes' bridges. Below zero: it has no segment.</summary>
    public long Vni { get; init; }

    public bool PortSecurity { get; init; }

    public string DnsDomain { get; init; } = "";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long Revision { get; init; }

    /// <summary>JSON.</summary>
    public string ZoneHints { get; init; } = "[]";

    public string? QosPolicyId { get; init; }

    /// <summary>Without a segment there is nothing that ports could be on.</summary>
    public bool HasSegment => Vni > 0;

    /// <summary>The same without its segment; what stands for its number then is its own, as its id is.</summary>
    public NetworkRow WithoutSegment() => this with
    {
        NetworkType = "",
        PhysicalNetwork = null,
        Vni = -1 - (BitConverter.ToInt64(Guid.Parse(Id).ToByteArray(), 8) & long.MaxValue),
    };

    /// <summary>May the caller put ports here? Members of other projects only where the network is shared with them.</summary>
    public bool UsableBy(Session session, AccessGrant access) => Shared || access.Covers(ProjectId)
        || RbacPolicyStore.Granted(session, Kinds.Network, RbacActions.Shared, [Id], access.Caller.ProjectId).Count > 0;

    public NetworkView ToView(IReadOnlyList<string> subnets, IReadOnlyList<string> tags, bool admin) => new()
    {
        Id = Id, Name = Name, TenantId = ProjectId, ProjectId = ProjectId, AdminStateUp = AdminStateUp, Mtu = Mtu, Subnets = subnets, Shared = Shared,
        PortSecurityEnabled = PortSecurity, RouterExternal = External, IsDefault = External ? IsDefault : null,
        AvailabilityZones = subnets.Count > 0 ? [Zones.Default] : [],
        AvailabilityZoneHints = JsonSerializer.Deserialize(ZoneHints, NetworkJson.Wire.IReadOnlyListString)!, QosPolicyId = QosPolicyId,
        Description = Description, Tags = tags, CreatedAt = Times.Of(CreatedAt), UpdatedAt = Times.Of(UpdatedAt), RevisionNumber = Revision,
        ProviderNetworkType = admin ? new(true, HasSegment ? NetworkType : null) : default,
        ProviderPhysicalNetwork = admin ? new(true, PhysicalNetwork) : default,
        ProviderSegmentationId = admin ? new(true, NetworkType == NetworkTypes.Overlay ? Vni : null) : default,
    };
}

internal static class NetworkTypes
{
    public const string Overlay = "vxlan";
    public const string Flat = "flat";

    /// <summary>What external networks are joined to.</summary>
    public const string Physical = "physnet1";
    public const long OverlayMtuBytes = 1450;
    public const long ExternalMtuBytes = 1500;

    /// <summary>Smallest packet size that every IPv4 host must take (RFC 791).</summary>
    public const long MtuBytesMin = 68;

    /// <summary>VNIs have 24 bits.</summary>
    public const long VniMax = (1 << 24) - 1;
}
