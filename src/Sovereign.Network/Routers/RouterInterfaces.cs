using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

/// <summary>A router's legs on tenant networks: made from a subnet (on its gateway address) or from a port that the user made.</summary>
internal sealed class RouterInterfaces(KernelServices kernel, FabricPlan fabric, PortMaker ports)
{
    public Task<Outcome<InterfaceView>> Add(AccessGrant access, string routerId, InterfaceWish wish, CancellationToken stop) =>
        kernel.Queue.Write("router.add_interface", access.Origin, tx => Join(tx, access, routerId, wish), stop);

    public Task<Outcome<InterfaceView>> Remove(AccessGrant access, string routerId, InterfaceWish wish, CancellationToken stop) =>
        kernel.Queue.Write("router.remove_interface", access.Origin, tx => Leave(tx, access, routerId, wish), stop);

    public Outcome<InterfaceView> Join(Tx tx, AccessGrant access, string routerId, InterfaceWish wish)
    {
        var router = RouterService.Room.Visible(tx, access, routerId);
        if (router.Fault is { } missing) return missing;
        if (wish.SubnetId is null == wish.PortId is null)
        {
            return NetworkFaults.BadRequest("router", wish.SubnetId is null ? "Either subnet_id or port_id must be specified" : "Cannot specify both subnet-id and port-id");
        }

        var port = wish.SubnetId is not null ? FromSubnet(tx, access, router.Value, wish.SubnetId) : FromPort(tx, access, router.Value, wish.PortId!);
        if (port.Fault is { } refused) return refused;
        RouterService.Save(tx, fabric, router.Value);
        return View(tx, router.Value, port.Value);
    }

    public Outcome<InterfaceView> Leave(Tx tx, AccessGrant access, string routerId, InterfaceWish wish)
    {
        var found = RouterService.Room.Visible(tx, access, routerId);
        if (found.Fault is { } missing) return missing;
        var leg = Leg(tx, routerId, wish);
        if (leg.Fault is { } none) return none;
        var (port, router) = (leg.Value, found.Value);
        foreach (var address in AddressStore.OfPort(tx, port.Id).Where(a => wish.SubnetId is null || a.SubnetId == wish.SubnetId))
        {
            if (InUse(tx, router, port, address) is { } inUse) return inUse;
        }

        var view = View(tx, router, port);
        if (wish.PortId is null && AddressStore.OfPort(tx, port.Id).Count > 1) view = LeaveSubnet(tx, port, wish.SubnetId!, view);
        else ports.Remove(tx, port);
        fabric.NetworkChanged(tx, port.NetworkId);
        RouterService.Save(tx, fabric, router);
        return view;
    }

    public static Fault Overlap(SubnetRow added, SubnetRow known) => NetworkFaults.BadRequest(
        "router", $"Cidr {added.Cidr} of subnet {added.Id} overlaps with cidr {known.Cidr} of subnet {known.Id}");

    private static InterfaceView View(Tx tx, RouterRow router, PortRow port)
    {
        var subnets = AddressStore.OfPort(tx, port.Id).Select(a => a.SubnetId).ToList();
        return new InterfaceView
        {
            Id = router.Id, TenantId = router.ProjectId, PortId = port.Id, NetworkId = port.NetworkId, SubnetId = subnets.FirstOrDefault("") ?? "",
            SubnetIds = subnets,
        };
    }

    private Outcome<PortRow> FromSubnet(Tx tx, AccessGrant access, RouterRow router, string subnetId)
    {
        var found = SubnetService.Room.Visible(tx, access, subnetId);
        if (found.Fault is { } missing) return missing;
        var subnet = found.Value;
        if (NetworkStore.Find(tx, subnet.NetworkId) is not { } network || !network.UsableBy(tx, access)) return NetworkFaults.SubnetMissing(subnetId);
        if (subnet.GatewayIp is null) return NetworkFaults.BadRequest("router", "Subnet for router interface must have a gateway IP");
        if (subnet is { AddressMode: not null, RaMode: null })
        {
            return NetworkFaults.BadRequest("router", $"IPv6 subnet {subnet.Id} configured to receive RAs from an external router cannot be added to Neutron Router.");
        }

        if (Fits(tx, router, [subnet]) is { } conflict) return conflict;
        var wish = new AddressWish(subnet.Id, Ip.TryParse(subnet.GatewayIp, out var gateway) && subnet.Range.ContainsHost(gateway) ? subnet.GatewayIp : null);
        if (subnet.IpVersion == 6 && Ipv6Leg(tx, router, subnet.NetworkId) is { } leg) return JoinSubnet(tx, leg, wish);
        return ports.Make(
            tx,
            new PortRow
            {
                ProjectId = router.ProjectId, NetworkId = subnet.NetworkId, DeviceId = router.Id, DeviceOwner = Owners.RouterInterface,
                PortSecurity = false, NodeId = router.NodeId,
            },
            [wish],
            [],
            limited: false);
    }

    /// <summary>The leg that announces to a network: hosts take all prefixes from one router, so there is one.</summary>
    private static PortRow? Ipv6Leg(Tx tx, RouterRow router, string networkId) => RouterStore.Interfaces(tx, router.Id)
        .Find(leg => leg.NetworkId == networkId && AddressStore.OfPort(tx, leg.Id).Exists(a => a.Ip.Version == 6));

    private Outcome<PortRow> JoinSubnet(Tx tx, PortRow leg, AddressWish wish)
    {
        var kept = AddressStore.OfPort(tx, leg.Id).ConvertAll(a => new AddressWish(a.SubnetId, a.Text));
        AddressStore.Free(tx, leg.Id);
        var taken = PortAddresses.Take(tx, leg, [.. kept, wish]);
        if (taken.Fault is { } fault) return fault;
        ports.Save(tx, leg);
        return leg;
    }

