using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.PortForwardings;

/// <summary>Port forwardings of floating IPs that lead to no port as a whole; each change is one of the floating IP.</summary>
internal sealed class PortForwardingService(KernelServices kernel, FabricPlan fabric)
{
    private const string Resource = "port_forwarding";

    public Outcome<PortForwardingRow> Create(Tx tx, AccessGrant access, FloatingIpRow ip, PortForwardingWish wish)
    {
        if (ip.PortId is not null)
        {
            return NetworkFaults.Conflict("FloatingIpInUse", $"Floating IP {ip.Id} is associated with port {ip.PortId}, so its ports can't be forwarded.");
        }

        foreach (var (name, given) in new[]
        {
            ("protocol", wish.Protocol.Or(null) is not null), ("internal_port_id", wish.InternalPortId.Or(null) is not null),
            ("external_port", wish.ExternalPort.Or(null) is not null || wish.ExternalPortRange.Or(null) is not null),
            ("internal_port", wish.InternalPort.Or(null) is not null || wish.InternalPortRange.Or(null) is not null),
        })
        {
            if (!given) return new Fault.Invalid(name, $"Failed to parse request. Required attribute '{name}' not specified");
        }

        var row = new PortForwardingRow { Id = kernel.Ids.Uuid(), FloatingipId = ip.Id, CreatedAt = tx.Now };
        return Fill(tx, access, ip, row, wish, PortForwardingStore.Insert);
    }

    public Outcome<PortForwardingRow> Update(Tx tx, AccessGrant access, FloatingIpRow ip, PortForwardingRow old, PortForwardingWish wish) =>
        Fill(tx, access, ip, old, wish, PortForwardingStore.Update);

    public Outcome<Done> Delete(Tx tx, FloatingIpRow ip, PortForwardingRow row)
    {
        PortForwardingStore.Delete(tx, row.Id);
        Settle(tx, fabric, ip, null);
        return Done.Value;
    }

    /// <summary>The floating IP is on the router that its forwardings lead through, and on none without them.</summary>
    /// <param name="routerId">The router of the one that was made or changed; null: one went.</param>
    public static void Settle(Tx tx, FabricPlan fabric, FloatingIpRow ip, string? routerId)
    {
        if (ip.RouterId is not null) fabric.RouterChanged(tx, ip.RouterId);
        var left = PortForwardingStore.Of(tx, [ip.Id]).Count > 0;
        var router = left ? routerId ?? ip.RouterId : null;
        if (router is not null) fabric.RouterChanged(tx, router);
        FloatingIpService.Save(tx, ip with { RouterId = router, Status = router == ip.RouterId ? ip.Status : Status.Down });
    }

    private Outcome<PortForwardingRow> Fill(
        Tx tx, AccessGrant access, FloatingIpRow ip, PortForwardingRow row, PortForwardingWish wish, Action<Tx, PortForwardingRow> store)
    {
        if (Attributes.Texts(("description", wish.Description)) is { } text) return text;
        var protocol = (wish.Protocol.Or(null) ?? row.Protocol).ToLowerInvariant();
        if (protocol is not ("tcp" or "udp")) return NetworkFaults.Attribute("protocol", $"'{protocol}' is not in ['tcp', 'udp']");
        var outer = PortRange.Read("external", wish.ExternalPort.Or(null), wish.ExternalPortRange.Or(null));
        if (outer.Fault is { } wrongOuter) return wrongOuter;
        var inner = PortRange.Read("internal", wish.InternalPort.Or(null), wish.InternalPortRange.Or(null));
        if (inner.Fault is { } wrongInner) return wrongInner;
        var (first, last) = outer.Value ?? (row.ExternalFirst, row.ExternalLast);
        var (innerFirst, innerLast) = inner.Value ?? (row.InternalFirst, row.InternalLast);
        if (innerFirst != innerLast && innerLast - innerFirst != last - first)
        {
            return NetworkFaults.BadRequest(Resource, "The internal range must have one port or as many as the external range");
        }

        var portId = wish.InternalPortId.Or(null) ?? row.PortId;
        var address = wish.InternalIpAddress.Or(null) ?? (portId == row.PortId ? row.FixedAddress : null);
        var target = Target(tx, access, ip, portId, address);
        if (target.Fault is { } unreachable) return unreachable;
        var next = row with
        {
            Protocol = protocol,
            ExternalFirst = first,
            ExternalLast = last,
            InternalFirst = innerFirst,
            InternalLast = innerLast,
            PortId = portId,
            FixedAddress = target.Value.Address,
            Description = wish.Description.Or(row.Description) ?? "",
        };
        if (PortForwardingStore.Collides(tx, next))
        {
            return NetworkFaults.BadRequest(
                Resource, "A duplicate port forwarding entry with same attributes already exists: its external or internal ports overlap with these");
        }

        store(tx, next);
        Settle(tx, fabric, ip, target.Value.Router);
        return next;
    }

    /// <summary>The fixed address that is led to, and the router on the way; all forwardings of a floating IP go by one router.</summary>
    private static Outcome<(string Address, string Router)> Target(Tx tx, AccessGrant access, FloatingIpRow ip, string portId, string? wished)
    {
        if (PortStore.Find(tx, portId) is not { } port || !access.Covers(port.ProjectId)) return NetworkFaults.PortMissing(portId);
        var addresses = AddressStore.OfPort(tx, port.Id).FindAll(a => a.Ip.Version == 4);
        var inner = wished is null ? addresses.FirstOrDefault() : Ip.TryParse(wished, out var named) ? addresses.Find(a => a.Ip == named) : null;
        if (inner is null)
        {
            return NetworkFaults.BadRequest(Resource, $"Requested internal IP address {wished} is not an IPv4 address of internal neutron port {portId}");
        }

        if (FloatingIpStore.OfPort(tx, portId).Find(other => other.FixedAddress == inner.Text) is { } bound)
        {
            return NetworkFaults.Conflict(
                "PortHasBindingFloatingIP",
                $"Cannot create port forwarding to floating IP {bound.Address} ({bound.Id}) with port {portId} using fixed IP {inner.Text}, as that port already "
                    + "has a binding floating IP.");
        }

        if (RouterStore.Between(tx, inner.SubnetId, ip.NetworkId) is not { } router)
        {
            return NetworkFaults.BadRequest(
                Resource, $"External network {ip.NetworkId} is not reachable from subnet {inner.SubnetId}. Cannot set Port forwarding for Port {portId}");
        }

        if (ip.RouterId is not null && ip.RouterId != router)
        {
            return NetworkFaults.BadRequest(Resource, $"The Floating IP {ip.Id} is on router {ip.RouterId}, which the port {portId} is not behind");
        }

        return (inner.Text, router);
    }
}
