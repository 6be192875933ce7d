using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Fabric;

/// <summary>A network is on the nodes that have its ports, with its subnets as they are; its DHCP port is ACTIVE where one of them serves it.</summary>
internal sealed class NetworkReconciler(KernelServices kernel, FabricPlan fabric, PortMaker ports) : IReconciler
{
    public string Kind => Kinds.Network;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var done = await kernel.Queue.Write<Done>("network.reconcile", Origin.System, tx => Reconcile(tx, id), stop);
        return done.Fault is { } fault ? new Progress.Failed(fault) : Progress.Done;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;

    private Outcome<Done> Reconcile(Tx tx, string id)
    {
        DhcpPlacements.Settle(tx, id);
        var wanted = NetworkStore.Find(tx, id) is null ? [] : FabricPlan.NodesOfNetwork(tx, id);
        fabric.Withdraw(tx, ItemKinds.Network, id, wanted);
        fabric.PutNetwork(tx, id, wanted);
        if (PortStore.DhcpOf(tx, id) is not { } dhcp) return Done.Value;
        var silent = DhcpPlacements.Silent(tx, id);
        var served = wanted.Any(node => !silent.Contains(node) && fabric.Nodes.Observed(tx, node, ItemKinds.Network, id)?.State == ItemState.Present);
        var status = served && dhcp.AdminStateUp ? Status.Active : Status.Down;
        if (dhcp.Status != status) ports.Save(tx, dhcp with { Status = status });
        return Done.Value;
    }
}

/// <summary>A group is on the nodes whose ports are in it or are guarded by rules about it, with its members on all nodes.</summary>
internal sealed class GroupReconciler(KernelServices kernel, FabricPlan fabric) : IReconciler
{
    public string Kind => Kinds.Group;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        if (kernel.Database.Read(session => FabricPlan.NodesOfGroup(session, id).Count + fabric.Nodes.NodesOf(session, ItemKinds.Group, id).Count) == 0)
        {
            return Progress.Done;
        }

        var done = await kernel.Queue.Write<Done>("security_group.reconcile", Origin.System, tx => Reconcile(tx, id), stop);
        return done.Fault is { } fault ? new Progress.Failed(fault) : Progress.Done;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;

    private Outcome<Done> Reconcile(Tx tx, string id)
    {
        var wanted = GroupStore.Find(tx, id) is null ? [] : FabricPlan.NodesOfGroup(tx, id);
        // A group that guards ports of another one was put with them; who needs it still is decided here alone.
        fabric.PutGroup(tx, id, wanted);
        fabric.Withdraw(tx, ItemKinds.Group, id, wanted);
        return Done.Value;
    }
}

/// <summary>A port's state is what its node reports of it.</summary>
internal sealed class PortReconciler(KernelServices kernel, FabricPlan fabric, PortMaker ports) : IReconciler
{
    public string Kind => Kinds.Port;

    public async Task<Progress> Run(string id, CancellationToken stop)
    {
        var done = await kernel.Queue.Write<Done>("port.reconcile", Origin.System, tx => Reconcile(tx, id), stop);
        return done.Fault is { } fault ? new Progress.Failed(fault) : Progress.Done;
    }

    public Task GiveUp(string id, Fault fault, CancellationToken stop) => Task.CompletedTask;

    private Outcome<Done> Reconcile(Tx tx, string id)
    {
        if (PortStore.Find(tx, id) is not { Attached: true } port) return Done.Value;
        var seen = port.NodeId.Length == 0 ? null : fabric.Nodes.Observed(tx, port.NodeId, ItemKinds.Port, id);
        // What is said of an older wish says nothing of this one: the next report will.
        if (seen is { Current: false }) return Done.Value;
        var status = seen?.State switch
        {
            ItemState.Present when port.AdminStateUp => Status.Active,
            ItemState.Error => Status.Error,
            _ => Status.Down,
        };
        if (status == port.Status) return Done.Value;
        ports.Save(tx, port with { Status = status });
        return Done.Value;
    }
}