    /// <summary>The leg stays for its other subnets.</summary>
    private InterfaceView LeaveSubnet(Tx tx, PortRow leg, string subnetId, InterfaceView before)
    {
        AddressStore.Free(tx, leg.Id, subnetId);
        ports.Save(tx, leg);
        return before with { SubnetId = subnetId, SubnetIds = [subnetId] };
    }

    private Outcome<PortRow> FromPort(Tx tx, AccessGrant access, RouterRow router, string portId)
    {
        if (PortStore.Find(tx, portId) is not { } port || !access.Covers(port.ProjectId)) return NetworkFaults.PortMissing(portId);
        if (port.DeviceId.Length > 0)
        {
            return NetworkFaults.Conflict(
                "PortInUse",
                $"Unable to complete operation on port {port.Id} for network {port.NetworkId}. Port already has an attached device {port.DeviceId}.");
        }

        var addresses = AddressStore.OfPort(tx, portId);
        if (addresses.Count == 0) return NetworkFaults.BadRequest("router", "Router port must have at least one fixed IP");
        var subnets = SubnetStore.All(tx, addresses.Select(a => a.SubnetId).Distinct(StringComparer.Ordinal).ToList());
        if (Fits(tx, router, subnets) is { } conflict) return conflict;
        if (subnets.Count(subnet => subnet.IpVersion == 4) > 1) return NetworkFaults.BadRequest("router", "Cannot have multiple IPv4 subnets on router port");
        if (subnets.Exists(subnet => subnet.IpVersion == 6) && Ipv6Leg(tx, router, port.NetworkId) is { } announcing)
        {
            return NetworkFaults.BadRequest(
                "router",
                $"Router already contains IPv6 port {announcing.Id} belonging to network id {port.NetworkId}. Only one IPv6 port from the same network subnet can be "
                    + "connected to a router.");
        }

        var groups = PortStore.Groups(tx, portId);
        PortStore.SetGroups(tx, portId, []);
        fabric.MembersChanged(tx, groups);
        var row = port with { DeviceId = router.Id, DeviceOwner = Owners.RouterInterface, PortSecurity = false, AllowedPairs = "[]", NodeId = router.NodeId };
        ports.Save(tx, row);
        return row;
    }

    /// <summary>A router has one leg in a subnet, and none whose ranges overlap.</summary>
    private static Fault? Fits(Tx tx, RouterRow router, IReadOnlyList<SubnetRow> added)
    {
        var legs = RouterStore.Interfaces(tx, router.Id).Select(port => port.Id).ToList();
        if (router.GatewayPortId is not null) legs.Add(router.GatewayPortId);
        var known = SubnetStore.All(tx, AddressStore.OfPorts(tx, legs).SelectMany(g => g).Select(a => a.SubnetId).Distinct(StringComparer.Ordinal).ToList());
        foreach (var (a, b) in added.SelectMany(a => known.Select(b => (a, b))))
        {
            if (a.Id == b.Id) return NetworkFaults.BadRequest("router", $"Router already has a port on subnet {a.Id}");
            if (a.Range.Overlaps(b.Range)) return Overlap(a, b);
        }

        return null;
    }

    private static Outcome<PortRow> Leg(Tx tx, string routerId, InterfaceWish wish)
    {
        if (wish.SubnetId is null && wish.PortId is null) return NetworkFaults.BadRequest("router", "Either subnet_id or port_id must be specified");
        var legs = RouterStore.Interfaces(tx, routerId);
        if (wish.PortId is not null)
        {
            var port = legs.Find(leg => leg.Id == wish.PortId);
            if (port is null)
            {
                return NetworkFaults.Missing("RouterInterfaceNotFound", $"Router {routerId} does not have an interface with id {wish.PortId}");
            }

            if (wish.SubnetId is not null && AddressStore.OfPort(tx, port.Id).TrueForAll(a => a.SubnetId != wish.SubnetId))
            {
                return NetworkFaults.Conflict("SubnetMismatchForPort", $"Subnet on port {port.Id} does not match the requested subnet {wish.SubnetId}.");
            }

            return port;
        }

        if (SubnetStore.Find(tx, wish.SubnetId!) is null) return NetworkFaults.SubnetMissing(wish.SubnetId!);
        return legs.Find(leg => AddressStore.OfPort(tx, leg.Id).Exists(a => a.SubnetId == wish.SubnetId)) is { } found
            ? found
            : NetworkFaults.Missing("RouterInterfaceNotFoundForSubnet", $"Router {routerId} has no interface on subnet {wish.SubnetId}");
    }

    private static Fault? InUse(Tx tx, RouterRow router, PortRow port, AddressRow address)
    {
        if (FloatingIpStore.AnyBehind(tx, router.Id, address.SubnetId))
        {
            return NetworkFaults.Conflict(
                "RouterInterfaceInUseByFloatingIP",
                $"Router interface for subnet {address.SubnetId} on router {router.Id} cannot be deleted, as it is required by one or more floating IPs.");
        }

        var range = SubnetStore.Find(tx, address.SubnetId)!.Range;
        return router.RouteList.Any(route => Ip.TryParse(route.Nexthop, out var hop) && range.Contains(hop))
            ? NetworkFaults.Conflict(
                "RouterInterfaceInUseByRoute",
                $"Router interface for subnet {address.SubnetId} on router {router.Id} cannot be deleted, as it is required by one or more routes.")
            : null;
    }
}
