using Sovereign.Kernel.Store;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Fabric;

/// <summary>An operator's word on where a router is. It holds until the next one.</summary>
internal sealed class RouterPlacement(FabricPlan fabric, PortMaker ports)
{
    /// <summary>Puts a router that is nowhere on a node; it starts there once it is gone from where it was.</summary>
    public void Place(Tx tx, RouterRow router, string nodeId) =>
        RouterService.Save(tx, fabric, router with { NodeId = nodeId, Held = false, Status = Status.Build });

    /// <summary>Takes a router off its node: nothing goes through it until it is put somewhere.</summary>
    public void Hold(Tx tx, RouterRow router)
    {
        fabric.Withdraw(tx, ItemKinds.Router, router.Id);
        foreach (var leg in PortStore.OfDevice(tx, router.Id).Where(port => port.NodeId.Length > 0))
        {
            ports.Save(tx, leg with { NodeId = "", HostId = "", Status = Status.Down });
            fabric.NetworkChanged(tx, leg.NetworkId);
        }

        foreach (var ip in FloatingIpStore.OfRouter(tx, router.Id)) FloatingIpService.Save(tx, ip with { Status = Status.Down });
        FloatingIpService.Left(tx, router.Id);
        RouterService.Save(tx, fabric, router with { NodeId = "", Held = true, Status = Status.Down });
    }
}
