using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Fabric;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal sealed class NetworkService(KernelServices kernel, FabricPlan fabric, PortMaker ports)
{
    public static readonly Room<NetworkRow, NetworkView> Room = new(
        Kinds.Network, "networks", "/v2.0/networks", NetworkStore.Shape, NetworkStore.Find, NetworkFaults.NetworkMissing, Views,
        NetworkJson.Wire.NetworkView)
    {
        Listed = "n.project_id = @value OR n.shared = 1 OR n.external = 1",
        Sees = (_, access, row) => row.SeenBy(access),
    };

    /// <summary>Makes the network of the first start: external, with the subnet that the node's host side routes.</summary>
    public NetworkRow InsertExternal(Tx tx, string id, string projectId, string name)
    {
        var row = new NetworkRow
        {
            Id = id, ProjectId = projectId, Name = name, AdminStateUp = true, External = true, IsDefault = true, Mtu = NetworkTypes.ExternalMtuBytes,
            NetworkType = NetworkTypes.Flat, PhysicalNetwork = "physnet1", Vni = NetworkStore.FreeVni(tx), PortSecurity = true,
            CreatedAt = tx.Now, UpdatedAt = tx.Now, Revision = 1,
        };
        NetworkStore.Insert(tx, row);
        kernel.Quotas.Book(tx, NetworkModule.Service, "network", projectId, 1);
        Room.Record(tx, row, Change.Created);
        return row;
    }

    private static List<NetworkView> Views(Session session, IReadOnlyList<NetworkRow> rows, bool admin)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var subnets = NetworkStore.SubnetIds(session, ids);
        var tags = TagStore.Of(session, Kinds.Network, ids);
        return rows.Select(row => row.ToView(subnets(row.Id), tags(row.Id), subnets(row.Id).Count > 0, admin)).ToList();
    }

    public Outcome<NetworkRow> Create(Tx tx, AccessGrant access, NetworkWish wish)
    {
        if (NetworkRules.Check(wish, access, "create_network") is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_network", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        var external = wish.RouterExternal.OrFalse();
        var type = wish.ProviderNetworkType.Or(null) ?? (external ? NetworkTypes.Flat : NetworkTypes.Overlay);
        var vni = type == NetworkTypes.Overlay && wish.ProviderSegmentationId.Or(null) is { } asked ? asked : NetworkStore.FreeVni(tx);
        var row = new NetworkRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            AdminStateUp = wish.AdminStateUp.OrTrue(), Shared = wish.Shared.OrFalse(), External = external, IsDefault = wish.IsDefault.OrFalse(),
            Mtu = wish.Mtu.Or(null) is { } mtu and > 0 ? mtu : external ? NetworkTypes.ExternalMtuBytes : NetworkTypes.OverlayMtuBytes,
            NetworkType = type, PhysicalNetwork = type == NetworkTypes.Flat ? wish.ProviderPhysicalNetwork.Or(null) ?? "physnet1" : null, Vni = vni,
            PortSecurity = wish.PortSecurityEnabled.OrTrue(), CreatedAt = tx.Now, UpdatedAt = tx.Now, Revision = 1,
        };
        if (Room.Take(tx, kernel, row.ProjectId) is { } full) return full;
        if (!NetworkStore.Insert(tx, row))
        {
            return NetworkFaults.Conflict("TunnelIdInUse", $"Unable to create the network. The tunnel ID {vni} is in use.");
        }

        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<NetworkRow> Update(Tx tx, AccessGrant access, NetworkRow old, NetworkWish wish)
    {
        if (NetworkRules.Check(wish, access, "update_network") is { } wrong) return wrong;
        if (NetworkRules.CheckUpdate(wish) is { } readOnly) return readOnly;
        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            AdminStateUp = wish.AdminStateUp.Or(old.AdminStateUp) ?? true,
            Shared = wish.Shared.Or(old.Shared) ?? false,
            External = wish.RouterExternal.Or(old.External) ?? false,
            IsDefault = wish.IsDefault.Or(old.IsDefault) ?? false,
            Mtu = wish.Mtu.Or(old.Mtu) ?? old.Mtu,
            PortSecurity = wish.PortSecurityEnabled.Or(old.PortSecurity) ?? true,
            UpdatedAt = tx.Now,
            Revision = old.Revision + 1,
        };
        if (old.Shared && !row.Shared && NetworkStore.HasPortOfOthers(tx, old.Id, row.ProjectId))
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

        NetworkStore.Update(tx, row);
        fabric.NetworkChanged(tx, old.Id);
        Room.Record(tx, row, Change.Updated);
        return row;
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

        foreach (var port in PortStore.OfNetwork(tx, row.Id)) ports.Remove(tx, port);
        foreach (var subnet in SubnetStore.OfNetwork(tx, row.Id)) SubnetService.Room.Remove(tx, kernel, subnet, SubnetStore.Delete);
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
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(
            ("admin_state_up", wish.AdminStateUp), ("shared", wish.Shared), ("router:external", wish.RouterExternal), ("is_default", wish.IsDefault),
            ("port_security_enabled", wish.PortSecurityEnabled)) is { } boolean) return boolean;
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

        return Provider(wish);
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

    private static Fault? Provider(NetworkWish wish)
    {
        if (wish.ProviderNetworkType.Or(null) is { } type && type is not (NetworkTypes.Overlay or NetworkTypes.Flat))
        {
            return NetworkFaults.Input($"Network type value '{type}' not supported");
        }

        if (wish.ProviderSegmentationId.Or(null) is not { } vni) return null;
        if (wish.ProviderNetworkType.Or(null) != NetworkTypes.Overlay) return NetworkFaults.Input("segmentation_id is for networks of type vxlan");
        return vni is > 0 and <= NetworkTypes.VniMax ? null : NetworkFaults.Input($"segmentation_id out of range (1 through {NetworkTypes.VniMax})");
    }
}
