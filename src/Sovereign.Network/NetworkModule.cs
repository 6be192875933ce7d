using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.AddressGroups;
using Sovereign.Network.Addressing;
using Sovereign.Network.AddressScopes;
using Sovereign.Network.Agents;
using Sovereign.Network.AutoTopologies;
using Sovereign.Network.ConntrackHelpers;
using Sovereign.Network.Extensions;
using Sovereign.Network.Fabric;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Logs;
using Sovereign.Network.Metering;
using Sovereign.Network.Networks;
using Sovereign.Network.PortForwardings;
using Sovereign.Network.Ports;
using Sovereign.Network.Qos;
using Sovereign.Network.Quotas;
using Sovereign.Network.Rbac;
using Sovereign.Network.RouterFlavors;
using Sovereign.Network.Routers;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.SegmentRanges;
using Sovereign.Network.Segments;
using Sovereign.Network.SubnetPools;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Network;

/// <summary>What the operator may say about networks.</summary>
/// <param name="ExternalCidr">Range of the external network of the first start ("172.24.4.0/24"); null: what the first node's fabric chose.</param>
/// <param name="ExternalProjectId">Project that owns the external network; empty: the cloud itself.</param>
/// <param name="VxlanPort">UDP port on which the nodes carry tenants' networks between each other.</param>
/// <param name="DnsNames">False: networks, subnets and ports have no DNS attributes, as in a Neutron without a DNS driver.</param>
public sealed record NetworkOptions(
    string? ExternalCidr = null, string ExternalProjectId = "", int VxlanPort = NetworkOptions.VxlanPortDefault, bool DnsNames = true)
{
    /// <summary>IANA's.</summary>
    public const int VxlanPortDefault = 4789;
}

/// <summary>The network service: Neutron's API v2.0 over the nodes' fabric.</summary>
public sealed class NetworkModule : IModule
{
    internal const string Service = "network";
    private const string ExternalName = "public";
    private const string ExternalSubnetName = "public-v4";
    private const int BodyBytesMax = 1024 * 1024;

    private readonly KernelServices kernel;
    private readonly NetworkOptions options;
    private readonly NetworkService networks;
    private readonly SubnetService subnets;
    private readonly PortService ports;
    private readonly RuleService rules;
    private readonly SecurityGroupService groups;
    private readonly RouterService routers;
    private readonly RouterInterfaces interfaces;
    private readonly FloatingIpService floatingIps;
    private readonly PortForwardingService forwardings;
    private readonly RouterReconciler routerReconciler;
    private readonly RbacPolicyService policies;
    private readonly QosPolicyService qos;
    private readonly INodes nodes;
    private readonly AgentService agents;
    private readonly SegmentService segments;
    private readonly AutoTopologyService topologies;
    private readonly AddressGroupService addressGroups;
    private readonly ConntrackHelperService helpers;
    private readonly MeteringService metering;
    private readonly NetworkLogService logs;

    public NetworkModule(KernelServices kernel, INodes nodes, NetworkOptions options)
    {
        (this.kernel, this.options) = (kernel, options);
        var fabric = new FabricPlan(nodes, options.VxlanPort);
        var maker = new PortMaker(kernel, fabric);
        qos = new QosPolicyService(kernel, fabric);
        this.nodes = nodes;
        agents = new AgentService(nodes, fabric, new RouterPlacement(fabric, maker));
        segments = new SegmentService(kernel, fabric);
        policies = new RbacPolicyService(kernel, Shareable());
        rules = new RuleService(kernel, fabric);
        groups = new SecurityGroupService(kernel, fabric, rules);
        networks = new NetworkService(kernel, fabric, maker);
        subnets = new SubnetService(kernel, fabric, new DhcpPorts(maker), maker, new PoolAllocator());
        addressGroups = new AddressGroupService(kernel, fabric);
        ports = new PortService(kernel, fabric, maker, groups);
        routers = new RouterService(kernel, fabric, new RouterGateways(maker, fabric));
        interfaces = new RouterInterfaces(kernel, fabric, maker);
        floatingIps = new FloatingIpService(kernel, fabric, maker);
        forwardings = new PortForwardingService(kernel, fabric);
        helpers = new ConntrackHelperService(kernel, fabric);
        metering = new MeteringService(kernel, fabric);
        logs = new NetworkLogService(kernel, fabric);
        topologies = new AutoTopologyService(networks, subnets, routers, interfaces);
        routerReconciler = new RouterReconciler(kernel, fabric, maker);
        Reconcilers =
        [
            new NetworkReconciler(kernel, fabric, maker), new GroupReconciler(kernel, fabric), new PortReconciler(kernel, fabric, maker), routerReconciler,
        ];
        Networks = new ServerPorts(fabric, maker, ports, new GroupsForCompute(kernel, groups, rules), new NetworksForCompute(floatingIps, ports), topologies);
        BalancerPorts = new BalancerPorts(kernel, fabric, maker, ports, rules);
        nodes.OnReport(ItemKinds.Network, (tx, _, report) => tx.Due(Kinds.Network, report.Id));
        nodes.OnReport(ItemKinds.Port, (tx, _, report) => tx.Due(Kinds.Port, report.Id));
        nodes.OnReport(ItemKinds.Router, (tx, _, report) => tx.Due(Kinds.Router, report.Id));
        nodes.OnNode(Welcome);
        nodes.OnRemove(Unused);
    }

    /// <summary>The service as other services see it.</summary>
    public INetworks Networks { get; }

