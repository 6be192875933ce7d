using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Ports;
using Sovereign.Network.Qos;
using Sovereign.Network.Rbac;
using Sovereign.Network.SegmentRanges;
using Sovereign.Network.Segments;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal sealed class NetworkService(KernelServices kernel, FabricPlan fabric, PortMaker ports)
{
    public static readonly Room<NetworkRow, NetworkView> Room = new Room<NetworkRow, NetworkView>(
        Kinds.Network, "networks", "/v2.0/networks", NetworkStore.Shape, NetworkStore.Find, NetworkFaults.NetworkMissing, Views,
        NetworkJson.Wire.NetworkView).Shareable();

    /// <summary>Makes the network of the first start: external, with the subnet that the node's host side routes.</summary>
    public NetworkRow InsertExternal(Tx tx, string id, string projectId, string name)
    {
        var row = new NetworkRow
        {
            Id = id, ProjectId = projectId, Name = name, AdminStateUp = true, External = true, IsDefault = true, Mtu = NetworkTypes.ExternalMtuBytes,
            NetworkType = NetworkTypes.Flat, PhysicalNetwork = NetworkTypes.Physical, Vni = SegmentRangeStore.Vni(tx, projectId, null).Value, PortSecurity = true,
            CreatedAt = tx.Now, UpdatedAt = tx.Now, Revision = 1,
        };
        NetworkStore.Insert(tx, row);
        SegmentService.Insert(tx, kernel.Ids.Uuid(), row);
        RbacPolicyService.Set(tx, kernel, Kinds.Network, row.Id, row.ProjectId, RbacActions.External, everyone: true);
        Room.Book(tx, kernel, row);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private static List<NetworkView> Views(Session session, IReadOnlyList<NetworkRow> rows, Viewer viewer)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var subnets = NetworkStore.SubnetIds(session, ids);
        var tags = TagStore.Of(session, Kinds.Network, ids);
        var shared = RbacPolicyStore.Granted(session, Kinds.Network, RbacActions.Shared, ids, viewer.ProjectId);
        var scopes = NetworkStore.Scopes(session, ids);
        return rows.Select(row => row.ToView(subnets(row.Id), tags(row.Id), viewer.Admin) with
        {
            Shared = row.Shared || shared.Contains(row.Id),
            DnsDomain = viewer.Dns ? row.DnsDomain : null,
            Ipv4AddressScope = scopes(row.Id, 4),
            Ipv6AddressScope = scopes(row.Id, 6),
        }).ToList();
    }

    public Outcome<NetworkRow> Create(Tx tx, AccessGrant access, NetworkWish wish)
    {
        if (NetworkRules.Check(wish, access, "create_network") is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_network", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var policy = QosPolicyService.Named(tx, access, wish.QosPolicyId, QosStore.Default(tx, project.Value)?.Id);
        if (policy.Fault is { } noPolicy) return noPolicy;
        var external = wish.RouterExternal.OrFalse();
        var type = wish.ProviderNetworkType.Or(null) ?? (external ? NetworkTypes.Flat : NetworkTypes.Overlay);
        var vni = SegmentRangeStore.Vni(tx, project.Value, wish.ProviderSegmentationId.Or(null));
        if (vni.Fault is { } noneLeft) return noneLeft;
        var row = new NetworkRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            AdminStateUp = wish.AdminStateUp.OrTrue(), Shared = wish.Shared.OrFalse(), External = external, IsDefault = wish.IsDefault.OrFalse(),
            Mtu = wish.Mtu.Or(null) is { } mtu and > 0 ? mtu : external ? NetworkTypes.ExternalMtuBytes : NetworkTypes.OverlayMtuBytes,
            NetworkType = type, PhysicalNetwork = type == NetworkTypes.Flat ? wish.ProviderPhysicalNetwork.Or(null) ?? NetworkTypes.Physical : null,
            Vni = vni.Value,
            PortSecurity = wish.PortSecurityEnabled.OrTrue(), QosPolicyId = policy.Value, DnsDomain = wish.DnsDomain.Or("") ?? "",
            ZoneHints = Zones.Written(wish.AvailabilityZoneHints),
            CreatedAt = tx.Now, UpdatedAt = tx.Now, Revision = 1,
        };
        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        if (!NetworkStore.Insert(tx, row)) return NetworkFaults.VniTaken(vni.Value);
        SegmentService.Insert(tx, kernel.Ids.Uuid(), row);
        RbacPolicyService.Set(tx, kernel, Kinds.Network, row.Id, row.ProjectId, RbacActions.Shared, row.Shared);
        RbacPolicyService.Set(tx, kernel, Kinds.Network, row.Id, row.ProjectId, RbacActions.External, row.External);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<NetworkRow> Update(Tx tx, AccessGrant access, NetworkRow old, NetworkWish wish)
    {
        if (NetworkRules.Check(wish, access, "update_network") is { } wrong) return wrong;
        if (NetworkRules.CheckUpdate(wish) is { } readOnly) return readOnly;
        var policy = QosPolicyService.Named(tx, access, wish.QosPolicyId, old.QosPolicyId);
        if (policy.Fault is { } noPolicy) return noPolicy;
        var row = old with
        {
            QosPolicyId = policy.Value,
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            AdminStateUp = wish.AdminStateUp.Or(old.AdminStateUp) ?? true,
            Shared = wish.Shared.Or(old.Shared) ?? false,
            External = wish.RouterExternal.Or(old.External) ?? false,
            IsDefault = wish.IsDefault.Or(old.IsDefault) ?? false,
            Mtu = wish.Mtu.Or(old.Mtu) ?? old.Mtu,
            PortSecurity = wish.PortSecurityEnabled.Or(old.PortSecurity) ?? true,
            DnsDomain = wish.DnsDomain.Or(old.DnsDomain) ?? "",
            UpdatedAt = tx.Now,
            Revision = old.Revision + 1,
        };
        if (old.Shared && !row.Shared && InTheWay(tx, old.Id, RbacActions.Shared, RbacPolicyRow.Everyone) is not null)
        {
            return NetworkFaults.Conflict(
                "InvalidSharedSetting", $"Unable to reconfigure sharing settings for network {old.Id}. Multiple tenants are using it.");
        }

        if (old.External && !row.External && PortStore.AnyOfOwner(tx, old.Id, Owners.RouterGateway, Owners.FloatingIp))
        {
            return NetworkFaults.Conflict(
                "ExternalNetworkInUse",
                $"External network {old.Id} cannot be updated to be made non-external, since it has existing gateway ports.");
        }

        if (row.Shared != old.Shared) RbacPolicyService.Set(tx, kernel, Kinds.Network, row.Id, row.ProjectId, RbacActions.Shared, row.Shared);
        if (row.External && !old.External) RbacPolicyService.Set(tx, kernel, Kinds.Network, row.Id, row.ProjectId, RbacActions.External, true);
        if (!row.External && old.External) RbacPolicyService.RemoveAll(tx, kernel, Kinds.Network, row.Id, RbacActions.External);
        NetworkStore.Update(tx, row);
        fabric.NetworkChanged(tx, old.Id);
        if (row.QosPolicyId != old.QosPolicyId) fabric.PortsChanged(tx, old.Id);
        Room.Record(tx, row, Change.Updated);
        return row;
    }

    /// <summary>"shared" and "router:external" of the row follow its policies.</summary>
    public void PoliciesChanged(Tx tx, string id)
    {
        if (NetworkStore.Find(tx, id) is not { } old) return;
        var policies = RbacPolicyStore.Of(tx, Kinds.Network, id);
        var row = old with
        {
            Shared = policies.Exists(policy => policy is { Action: RbacActions.Shared, Target: RbacPolicyRow.Everyone }),
            External = policies.Exists(policy => policy.Action == RbacActions.External),
        };
        if (row == old) return;
        row = row with { UpdatedAt = tx.Now, Revision = old.Revision + 1 };
        NetworkStore.Update(tx, row);
        fabric.NetworkChanged(tx, id);
        Room.Record(tx, row, Change.Updated);
    }

    /// <summary>What another project has on the network, when a policy about it goes.</summary>
    public static string? InTheWay(Session session, string id, string action, string target)
    {
        var left = RbacPolicyStore.Of(session, Kinds.Network, id).FindAll(policy => policy.Action == action && policy.Target != target);
        if (left.Exists(policy => policy.Target == RbacPolicyRow.Everyone) || NetworkStore.Find(session, id) is not { } network) return null;
        var kept = left.ConvertAll(policy => policy.Target).Append(network.ProjectId).Append("").ToList();
        return action == RbacActions.Shared
            ? NetworkStore.HasPortOfOthers(session, id, kept, target) ? $"There are ports of other projects on network {id}" : null
            : NetworkStore.HasGatewayOfOthers(session, id, kept, target) ? $"There are gateways or floating IPs of other projects on network {id}" : null;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, NetworkRow row)
    {
        var inTheWay = NetworkStore.PortsInTheWay(tx, row.Id);
        if (inTheWay.Count > 0)
        {
            return NetworkFaults.Conflict(
                "NetworkInUse",
                $"Unable to complete operation on network {row.Id}. There are one or more ports still in use on the network, "
                + $"id for these ports is: {string.Join(",", inTheWay)}.");
        }

        foreach (var floating in FloatingIpStore.Idle(tx, row.Id)) FloatingIpService.Room.Remove(tx, kernel, floating, FloatingIpStore.Delete);
        foreach (var port in PortStore.OfNetwork(tx, row.Id)) ports.Remove(tx, port);
        foreach (var subnet in SubnetStore.OfNetwork(tx, row.Id)) SubnetService.Room.Remove(tx, kernel, subnet, SubnetStore.Delete);
        SegmentService.Remove(tx, kernel, row.Id);
        Room.Remove(tx, kernel, row, NetworkStore.Delete);
        fabric.NetworkGone(tx, row.Id);
        return Done.Value;
    }
}

/// <summary>The rules of a network that need no I/O.</summary>
internal static class NetworkRules
{
    public static Fault? Check(NetworkWish wish, AccessGrant access, string rule)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description), ("dns_domain", wish.DnsDomain)) is { } text) return text;
        if (Attributes.Booleans(
            ("admin_state_up", wish.AdminStateUp), ("shared", wish.Shared), ("router:external", wish.RouterExternal), ("is_default", wish.IsDefault),
            ("port_security_enabled", wish.PortSecurityEnabled), ("vlan_transparent", wish.VlanTransparent)) is { } boolean) return boolean;
        if (wish.Mtu is { Given: true, Value: not null and not 0 and var mtu } && mtu is < NetworkTypes.MtuBytesMin or > NetworkTypes.ExternalMtuBytes)
        {
            return NetworkFaults.Input($"Requested MTU is not between {NetworkTypes.MtuBytesMin} and {NetworkTypes.ExternalMtuBytes}");
        }

        if (!access.Everything)
        {
            if (wish.Shared.OrFalse()) return NetworkFaults.NotAuthorized(rule, "shared");
            if (wish.RouterExternal.OrFalse()) return NetworkFaults.NotAuthorized(rule, "router:external");
            if (wish.IsDefault.OrFalse()) return NetworkFaults.NotAuthorized(rule, "is_default");
            if (wish.ProviderNetworkType.Or(null) is not null) return NetworkFaults.NotAuthorized(rule, "provider:network_type");
            if (wish.ProviderPhysicalNetwork.Or(null) is not null) return NetworkFaults.NotAuthorized(rule, "provider:physical_network");
            if (wish.ProviderSegmentationId.Or(null) is not null) return NetworkFaults.NotAuthorized(rule, "provider:segmentation_id");
        }

        if (wish.VlanTransparent.OrFalse()) return NetworkFaults.Input("VLAN transparent networks are not offered by this cloud");
        if ((Zones.Check(wish.AvailabilityZoneHints) ?? DnsNames.Domain(wish.DnsDomain.Or(null))) is { } odd) return odd;
        return Provider(wish.ProviderNetworkType.Or(null), wish.ProviderSegmentationId.Or(null));
    }

    /// <summary>What can't change after creation.</summary>
    public static Fault? CheckUpdate(NetworkWish wish)
    {
        if (wish.TenantId.Given || wish.ProjectId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        if (wish.ProviderNetworkType.Given || wish.ProviderPhysicalNetwork.Given || wish.ProviderSegmentationId.Given)
        {
            return NetworkFaults.Input("Plugin does not support updating the following provider network attributes: network_type, physical_network, segmentation_id");
        }

        return null;
    }

    public static Fault? Provider(string? type, long? segmentationId)
    {
        if (type is not (null or NetworkTypes.Overlay or NetworkTypes.Flat)) return NetworkFaults.Input($"Network type value '{type}' not supported");
        if (segmentationId is not { } vni) return null;
        if (type != NetworkTypes.Overlay) return NetworkFaults.Input("segmentation_id is for networks of type vxlan");
        return vni is > 0 and <= NetworkTypes.VniMax ? null : NetworkFaults.Input($"segmentation_id out of range (1 through {NetworkTypes.VniMax})");
    }
}
