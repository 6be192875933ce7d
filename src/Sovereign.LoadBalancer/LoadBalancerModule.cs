using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Flavors;
using Sovereign.LoadBalancer.HealthMonitors;
using Sovereign.LoadBalancer.L7Policies;
using Sovereign.LoadBalancer.L7Rules;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.LoadBalancers;
using Sovereign.LoadBalancer.Members;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Providers;
using Sovereign.LoadBalancer.Quotas;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.LoadBalancer;

/// <summary>The load balancers: Octavia's API v2 over HAProxy on the nodes.</summary>
public sealed class LoadBalancerModule : IModule
{
    internal const string Service = "load-balancer";
    internal const string Prefix = "/load-balancer";
    private readonly KernelServices kernel;
    private readonly INodes nodes;
    private readonly MemberRoom members;
    private readonly MonitorRoom monitors = new();
    private readonly PoolRoom pools;
    private readonly RuleRoom rules = new();
    private readonly PolicyRoom policies;
    private readonly ListenerRoom listeners;
    private readonly LoadBalancerService balancers;

    /// <summary>Puts the service together and listens to nodes; no I/O.</summary>
    /// <param name="certificates">Where listeners take certificates from; null: nowhere, so that none ends TLS.</param>
    public LoadBalancerModule(KernelServices kernel, INodes nodes, IBalancerPorts ports, ICertificates? certificates)
    {
        (this.kernel, this.nodes) = (kernel, nodes);
        members = new MemberRoom(ports);
        pools = new PoolRoom(members, monitors);
        policies = new PolicyRoom(pools, rules);
        listeners = new ListenerRoom(pools, policies, certificates);
        balancers = new LoadBalancerService(kernel, ports, listeners, pools);
        Reconcilers = [new BalancerReconciler(kernel, nodes, ports, new BalancerPlan(ports, certificates))];
        nodes.OnReport(ItemKinds.Balancer, (tx, _, report) => tx.Due(Kinds.Balancer, report.Id));
        nodes.OnNode((tx, _) =>
        {
            foreach (var id in TreeStore.Unplaced(tx)) tx.Due(Kinds.Balancer, id);
        });
        nodes.OnFence((tx, node) =>
        {
            foreach (var id in TreeStore.OnNode(tx, node.Id)) tx.Due(Kinds.Balancer, id);
        });
        nodes.OnRemove((tx, node) => TreeStore.OnNode(tx, node.Id).Count is > 0 and var count && !node.Fenced
            ? new Fault.Conflict($"The node {node.HostName} has {count} load balancers: fail them over first.") : null);
    }

    public string Name => Service;

    public ServiceFace Face { get; } = new(Service, "octavia", Prefix, Dialect.Octavia);

    public IReadOnlyList<AccessRule> Access => LoadBalancerAccess.Table;

    public IReadOnlyList<QuotaResource> Quotas => QuotaEndpoints.All;

    public IReadOnlyList<IReconciler> Reconcilers { get; }

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face);
        VersionEndpoints.Map(api);
        // Clients append either to the catalog's address.
        var both = new BothRoutes([api.Under(Prefix + "/v2.0"), api.Under(Prefix + "/v2")], []);
        new LoadBalancerEndpoints(kernel, balancers).Map(both);
        new StatsEndpoints(kernel, nodes).Map(both);
        new RoomRoutes<ListenerWish, ListenerView>(both, kernel, listeners).Map();
        new RoomRoutes<PoolWish, PoolView>(both, kernel, pools).Map();
        new RoomRoutes<MemberWish, MemberView>(both, kernel, members).Map();
        new BatchEndpoint(kernel, members).Map(both);
        new RoomRoutes<MonitorWish, MonitorView>(both, kernel, monitors).Map();
        new RoomRoutes<PolicyWish, PolicyView>(both, kernel, policies).Map();
        new RoomRoutes<RuleWish, RuleView>(both, kernel, rules).Map();
        new QuotaEndpoints(kernel).Map(both);
        new FlavorEndpoints(kernel).Map(both);
        new ProfileEndpoints(kernel).Map(both);
        Provider.Map(both);
        ZoneEndpoints.Map(both);
    }
}
