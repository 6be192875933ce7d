using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Networks;
using Sovereign.Network.Routers;
using Sovereign.Network.SubnetPools;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AutoTopologies;

/// <summary>A network for a project that has none: with a subnet of each default pool, behind a router to the default external network. All of it is made in
/// one transaction, or none of it.</summary>
internal sealed class AutoTopologyService(NetworkService networks, SubnetService subnets, RouterService routers, RouterInterfaces interfaces)
{
    private const string Name = "auto_allocated_";
    private static readonly IReadOnlyList<long> versions = [4, 6];

    /// <summary>What is missing for it; null: nothing.</summary>
    public static Fault? Unmet(Session session, AccessGrant access)
    {
        if (AutoTopologyStore.DefaultExternal(session) is null) return Failure("No default router:external network");
        return Pools(session, access).Count == 0 ? Failure("No default subnetpools defined") : null;
    }

    /// <summary>The network's id; it is made when it is not there.</summary>
    public Outcome<string> Get(Tx tx, AccessGrant access, string project)
    {
        if (AutoTopologyStore.Find(tx, project) is { } known) return known.NetworkId;
        if (Unmet(tx, access) is { } missing) return missing;
        // What is left of one whose network was deleted alone: its name is claimed anew.
        AutoTopologyStore.Forget(tx, project);
        return AutoTopologyStore.Claim(tx, project)
            ? Make(tx, access, project)
            : AutoTopologyStore.Find(tx, project) is { } made ? made.NetworkId : Failure("Unable to provide tenant private network");
    }

    /// <summary>Takes all of it away; in use, it stays as it is. Absent is fine.</summary>
    public Outcome<Done> Delete(Tx tx, AccessGrant access, string project)
    {
        if (AutoTopologyStore.Find(tx, project) is not { } row) return Done.Value;

        if (RouterStore.Find(tx, row.RouterId) is { } router)
        {
            foreach (var leg in RouterStore.Interfaces(tx, router.Id))
            {
                var left = interfaces.Leave(tx, access, router.Id, new InterfaceWish { PortId = leg.Id });
                if (left.Fault is { } inUse) return inUse;
            }

            if (routers.Delete(tx, access, RouterStore.Find(tx, router.Id)!).Fault is { } used) return used;
        }

        AutoTopologyStore.Delete(tx, project);
        return networks.Delete(tx, access, NetworkStore.Find(tx, row.NetworkId)!);
    }

    private Outcome<string> Make(Tx tx, AccessGrant access, string project)
    {
        var owner = new Optional<string>(true, project);
        var network = networks.Create(tx, access, new NetworkWish { Name = new(true, Name + "network"), ProjectId = owner });
        if (network.Fault is { } noNetwork) return Refusal(noNetwork, "Unable to provide tenant private network");
        var made = new List<SubnetRow>();
        foreach (var pool in Pools(tx, access))
        {
            var subnet = subnets.Create(tx, access, new SubnetWish
            {
                Name = new(true, $"{Name}subnet_v{pool.IpVersion}"), NetworkId = new(true, network.Value.Id), ProjectId = owner,
                IpVersion = new(true, pool.IpVersion), SubnetpoolId = new(true, pool.Id),
            });
            if (subnet.Fault is { } noSubnet) return Refusal(noSubnet, "Unable to provide tenant private network");
            made.Add(subnet.Value);
        }

        var router = routers.Create(tx, access, new RouterWish
        {
            Name = new(true, Name + "router"), ProjectId = owner,
            ExternalGatewayInfo = new(true, new GatewayWish { NetworkId = AutoTopologyStore.DefaultExternal(tx)!.Id }),
        });
        if (router.Fault is { } noRouter) return Refusal(noRouter, "Unable to provide external connectivity");
        foreach (var subnet in made)
        {
            var joined = interfaces.Join(tx, access, router.Value.Id, new InterfaceWish { SubnetId = subnet.Id });
            if (joined.Fault is { } apart) return Refusal(apart, "Unable to provide external connectivity");
        }

        AutoTopologyStore.Fill(tx, new AutoTopologyRow { ProjectId = project, NetworkId = network.Value.Id, RouterId = router.Value.Id });
        return network.Value.Id;
    }

    /// <summary>The default pools that the caller may use.</summary>
    private static List<SubnetPoolRow> Pools(Session session, AccessGrant access) => versions
        .Select(version => SubnetPoolStore.Default(session, version)).OfType<SubnetPoolRow>()
        .Where(pool => SubnetPoolService.Room.Sees(session, access, pool)).ToList();

    /// <summary>What says nothing to a user who named none of it is told as the deployment's; a quota is the user's own.</summary>
    private static Fault Refusal(Fault fault, string reason) => fault is Fault.Invalid or Fault.NotFound ? Failure(reason) : fault;

    private static Fault Failure(string reason) => NetworkFaults.Conflict("AutoAllocationFailure", $"Deployment error: {reason}.");
}
