using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Agents;
using Sovereign.Network.ConntrackHelpers;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Metering;
using Sovereign.Network.PortForwardings;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Fabric;

/// <summary>A router lives on one node from its first leg on: chosen here, remembered in its row. Its state, its legs' and its floating IPs' follow
/// the node's reports.</summary>
internal sealed class RouterReconciler(KernelServices kernel, FabricPlan fabric, PortMaker ports) : IReconciler
{
    private static readonly TimeSpan nodeWait = TimeSpan.FromSeconds(30);

    public string Kind => Kinds.Router;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var placed = await kernel.Queue.Write<bool>("router.reconcile", Origin.System, tx => Reconcile(tx, id, null), stop);
        if (placed.Fault is { } fault) return new Progress.Failed(fault);
        return placed.Value ? Progress.Done : new Progress.Waiting(nodeWait, "a node for the router");
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;

    /// <param name="candidate">A node that says hello in this very transaction; null: the least loaded one that is up.</param>
    /// <returns>False: the router has legs and no node.</returns>
    public Outcome<bool> Reconcile(Tx tx, string id, string? candidate)
    {
        if (RouterStore.Find(tx, id) is not { } router)
        {
            fabric.Withdraw(tx, ItemKinds.Router, id);
            FloatingIpService.Left(tx, id);
            return true;
        }

        if (router.Held) return true;
        var legs = RouterStore.Interfaces(tx, id);
        var gateway = router.GatewayPortId is null ? null : PortStore.Find(tx, router.GatewayPortId);
        var all = gateway is null ? legs : [.. legs, gateway];
        if (all.Count == 0 && router.NodeId.Length == 0) return true;
        var node = router.NodeId.Length > 0 ? router.NodeId : candidate ?? Choose(tx);
        if (node is null) return false;
        if (Leaving(tx, id, node)) return false;
        if (router.NodeId != node) Store(tx, router = router with { NodeId = node, Status = Status.Build });
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].NodeId == node) continue;
            all[i] = all[i] with { NodeId = node, HostId = fabric.Nodes.Find(node)?.HostName ?? "" };
            ports.Save(tx, all[i]);
        }

        foreach (var network in all.Select(port => port.NetworkId).Distinct(StringComparer.Ordinal))
        {
            fabric.PutNetwork(tx, network, FabricPlan.NodesOfNetwork(tx, network));
        }

        fabric.Nodes.Put(tx, node, new ManifestItem(ItemKinds.Router, id, 0) { Router = Spec(tx, router, legs, gateway) });
        Follow(tx, router, all);
        return true;
    }

    /// <summary>A router is on one node at a time: it waits until the one that had it reports that it is gone, or is known to be off.</summary>
    private bool Leaving(Tx tx, string id, string node)
    {
        var others = fabric.Nodes.NodesOf(tx, ItemKinds.Router, id).Where(other => other != node && !fabric.Nodes.Fenced(tx, other)).ToList();
        foreach (var other in others) fabric.Nodes.Remove(tx, other, ItemKinds.Router, id);
        return others.Count > 0;
    }

    private RouterSpec Spec(Tx tx, RouterRow router, List<PortRow> legs, PortRow? gateway)
    {
        RouterGatewaySpec? outer = null;
        if (gateway is not null)
        {
            var (addresses, subnets) = Addresses(tx, gateway);
            string? Next(int version) => subnets.Where(s => s.IpVersion == version).Select(s => s.GatewayIp).FirstOrDefault(g => g is not null);
            outer = new RouterGatewaySpec(gateway.Id, gateway.NetworkId, gateway.Mac, addresses, Next(4), router.EnableSnat) { NextHop6 = Next(6) };
        }

        var inner = legs.OrderBy(port => port.Id, StringComparer.Ordinal).Select(port => Interface(tx, port)).ToList();
        var ips = FloatingIpStore.OfRouter(tx, router.Id);
        var floating = ips.Where(ip => ip.FixedAddress is not null).Select(ip => new FloatingIpSpec(ip.Id, ip.Address, ip.FixedAddress!)).ToList();
        var forwarded = PortForwardingStore.Of(tx, ips.ConvertAll(ip => ip.Id));
        var forwardings = ips.SelectMany(ip => forwarded[ip.Id].Select(row => new ForwardingSpec(
            row.Id, ip.Address, row.Protocol, (int)row.ExternalFirst, (int)row.ExternalLast, row.FixedAddress, (int)row.InternalFirst, (int)row.InternalLast))).ToList();
        var helpers = ConntrackHelperStore.Of(tx, [router.Id])[router.Id].Select(row => new HelperSpec(row.Helper, row.Protocol, (int)row.Port)).ToList();
        var meters = MeteringStore.Specs(tx, router.ProjectId);
        return new RouterSpec(router.Id, Works(tx, router), outer, inner, floating, FabricPlan.Routes(router.RouteList))
        {
            Forwardings = forwardings.Count > 0 ? forwardings : null,
            Helpers = helpers.Count > 0 ? helpers : null,
            Meters = meters.Count > 0 ? meters : null,
        };
    }

    private static RouterInterfaceSpec Interface(Tx tx, PortRow port)
    {
        var (addresses, subnets) = Addresses(tx, port);
        var announced = subnets.Where(subnet => subnet.RaMode is not null).DistinctBy(subnet => subnet.Id)
            .Select(subnet => new AdvertisedPrefixSpec(subnet.Cidr, subnet.RaMode!, subnet.DnsServers)).ToList();
        return new RouterInterfaceSpec(port.Id, port.NetworkId, port.Mac, addresses) { Advertised = announced.Count > 0 ? announced : null };
    }

    private static (List<string> Addresses, List<SubnetRow> Subnets) Addresses(Tx tx, PortRow port)
    {
        var rows = AddressStore.OfPort(tx, port.Id);
        var subnets = SubnetStore.All(tx, rows.Select(a => a.SubnetId).Distinct(StringComparer.Ordinal).ToList());
        var written = rows.ConvertAll(a => string.Create(
            CultureInfo.InvariantCulture, $"{a.Text}/{subnets.Find(s => s.Id == a.SubnetId)!.Range.Prefix}"));
        return (written, rows.ConvertAll(a => subnets.Find(s => s.Id == a.SubnetId)!));
    }

    private void Follow(Tx tx, RouterRow router, List<PortRow> legs)
    {
        var seen = fabric.Nodes.Observed(tx, router.NodeId, ItemKinds.Router, router.Id);
        if (seen is not { Current: true }) return;
        var up = seen.State == ItemState.Present;
        var status = up ? Status.Active : seen.State == ItemState.Error ? Status.Error : Status.Build;
        if (router.Status != status) Store(tx, router with { Status = status });
        var legStatus = up && Works(tx, router) ? Status.Active : Status.Down;
        foreach (var leg in legs.Where(leg => leg.Status != legStatus)) ports.Save(tx, leg with { Status = legStatus });

        foreach (var ip in FloatingIpStore.OfRouter(tx, router.Id).Where(ip => ip.Status != legStatus))
        {
            FloatingIpService.Save(tx, ip with { Status = legStatus });
        }

        FloatingIpService.Left(tx, router.Id);
    }

    /// <summary>Neither it nor its node's agent is switched off.</summary>
    private static bool Works(Tx tx, RouterRow router) => router.AdminStateUp && !AgentStore.Down(tx, AgentTypes.L3).Contains(router.NodeId);

    private static void Store(Tx tx, RouterRow router)
    {
        RouterStore.Update(tx, router with { UpdatedAt = tx.Now, Revision = router.Revision + 1 });
        RouterService.Room.Record(tx, router, Change.Updated);
    }

    private string? Choose(Tx tx)
    {
        var load = RouterStore.CountByNode(tx);
        var down = AgentStore.Down(tx, AgentTypes.L3);
        return fabric.Nodes.List().Where(node => node is { Up: true, Facts.Gateway: true } && !down.Contains(node.Id))
            .OrderBy(node => load.GetValueOrDefault(node.Id)).ThenBy(node => node.Id, StringComparer.Ordinal)
            .FirstOrDefault()?.Id;
    }
}
