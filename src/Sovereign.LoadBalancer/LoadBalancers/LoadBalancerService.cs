using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.LoadBalancer.Flavors;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Providers;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Network;

namespace Sovereign.LoadBalancer.LoadBalancers;

/// <summary>Load balancers: an address with listeners. One may be made with all that belongs to it in one request.</summary>
internal sealed class LoadBalancerService(KernelServices kernel, IBalancerPorts ports, ListenerRoom listeners, PoolRoom pools)
{
    public Outcome<Tree> Create(Tx tx, AccessGrant access, LoadBalancerWish wish)
    {
        if (wish.Check() is { } common) return common;
        if (Unsupported(tx, wish) is { } unsupported) return unsupported;
        var project = Project(access, wish);
        if (project.Fault is { } foreign) return foreign;
        if (wish.VipPortId.Value is null && wish.VipSubnetId.Value is null && wish.VipNetworkId.Value is null)
        {
            return Faults.Validation("VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.");
        }

        if (Checks.Address("vip_address", wish.VipAddress.Value) is { } address) return address;
        if (kernel.Quotas.Take(tx, LoadBalancerModule.Service, Kinds.Balancer, project.Value, 1).Fault is { } full) return full;
        var id = kernel.Ids.Uuid();
        var groups = wish.VipSgIds.Value ?? [];
        var vip = ports.Take(
            tx, access, id, "octavia-lb-" + id, project.Value,
            new VipRequest(wish.VipPortId.Value, wish.VipSubnetId.Value, wish.VipNetworkId.Value, wish.VipAddress.Value), groups);
        if (vip.Fault is { } noVip) return noVip;
        var row = new BalancerRow
        {
            Id = id, ProjectId = project.Value, Name = wish.Name.Value ?? "", Description = wish.Description.Value ?? "", Enabled = wish.AdminStateUp.Value ?? true,
            Tags = Checks.TagsText(wish.Tags.Value ?? []), Provider = Provider.Name, FlavorId = wish.FlavorId.Value, Zone = wish.AvailabilityZone.Value,
            VipPortId = vip.Value.PortId, VipSubnetId = vip.Value.SubnetId, VipNetworkId = vip.Value.NetworkId, VipAddress = vip.Value.Address,
            VipMade = vip.Value.Made, VipGroups = Checks.TagsText(groups), CreatedAt = tx.Now,
        };
        TreeStore.Insert(tx, row);
        TreeWork.Record(tx, row, Change.Created);
        tx.Due(Kinds.Balancer, id);
        var work = new TreeWork(kernel, tx, access, new Tree(row, []));
        // Pools first: listeners name them.
        foreach (var pool in wish.Pools.Value ?? [])
        {
            if (pools.Make(work, id, pool).Fault is { } noPool) return noPool;
        }

        foreach (var listener in wish.Listeners.Value ?? [])
        {
            if (listeners.Make(work, id, listener).Fault is { } noListener) return noListener;
        }

        return work.Tree;
    }

    public Outcome<Tree> Update(Tx tx, AccessGrant access, Tree tree, LoadBalancerWish wish)
    {
        foreach (var (name, given) in new[]
        {
            ("project_id", wish.ProjectId.Given || wish.TenantId.Given), ("vip_address", wish.VipAddress.Given), ("vip_port_id", wish.VipPortId.Given),
            ("vip_subnet_id", wish.VipSubnetId.Given), ("vip_network_id", wish.VipNetworkId.Given), ("provider", wish.Provider.Given),
            ("flavor_id", wish.FlavorId.Given), ("availability_zone", wish.AvailabilityZone.Given), ("listeners", wish.Listeners.Given),
            ("pools", wish.Pools.Given), ("additional_vips", wish.AdditionalVips.Given),
        })
        {
            if (given) return Faults.Unchangeable(name);
        }

        if (wish.Check() is { } common) return common;
        if (wish.VipQosPolicyId.Value is not null) return Qos();
        var old = tree.Balancer;
        if (wish.VipSgIds.Given)
        {
            var set = ports.SetGroups(tx, access, old.Id, old.VipPortId, wish.VipSgIds.Value ?? []);
            if (set.Fault is { } noGroup) return noGroup;
        }

        new TreeWork(kernel, tx, access, tree).SaveBalancer(old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            Enabled = wish.AdminStateUp.Or(old.Enabled) ?? true,
            Tags = wish.Tags.Given ? Checks.TagsText(wish.Tags.Value ?? []) : old.Tags,
            VipGroups = wish.VipSgIds.Given ? Checks.TagsText(wish.VipSgIds.Value ?? []) : old.VipGroups,
        });
        return tree;
    }

    public Outcome<Done> Delete(Tx tx, AccessGrant access, Tree tree, bool cascade)
    {
        if (!cascade && tree.Parts.Any()) return Faults.Validation($"Cannot delete Load Balancer {tree.Balancer.Id} - it has children");
        foreach (var part in tree.Parts.ToList())
        {
            var going = part with { Provisioning = Provisioning.PendingDelete };
            TreeStore.Update(tx, going);
            TreeWork.Record(tx, going, Change.Updated);
        }

        new TreeWork(kernel, tx, access, tree).SaveBalancer(tree.Balancer with { Provisioning = Provisioning.PendingDelete });
        return Done.Value;
    }

    /// <summary>It is made anew: on another node when there is one, else by another process on its own.</summary>
    public Outcome<Done> Failover(Tx tx, AccessGrant access, Tree tree)
    {
        new TreeWork(kernel, tx, access, tree).SaveBalancer(tree.Balancer with { Generation = tree.Balancer.Generation + 1 });
        return Done.Value;
    }

    private static Outcome<string> Project(AccessGrant access, LoadBalancerWish wish)
    {
        var named = wish.ProjectId.Value ?? wish.TenantId.Value;
        if (named is null) return access.Caller.ProjectId is { } own ? own : Faults.Required("project_id");
        return named == access.Caller.ProjectId || access.Everything ? named : new Fault.Forbidden("");
    }

    private static Fault? Unsupported(Tx tx, LoadBalancerWish wish)
    {
        if (wish.Provider.Value is { } provider && provider != Provider.Name) return new Fault.Invalid("provider", $"Provider '{provider}' is not enabled.");
        if (wish.AdditionalVips.Value is { Count: > 0 }) return Faults.Unsupported("additional_vips");
        if (wish.VipQosPolicyId.Value is not null) return Qos();
        if (wish.AvailabilityZone.Value is { } zone) return new Fault.NotFound("Availability zone", zone);
        if (wish.FlavorId.Value is not { } flavor) return null;
        return FlavorStore.Find(tx, flavor) is { Enabled: true } ? null : Faults.Validation($"The flavor {flavor} is not there, or disabled.");
    }

    private static Fault Qos() => Faults.Unsupported("vip_qos_policy_id: set the policy on the VIP's port, which the network service keeps.");
}
