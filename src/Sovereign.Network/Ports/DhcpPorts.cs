using Sovereign.Kernel.Store;
using Sovereign.Network.Networks;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>The one DHCP and metadata port of a network: an address in each subnet that serves DHCP.</summary>
internal sealed class DhcpPorts(PortMaker ports)
{
    public void Join(Tx tx, NetworkRow network, SubnetRow subnet)
    {
        var known = PortStore.DhcpOf(tx, network.Id);
        if (known is not null)
        {
            // A subnet without a free address goes without DHCP, as in the original.
            var position = AddressStore.OfPort(tx, known.Id).Count;
            var joined = subnet.Automatic
                ? AddressStore.Take(tx, subnet, subnet.Range.Slaac(known.Mac), known.Id, position)
                : AddressStore.TakeNext(tx, subnet, known.Id, position) is not null;
            if (joined) ports.Save(tx, known);
            return;
        }

        if (!subnet.Automatic && !AddressStore.HasFree(tx, subnet)) return;
        ports.Make(
            tx,
            new PortRow
            {
                ProjectId = network.ProjectId, NetworkId = network.Id, DeviceOwner = Owners.Dhcp, DeviceId = "dhcp-" + network.Id, PortSecurity = false,
            },
            [new AddressWish(subnet.Id, null)],
            [],
            limited: false);
    }

    /// <summary>Gives the subnet's address back; the port goes with its last one.</summary>
    public void Leave(Tx tx, SubnetRow subnet)
    {
        if (PortStore.DhcpOf(tx, subnet.NetworkId) is not { } port) return;
        AddressStore.Free(tx, port.Id, subnet.Id);
        if (AddressStore.OfPort(tx, port.Id).Count == 0) ports.Remove(tx, port);
        else ports.Save(tx, port);
    }
}
