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

/// <summary>A router's leg on an external network.</summary>
internal sealed class RouterGateways(PortMaker ports, FabricPlan fabric)
{
    public Outcome<RouterRow> Set(Tx tx, AccessGrant access, RouterRow router, GatewayWish wish)
    {
        if (NetworkStore.Find(tx, wish.NetworkId!) is not { } network || !NetworkService.Room.Sees(tx, access, network))
        {
            return NetworkFaults.NetworkMissing(wish.NetworkId!);
        }

        if (!network.External) return NetworkFaults.BadRequest("router", $"Network {network.Id} is not an external network");
        var snat = wish.EnableSnat.Or(true) ?? true;
        var wished = wish.ExternalFixedIps.Or(null)?.Select(ip => new AddressWish(ip.SubnetId, ip.IpAddress)).ToList();
        if (wished?.Exists(ip => ip.SubnetId is null && ip.Address is null) == true) return NetworkFaults.Attribute("external_fixed_ips", "a subnet or an address is needed");
        if (router.GatewayNetworkId == network.Id && wished is null) return router with { EnableSnat = snat };
        if (Conflict(tx, router, network.Id) is { } overlap) return overlap;
        if (router.GatewayNetworkId == network.Id) return Move(tx, router, wished!) is { } taken ? taken : router with { EnableSnat = snat };
        var cleared = Clear(tx, router);
        if (cleared.Fault is { } inUse) return inUse;
        if (SubnetStore.OfNetwork(tx, network.Id).Count == 0) return NetworkFaults.NoAddressLeft(network.Id);
        var port = ports.Make(
            tx,
            new PortRow { NetworkId = network.Id, DeviceId = router.Id, DeviceOwner = Owners.RouterGateway, PortSecurity = false, NodeId = router.NodeId },
            wished,
            [],
            limited: false);
        if (port.Fault is { } none) return none;
        return cleared.Value with { GatewayPortId = port.Value.Id, GatewayNetworkId = network.Id, EnableSnat = snat };
    }

    public Outcome<RouterRow> Clear(Tx tx, RouterRow router)
    {
        if (router.GatewayPortId is null) return router;
        if (FloatingIpStore.AnyOfRouter(tx, router.Id))
        {
            return NetworkFaults.Conflict(
                "RouterExternalGatewayInUseByFloatingIp",
                $"Gateway cannot be updated for router {router.Id}, since a gateway to external network {router.GatewayNetworkId} is required by one or more floating IPs.");
        }

        if (PortStore.Find(tx, router.GatewayPortId) is { } port) ports.Remove(tx, port);
        fabric.NetworkChanged(tx, router.GatewayNetworkId!);
        return router with { GatewayPortId = null, GatewayNetworkId = null };
    }

    /// <summary>Other addresses on the same network.</summary>
    private Fault? Move(Tx tx, RouterRow router, IReadOnlyList<AddressWish> wished)
    {
        var port = PortStore.Find(tx, router.GatewayPortId!)!;
        AddressStore.Free(tx, port.Id);
        var taken = PortAddresses.Take(tx, port, wished.Count == 0 ? null : wished);
        if (taken.Fault is { } fault) return fault;
        ports.Save(tx, port);
        return null;
    }

    /// <summary>An interface whose subnet overlaps with the external one could not be routed.</summary>
    private static Fault? Conflict(Tx tx, RouterRow router, string externalNetworkId)
    {
        var outer = SubnetStore.OfNetwork(tx, externalNetworkId);
        foreach (var port in RouterStore.Interfaces(tx, router.Id))
        {
            var inner = SubnetStore.All(tx, AddressStore.OfPort(tx, port.Id).Select(a => a.SubnetId).ToList());
            foreach (var (a, b) in inner.SelectMany(a => outer.Select(b => (a, b))))
            {
                if (a.Range.Overlaps(b.Range)) return RouterInterfaces.Overlap(b, a);
            }
        }

        return null;
    }
}
