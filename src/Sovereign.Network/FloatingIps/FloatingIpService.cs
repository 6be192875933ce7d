using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Networks;
using Sovereign.Network.PortForwardings;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.FloatingIps;

internal sealed class FloatingIpService(KernelServices kernel, FabricPlan fabric, PortMaker ports)
{
    public static readonly Room<FloatingIpRow, FloatingIpView> Room = new(
        Kinds.FloatingIp, "floatingips", "/v2.0/floatingips", FloatingIpStore.Shape, FloatingIpStore.Find,
        NetworkFaults.FloatingIpMissing, Views, NetworkJson.Wire.FloatingIpView);

    /// <summary>Stores a changed floating IP with the next revision.</summary>
    public static FloatingIpRow Save(Tx tx, FloatingIpRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        FloatingIpStore.Update(tx, next);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    private static List<FloatingIpView> Views(Session session, IReadOnlyList<FloatingIpRow> rows, Viewer viewer)
    {
        var tags = TagStore.Of(session, Kinds.FloatingIp, rows.Select(row => row.Id).ToList());
        var portIds = rows.Where(row => row.PortId is not null).Select(row => row.PortId!).ToList();
        List<PortRow> found = portIds.Count == 0 ? [] : session.Query<PortRow>("SELECT * FROM ports WHERE id IN @portIds", new { portIds });
        return rows.Select(row => row.ToView(found.Find(port => port.Id == row.PortId), tags(row.Id))).ToList();
    }

    public Outcome<FloatingIpRow> Create(Tx tx, AccessGrant access, FloatingIpWish wish)
    {
        if (Attributes.Texts(("description", wish.Description)) is { } text) return text;
        if (wish.FloatingNetworkId.Or(null) is not { Length: > 0 } networkId)
        {
            return new Fault.Invalid("floating_network_id", "Failed to parse request. Required attribute 'floating_network_id' not specified");
        }

        var project = Attributes.Project(access, "create_floatingip", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (NetworkStore.Find(tx, networkId) is not { } network || !NetworkService.Room.Sees(tx, access, network)) return NetworkFaults.NetworkMissing(networkId);
        if (!network.External) return NetworkFaults.BadRequest("floatingip", $"Network {networkId} is not a valid external network");
        var address = wish.FloatingIpAddress.Or(null);
        if (address is not null && !access.Everything) return NetworkFaults.NotAuthorized("create_floatingip", "floating_ip_address");
        if (Room.Take(tx, kernel, project.Value) is { } full) return full;
        var id = kernel.Ids.Uuid();
        var subnet = wish.SubnetId.Or(null);
        if (SubnetStore.OfNetwork(tx, networkId).Count == 0)
        {
            return NetworkFaults.BadRequest("floatingip", $"Network {networkId} does not contain any IPv4 subnet");
        }

        var outer = ports.Make(
            tx,
            new PortRow { NetworkId = networkId, DeviceId = id, DeviceOwner = Owners.FloatingIp, PortSecurity = false, Status = "N/A" },
            address is null && subnet is null ? null : [new AddressWish(subnet, address)],
            [],
            limited: false);
        if (outer.Fault is { } none) return none;
        var row = new FloatingIpRow
        {
            Id = id, ProjectId = project.Value, Description = wish.Description.Or("") ?? "", NetworkId = networkId, OuterPortId = outer.Value.Id,
            Address = AddressStore.OfPort(tx, outer.Value.Id)[0].Text, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        FloatingIpStore.Insert(tx, row);
        if (wish.PortId.Or(null) is { } portId)
        {
            var associated = Associate(tx, access, row, portId, wish.FixedIpAddress.Or(null));
            if (associated.Fault is { } refused) return refused;
            row = associated.Value;
            FloatingIpStore.Update(tx, row);
            Tell(tx, portId);
        }

        Room.Record(tx, row, Change.Created);
        return row;
    }

    public Outcome<FloatingIpRow> Update(Tx tx, AccessGrant access, FloatingIpRow old, FloatingIpWish wish)
    {
        if (Attributes.Texts(("description", wish.Description)) is { } text) return text;
        if (wish.FloatingNetworkId.Given || wish.FloatingIpAddress.Given || wish.SubnetId.Given || wish.ProjectId.Given
            || wish.TenantId.Given)
        {
            return new Fault.Invalid(
                "floatingip", "Cannot update read-only attribute of a floating IP: only port_id, fixed_ip_address and description change.");
        }

        var row = old with { Description = wish.Description.Or(old.Description) ?? "" };
        if (wish.PortId.Given || wish.FixedIpAddress.Given)
        {
            var associated = Associate(tx, access, row, wish.PortId.Or(row.PortId), wish.FixedIpAddress.Or(null));
            if (associated.Fault is { } refused) return refused;
            row = associated.Value;
        }

        var saved = Save(tx, row);
        if (row.PortId != old.PortId || row.FixedAddress != old.FixedAddress) Tell(tx, old.PortId, row.PortId);
        return saved;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, FloatingIpRow row)
    {
        if (Forwards(tx, row)) return ForwardsPorts(row.Id);
        Room.Remove(tx, kernel, row, FloatingIpStore.Delete);
        if (PortStore.Find(tx, row.OuterPortId) is { } outer) ports.Remove(tx, outer);
        if (row.RouterId is not null) fabric.RouterChanged(tx, row.RouterId);
        Tell(tx, row.PortId);
        return Done.Value;
    }

    /// <summary>The router has heard, or is no more: what led through it leads nowhere.</summary>
    public static void Left(Tx tx, string routerId)
    {
        foreach (var row in FloatingIpStore.Leaving(tx, routerId)) Save(tx, row with { LeavesRouterId = null, Status = Status.Down });
    }

    private static bool Forwards(Tx tx, FloatingIpRow row) => PortForwardingStore.Of(tx, [row.Id]).Count > 0;

    private static Fault ForwardsPorts(string id) =>
        NetworkFaults.Conflict("FipInUseByPortForwarding", $"Floating IP {id} in use by Port Forwarding resources.");

    /// <summary>Makes it lead to a port, or nowhere.</summary>
    private Outcome<FloatingIpRow> Associate(Tx tx, AccessGrant access, FloatingIpRow row, string? portId, string? fixedAddress)
    {
        if (portId is null)
        {
            if (fixedAddress is not null) return NetworkFaults.BadRequest("floatingip", "fixed_ip_address cannot be specified without a port_id");
            if (row.PortId is null) return row;
            if (row.RouterId is not null) fabric.RouterChanged(tx, row.RouterId);
            return row.Leave();
        }

        if (Forwards(tx, row)) return ForwardsPorts(row.Id);
        if (PortStore.Find(tx, portId) is not { } port || !access.Covers(port.ProjectId)) return NetworkFaults.PortMissing(portId);
        var inner = Inner(tx, port, fixedAddress);
        if (inner.Fault is { } wrong) return wrong;
        var address = inner.Value.Text;
        if (PortForwardingStore.OfPort(tx, portId).Exists(forwarding => forwarding.FixedAddress == address))
        {
            return NetworkFaults.Conflict(
                "PortHasPortForwarding", $"Cannot associate floating IP {row.Address} ({row.Id}) with port {portId} using fixed IP {address}, as that port already "
                + "has a Port Forwarding binding.");
        }

        var other = FloatingIpStore.OfPort(tx, portId).Find(ip => ip.Id != row.Id && ip.FixedAddress == address && ip.NetworkId == row.NetworkId);
        if (other is not null)
        {
            return NetworkFaults.Conflict(
                "FloatingIPPortAlreadyAssociated",
                $"Cannot associate floating IP {row.Address} ({row.Id}) with port {portId} using fixed IP {address}, as that fixed IP already has a floating IP "
                + $"on external network {row.NetworkId}.");
        }

        if (RouterStore.Between(tx, inner.Value.SubnetId, row.NetworkId) is not { } routerId)
        {
            return NetworkFaults.Missing(
                "ExternalGatewayForFloatingIPNotFound",
                $"External network {row.NetworkId} is not reachable from subnet {inner.Value.SubnetId}.  Therefore, cannot associate Port {portId} with a Floating IP.");
        }

        if (row.PortId == portId && row.FixedAddress == address && row.RouterId == routerId) return row;
        if (row.RouterId is not null && row.RouterId != routerId) fabric.RouterChanged(tx, row.RouterId);
        fabric.RouterChanged(tx, routerId);
        return row with { PortId = portId, FixedAddress = address, RouterId = routerId, LeavesRouterId = null, Status = Status.Down };
    }

    private static Outcome<AddressRow> Inner(Tx tx, PortRow port, string? fixedAddress)
    {
        var addresses = AddressStore.OfPort(tx, port.Id).FindAll(a => a.Ip.Version == 4);
        if (fixedAddress is not null)
        {
            if (!Ip.TryParse(fixedAddress, out var wanted)) return NetworkFaults.Attribute("fixed_ip_address", $"'{fixedAddress}' is not a valid IP address");
            return addresses.Find(a => a.Ip == wanted) is { } found
                ? found
                : NetworkFaults.BadRequest("floatingip", $"Port {port.Id} does not have fixed ip {fixedAddress}");
        }

        return addresses.Count switch
        {
            1 => addresses[0],
            0 => NetworkFaults.BadRequest("floatingip", $"Cannot add floating IP to port {port.Id} that has no fixed IPv4 addresses"),
            _ => NetworkFaults.BadRequest(
                "floatingip", $"Port {port.Id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP"),
        };
    }

    /// <summary>Servers show the addresses that lead to their ports, and guests read them on their nodes.</summary>
    private void Tell(Tx tx, params ReadOnlySpan<string?> portIds)
    {
        foreach (var id in portIds)
        {
            if (id is null || PortStore.Find(tx, id) is not { Attached: true } port) continue;
            ports.TellServer(tx, port.DeviceId);
            fabric.PutPort(tx, port);
        }
    }
}
