using System.Globalization;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Ports;
using Sovereign.Network.Routers;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Fabric;

/// <summary>A router with a leg lives on one node: chosen here, remembered in its row. Its state, its legs' and its floating IPs' follow the node's reports.</summary>
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
            return true;
        }

        var legs = RouterStore.Interfaces(tx, id);
        var gateway = router.GatewayPortId is null ? null : PortStore.Find(tx, router.GatewayPortId);
        var all = gateway is null ? legs : [.. legs, gateway];
        if (all.Count == 0)
        {
            fabric.Withdraw(tx, ItemKinds.Router, id);
            if (router.Status != Status.Active) Store(tx, router with { Status = Status.Active });
            return true;
        }

        var node = router.NodeId.Length > 0 ? router.NodeId : candidate ?? Choose(tx);
        if (node is null) return false;
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

    private RouterSpec Spec(Tx tx, RouterRow router, List<PortRow> legs, PortRow? gateway)
    {
        RouterGatewaySpec? outer = null;
        if (gateway is not null && AddressStore.OfPort(tx, gateway.Id).Exists(a => a.Ip.Version == 4))
        {
            var (addresses, subnets) = Addresses(tx, gateway);
            outer = new RouterGatewaySpec(
                gateway.Id, gateway.NetworkId, gateway.Mac, addresses, subnets.Select(s => s.GatewayIp).FirstOrDefault(g => g is not null), router.EnableSnat);
        }

        var inner = legs.OrderBy(port => port.Id, StringComparer.Ordinal)
            .Select(port => new RouterInterfaceSpec(port.Id, port.NetworkId, port.Mac, Addresses(tx, port).Addresses)).Where(leg => leg.Addresses.Count > 0).ToList();
        var floating = FloatingIpStore.OfRouter(tx, router.Id).Select(ip => new FloatingIpSpec(ip.Id, ip.Address, ip.FixedAddress!)).ToList();
        return new RouterSpec(
            router.Id, router.AdminStateUp, outer, inner, floating,
            FabricPlan.Routes(router.RouteList.Where(route => !route.Nexthop!.Contains(':', StringComparison.Ordinal))));
    }

    private static (List<string> Addresses, List<SubnetRow> Subnets) Addresses(Tx tx, PortRow port)
    {
        var rows = AddressStore.OfPort(tx, port.Id).FindAll(a => a.Ip.Version == 4);
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
        var legStatus = up && router.AdminStateUp ? Status.Active : Status.Down;
        var addresses = AddressStore.OfPorts(tx, legs.ConvertAll(leg => leg.Id));
        foreach (var leg in legs)
        {
            // A leg without an IPv4 address is not on the node.
            var wanted = addresses[leg.Id].Any(a => a.Ip.Version == 4) ? legStatus : Status.Down;
            if (leg.Status != wanted) ports.Save(tx, leg with { Status = wanted });
        }

        foreach (var ip in FloatingIpStore.OfRouter(tx, router.Id).Where(ip => ip.Status != legStatus))
        {
            FloatingIpService.Save(tx, ip with { Status = legStatus });
        }
    }

    private static void Store(Tx tx, RouterRow router)
    {
        RouterStore.Update(tx, router with { UpdatedAt = tx.Now, Revision = router.Revision + 1 });
        RouterService.Room.Record(tx, router, Change.Updated);
    }

    private string? Choose(Tx tx)
    {
        var load = RouterStore.CountByNode(tx);
        return fabric.Nodes.List().Where(node => node is { Up: true, Facts.Gateway: true })
            .OrderBy(node => load.GetValueOrDefault(node.Id)).ThenBy(node => node.Id, StringComparer.Ordinal)
            .FirstOrDefault()?.Id;
    }
}
