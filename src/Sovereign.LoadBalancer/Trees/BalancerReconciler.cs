using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>Puts a load balancer on a node and follows what the node says of it. Each run is one transaction, so that it is whole or was never there.</summary>
internal sealed class BalancerReconciler(KernelServices kernel, INodes nodes, IBalancerPorts ports, BalancerPlan plan) : IReconciler
{
    private static readonly TimeSpan lookAgain = TimeSpan.FromSeconds(30);

    public string Kind => Kinds.Balancer;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var done = await kernel.Queue.Write<Progress>("loadbalancer.reconcile", Origin.System, tx => Outcome.Of(Reconcile(tx, id)), stop);
        return done.Fault is { } fault ? new Progress.Failed(fault) : done.Value;
    }

    public async Task GiveUp(string id, Fault fault, CancellationToken stop) =>
        await kernel.Queue.Write<Done>(
            "loadbalancer.failed",
            Origin.System,
            tx =>
            {
                if (TreeStore.Tree(tx, id) is { } tree) Settle(tx, tree, Provisioning.Error, null);
                return Done.Value;
            },
            stop);

    private Progress Reconcile(Tx tx, string id)
    {
        if (TreeStore.Tree(tx, id) is not { } tree) return Progress.Done;
        if (tree.Balancer.Provisioning == Provisioning.PendingDelete) return Remove(tx, tree);
        if (!Place(tx, tree)) return new Progress.Waiting(lookAgain, "a node");
        var row = tree.Balancer;
        var spec = plan.Spec(tx, tree);
        if (spec.Fault is { } unreadable) return new Progress.Failed(unreadable);
        if (Checks.Texts(row.VipGroups).Count == 0) ports.Open(tx, row.Id, row.VipPortId, BalancerPlan.Doors(tree));
        ports.Bind(tx, row.VipPortId, row.NodeId);
        nodes.Put(tx, row.NodeId, new ManifestItem(ItemKinds.Balancer, row.Id, 0) { Balancer = spec.Value });
        var seen = nodes.Observed(tx, row.NodeId, ItemKinds.Balancer, row.Id);
        if (seen is null or { Current: false })
        {
            // What is pending waits for the node's word; the rest is as it was.
            return Provisioning.Pending(row.Provisioning) ? new Progress.Waiting(lookAgain, "its node") : Progress.Done;
        }

        if (seen.State == ItemState.Present) Settle(tx, tree, Provisioning.Active, Health.Of(tree, BalancerSight.Read(seen.Message)));
        else Settle(tx, tree, Provisioning.Error, null);
        return Progress.Done;
    }

    /// <summary>Finds it a node: where it is, unless that one is fenced or it is to fail over and there is another.</summary>
    private bool Place(Tx tx, Tree tree)
    {
        var row = tree.Balancer;
        var there = row.NodeId.Length > 0 && !nodes.Fenced(tx, row.NodeId) && nodes.Find(row.NodeId) is not null;
        if (there && row.Moved >= row.Generation) return true;
        var loads = TreeStore.Loads(tx);
        var next = nodes.List().Where(node => node.Up && !node.Fenced && node.Id != row.NodeId)
            .OrderBy(node => loads.GetValueOrDefault(node.Id)).ThenBy(node => node.HostName, StringComparer.Ordinal).FirstOrDefault();
        if (next is null && !there) return false;
        if (next is not null && row.NodeId.Length > 0) nodes.Remove(tx, row.NodeId, ItemKinds.Balancer, row.Id);
        Save(tx, tree, row with { NodeId = next?.Id ?? row.NodeId, Moved = row.Generation });
        return true;
    }

    private Progress Remove(Tx tx, Tree tree)
    {
        var row = tree.Balancer;
        var left = nodes.NodesOf(tx, ItemKinds.Balancer, row.Id).Where(node => !nodes.Fenced(tx, node)).ToList();
        foreach (var node in left) nodes.Remove(tx, node, ItemKinds.Balancer, row.Id);
        if (nodes.NodesOf(tx, ItemKinds.Balancer, row.Id).Any(node => !nodes.Fenced(tx, node))) return new Progress.Waiting(lookAgain, "its node");
        ports.Release(tx, row.Id, row.VipPortId, row.VipMade);
        foreach (var part in tree.Parts.ToList()) RemovePart(tx, tree, part);
        TreeStore.Delete(tx, row.Id);
        kernel.Quotas.Give(tx, LoadBalancerModule.Service, Kinds.Balancer, row.ProjectId, 1);
        TreeWork.Record(tx, row, Change.Deleted);
        return Progress.Done;
    }

    /// <summary>The node said how it is: what was pending is as wanted, or failed.</summary>
    /// <param name="states">Operating states by id; null: nobody could look, so that they are as they were.</param>
    private void Settle(Tx tx, Tree tree, string reached, Dictionary<string, string>? states)
    {
        foreach (var part in tree.Parts.ToList())
        {
            if (part.Going && reached == Provisioning.Active)
            {
                RemovePart(tx, tree, part);
                continue;
            }

            var next = part with { Provisioning = Next(part.Provisioning, reached), Operating = states?[part.Id] ?? part.Operating };
            if (next == part) continue;
            TreeStore.Update(tx, next);
            TreeWork.Record(tx, next, Change.Updated);
        }

        Save(tx, tree, tree.Balancer with
        {
            Provisioning = tree.Balancer.Provisioning == Provisioning.PendingDelete ? Provisioning.Error : reached,
            Operating = states?[tree.Balancer.Id] ?? tree.Balancer.Operating,
        });
    }

    // A part that was to go and could not is there still.
    private static string Next(string provisioning, string reached) =>
        Provisioning.Pending(provisioning) || reached == Provisioning.Active ? reached : provisioning;

    private void RemovePart(Tx tx, Tree tree, PartRow part)
    {
        tree.Remove(part.Id);
        TreeStore.DeletePart(tx, part.Id);
        kernel.Quotas.Give(tx, LoadBalancerModule.Service, part.Kind, part.ProjectId, 1);
        TreeWork.Record(tx, part, Change.Deleted);
    }

    private static void Save(Tx tx, Tree tree, BalancerRow next)
    {
        if (next == tree.Balancer) return;
        tree.Balancer = next;
        TreeStore.Update(tx, next);
        TreeWork.Record(tx, next, Change.Updated);
    }
}