    /// <summary>The service as load balancers see it.</summary>
    public IBalancerPorts BalancerPorts { get; }

    public string Name => Service;

    public ServiceFace Face { get; } = new(Service, "neutron", "/network", Dialect.Neutron) { BodyBytesMax = BodyBytesMax };

    public IReadOnlyList<AccessRule> Access => NetworkAccess.Table;

    public IReadOnlyList<IReconciler> Reconcilers { get; }

    public IReadOnlyList<QuotaResource> Quotas { get; } =
    [
        Counted("network", 100, "networks"), Counted("subnet", 100, "subnets"), Counted("port", 500, "ports WHERE project_id <> ''"), Counted("router", 10, "routers"),
        Counted("floatingip", 50, "floating_ips"), Counted("security_group", 10, "security_groups"), Counted("security_group_rule", 100, "security_group_rules"),
        Counted("subnetpool", -1, "subnetpools"), Counted("rbac_policy", 10, "rbac_policies WHERE target <> '*'"),
    ];

    public void Map(Func<ServiceFace, Routes> face)
    {
        var api = face(Face);
        new ExtensionEndpoints(options.DnsNames).Map(api);
        new NetworkEndpoints(kernel, networks, options.DnsNames).Map(api);
        new SubnetEndpoints(kernel, subnets, options.DnsNames).Map(api);
        new PortEndpoints(kernel, ports, options.DnsNames).Map(api);
        new RouterEndpoints(kernel, routers, interfaces).Map(api);
        new FloatingIpEndpoints(kernel, floatingIps).Map(api);
        new PortForwardingEndpoints(kernel, forwardings).Map(api);
        new ConntrackHelperEndpoints(kernel, helpers).Map(api);
        new MeteringEndpoints(kernel, metering).Map(api);
        new NetworkLogEndpoints(kernel, logs).Map(api);
        new SecurityGroupEndpoints(kernel, groups, rules, new DefaultRuleService(kernel)).Map(api);
        new RbacPolicyEndpoints(kernel, policies).Map(api);
        new QosEndpoints(kernel, qos).Map(api);
        new AgentEndpoints(kernel, agents, options.DnsNames).Map(api);
        new AutoTopologyEndpoints(kernel, topologies).Map(api);
        new RouterFlavorEndpoints(kernel, new RouterFlavorService(kernel), new ServiceProfileService(kernel)).Map(api);
        new SegmentEndpoints(kernel, segments).Map(api);
        new SegmentRangeEndpoints(kernel, new SegmentRangeService(kernel)).Map(api);
        new AddressScopeEndpoints(kernel, new AddressScopeService(kernel)).Map(api);
        new SubnetPoolEndpoints(kernel, new SubnetPoolService(kernel)).Map(api);
        new AddressGroupEndpoints(kernel, addressGroups).Map(api);
        new QuotaEndpoints(kernel).Map(api);
        new TagEndpoints(kernel).Map(api);
        new AvailabilityEndpoints(kernel).Map(api);
    }

    /// <summary>What RBAC policies may name, and what keeps them while others use it.</summary>
    private IReadOnlyList<ShareableKind> Shareable() =>
    [
        new ShareableKind(NetworkService.Room, NetworkService.InTheWay, (tx, id) => networks.PoliciesChanged(tx, id))
        {
            Actions = [RbacActions.Shared, RbacActions.External],
        },
        new ShareableKind(SecurityGroupService.Room, SecurityGroupService.InTheWay),
        new ShareableKind(QosPolicyService.Room, QosPolicyService.InTheWay),
        new ShareableKind(SubnetPoolService.Room, (_, _, _, _) => null),
        new ShareableKind(AddressScopeService.Room, (_, _, _, _) => null),
        new ShareableKind(AddressGroupService.Room, (_, _, _, _) => null),
    ];

    private static QuotaResource Counted(string name, long limit, string table) =>
        new(Service, name, limit, $"SELECT project_id, COUNT(*) AS used FROM {table} GROUP BY project_id");

    /// <summary>A node leaves the cloud once no port is on it, and what was said of its agents goes with it.</summary>
    private static Fault? Unused(Tx tx, NodeInfo node)
    {
        if (tx.Scalar<long>("SELECT COUNT(*) FROM ports WHERE node_id = @Id", new { node.Id }) is > 0 and var ports)
        {
            return new Fault.Conflict($"The node {node.HostName} has {ports} ports of servers and routers: drain it, or evacuate its servers.");
        }

        AgentStore.Forget(tx, node.Id);
        DhcpPlacements.ForgetNode(tx, node);
        RouterStore.ForgetNode(tx, node.Id);
        return null;
    }

    /// <summary>A node says hello: the first one brings the external network, and routers that waited for a node get this one.</summary>
    private void Welcome(Tx tx, NodeInfo node)
    {
        if (tx.Scalar<long?>("SELECT 1 FROM networks WHERE external = 1 LIMIT 1") is null
            && Cidr.TryParse(options.ExternalCidr ?? node.Facts.ExternalCidr, out var range))
        {
            var network = networks.InsertExternal(tx, kernel.Ids.Uuid(), options.ExternalProjectId, ExternalName);
            subnets.InsertExternal(tx, network, range, ExternalSubnetName);
        }

        if (nodes.Find(node.Id) is { } before && before.Facts.HostAddress != node.Facts.HostAddress) FabricPlan.UnderlayChanged(tx, node.Id);
        if (!node.Facts.Gateway) return;
        foreach (var router in RouterStore.WithoutNode(tx)) routerReconciler.Reconcile(tx, router, node.Id);
    }
}
