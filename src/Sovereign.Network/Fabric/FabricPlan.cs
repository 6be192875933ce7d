using Sovereign.Kernel.Store;
using Sovereign.Network.AddressGroups;
using Sovereign.Network.Addressing;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Logs;
using Sovereign.Network.Metering;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Qos;
using Sovereign.Network.SecurityGroups;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Network.Fabric;

/// <summary>From rows to the nodes' manifests. What a server needs to start is put there at once, in the transaction that binds it; everything else is made due
/// and follows from the rows, so that a thousand changes of one group are a few items.</summary>
/// <param name="vxlanPort">UDP port of VXLAN on all nodes.</param>
internal sealed class FabricPlan(INodes nodes, int vxlanPort)
{
    /// <summary>Changes of members within this time become one item.</summary>
    private const long MembersDelayMicros = 200_000;

    public INodes Nodes => nodes;

    public void NetworkChanged(Tx tx, string networkId) => tx.Due(Kinds.Network, networkId);

    public void NetworkGone(Tx tx, string networkId)
    {
        DhcpPlacements.ForgetNetwork(tx, networkId);
        Withdraw(tx, ItemKinds.Network, networkId);
    }

    public void GroupChanged(Tx tx, string groupId) => tx.Due(Kinds.Group, groupId);

    public void GroupGone(Tx tx, string groupId) => Withdraw(tx, ItemKinds.Group, groupId);

    public void MembersChanged(Tx tx, IEnumerable<string> groupIds)
    {
        foreach (var groupId in groupIds) tx.Due(Kinds.Group, groupId, tx.Now + MembersDelayMicros);
    }

    public void RouterChanged(Tx tx, string routerId) => tx.Due(Kinds.Router, routerId);

    public void RouterGone(Tx tx, string routerId, IEnumerable<string> networkIds)
    {
        Withdraw(tx, ItemKinds.Router, routerId);
        foreach (var networkId in networkIds) NetworkChanged(tx, networkId);
    }

    /// <summary>Routers that count traffic under the label.</summary>
    public void RoutersMetered(Tx tx, MeteringLabelRow label)
    {
        var routers = tx.Query<string>(
            $"SELECT id FROM routers WHERE node_id <> ''{(label.Shared ? "" : " AND project_id = @ProjectId")} ORDER BY id", new { label.ProjectId });
        foreach (var router in routers) RouterChanged(tx, router);
    }

    /// <summary>Routers with a leg on the subnet: its gateway or prefix is part of their item.</summary>
    public void SubnetRoutersChanged(Tx tx, string subnetId)
    {
        var routers = tx.Query<string>(
            "SELECT DISTINCT p.device_id FROM fixed_addresses a JOIN ports p ON p.id = a.port_id WHERE a.subnet_id = @subnetId AND p.device_owner IN @owners",
            new { subnetId, owners = new List<string> { Owners.RouterInterface, Owners.RouterGateway } });
        foreach (var router in routers) RouterChanged(tx, router);
    }

    /// <summary>Puts a bound port on its node, and on the one to which its server is to come, after its network and its groups.</summary>
    public void PutPort(Tx tx, PortRow port)
    {
        if (port.NodeId.Length == 0) return;
        Put(tx, port);
        if (PortStore.ArrivalOf(tx, port.Id) is { } next && next != port.NodeId) Put(tx, port with { NodeId = next });
    }

    private void Put(Tx tx, PortRow port)
    {
        // The first port of a network on a node joins the node to the others that have it.
        if (!HasOther(tx, port, "p.network_id = @wanted", port.NetworkId)) PutNetwork(tx, port.NetworkId, NodesOfNetwork(tx, port.NetworkId, port.NodeId));
        var groups = port.PortSecurity ? PortStore.Groups(tx, port.Id) : [];
        foreach (var group in groups)
        {
            if (!HasOther(tx, port, "EXISTS (SELECT 1 FROM port_groups g WHERE g.port_id = p.id AND g.group_id = @wanted)", group)) PutGroup(tx, group, [port.NodeId]);
        }

        var floating = FloatingIpStore.OfPort(tx, port.Id).ToLookup(ip => ip.FixedAddress ?? "", ip => ip.Address, StringComparer.Ordinal);
        var addresses = AddressStore.OfPort(tx, port.Id).ConvertAll(a => new AddressSpec(a.SubnetId, a.Text, floating[a.Text].FirstOrDefault()));
        var pairs = port.Pairs.Select(pair => new AddressPairSpec(pair.IpAddress!, pair.MacAddress == port.Mac ? null : pair.MacAddress)).ToList();
        var name = port.DnsName.Length > 0 ? port.DnsName
            : port.HostName.Length > 0 ? port.HostName
            : "host-" + (addresses.Count > 0 ? addresses[0].Address.Replace('.', '-').Replace(':', '-') : port.Id);
        var options = port.Options.Select(option => new DhcpOptionSpec(option.OptName!, option.OptValue!) { Ipv6 = option.IpVersion == 6 }).ToList();
        var spec = new PortSpec(
            port.Id, port.NetworkId, port.DeviceId, port.Mac, addresses, port.AdminStateUp, port.PortSecurity, groups, pairs, name)
        {
            DhcpOptions = options.Count == 0 ? null : options,
            Rates = Rates(tx, port),
            Held = port.DeviceOwner == Owners.Balancer && port.Attached ? true : null,
            Logs = port.PortSecurity ? NetworkLogStore.Specs(tx, port, groups) : null,
        };
        nodes.Put(tx, port.NodeId, new ManifestItem(ItemKinds.Port, port.Id, 0) { Port = spec });
    }

    /// <summary>Puts the ports of a network on their nodes anew: something that they take from it changed.</summary>
    public void PortsChanged(Tx tx, string networkId)
    {
        foreach (var port in PortStore.OfNetwork(tx, networkId).Where(port => port.Attached)) PutPort(tx, port);
    }

    /// <summary>Puts the ports that a log is about on their nodes anew.</summary>
    public void PortsLogged(Tx tx, NetworkLogRow log)
    {
        foreach (var port in NetworkLogStore.Ports(tx, log)) PutPort(tx, port);
    }

    /// <summary>The limits of the port's own policy, or of its network's.</summary>
    private static PortRatesSpec? Rates(Tx tx, PortRow port)
    {
        if ((port.QosPolicyId ?? NetworkStore.Find(tx, port.NetworkId)?.QosPolicyId) is not { } policy) return null;
        var limits = QosStore.Limits(tx, [policy])[policy].ToList();
        RateSpec? Of(string direction) => limits.Find(limit => limit.Direction == direction) is { MaxKbps: > 0 } limit
            ? new RateSpec(limit.MaxKbps, limit.MaxBurstKbps) : null;
        var (egress, ingress) = (Of(Directions.Egress), Of(Directions.Ingress));
        return egress is null && ingress is null ? null : new PortRatesSpec(egress, ingress);
    }

    /// <summary>Takes a port off every node that has it.</summary>
    public void PortGone(Tx tx, PortRow port, IReadOnlyList<string> groups)
    {
        PortStore.SetArrival(tx, port.Id, null);
        Withdraw(tx, ItemKinds.Port, port.Id);
        if (port.NodeId.Length > 0) NetworkChanged(tx, port.NetworkId);
        MembersChanged(tx, groups);
    }

    /// <summary>Takes a port off the nodes that are not its own.</summary>
    public void PortStays(Tx tx, PortRow port, IReadOnlyList<string> groups)
    {
        Withdraw(tx, ItemKinds.Port, port.Id, [port.NodeId]);
        NetworkChanged(tx, port.NetworkId);
        MembersChanged(tx, groups);
    }

    public void PutNetwork(Tx tx, string networkId, IReadOnlyCollection<string> nodeIds)
    {
        if (nodeIds.Count == 0 || NetworkStore.Find(tx, networkId) is not { HasSegment: true } network) return;
        var dhcp = PortStore.DhcpOf(tx, networkId) is { } port
            ? AddressStore.OfPort(tx, port.Id).ToLookup(a => a.SubnetId, a => a.Text, StringComparer.Ordinal) : null;
        var subnets = SubnetStore.OfNetwork(tx, networkId).ConvertAll(subnet => new SubnetSpec(
            subnet.Id, subnet.Cidr, subnet.GatewayIp, subnet.EnableDhcp ? dhcp?[subnet.Id].FirstOrDefault() : null, subnet.DnsServers, Routes(subnet.Routes))
        {
            WithoutDhcp = !subnet.ServesDhcp,
        });
        var spec = new NetworkSpec(
            networkId, network.ProjectId, (int)network.Vni, (int)network.Mtu, network.External,
            network.DnsDomain.Length > 0 ? network.DnsDomain : DnsNames.DefaultDomain, subnets);
        var silent = DhcpPlacements.Silent(tx, networkId);
        var known = nodeIds.Select(id => nodes.Find(id)).OfType<NodeInfo>().ToDictionary(node => node.Id, StringComparer.Ordinal);
        foreach (var node in nodeIds)
        {
            // A node without an external range has only the inside of the external network.
            var own = spec with { External = spec.External && known.GetValueOrDefault(node)?.Facts.Gateway != false, Overlay = Overlay(node, known) };
            if (silent.Contains(node)) own = own with { Subnets = subnets.ConvertAll(subnet => subnet with { DhcpAddress = null }) };
            nodes.Put(tx, node, new ManifestItem(ItemKinds.Network, networkId, 0) { Network = own });
        }
    }

    /// <summary>A node says hello with another address than before: the others reach its networks there.</summary>
    public static void UnderlayChanged(Tx tx, string nodeId)
    {
        foreach (var network in tx.Query<string>("SELECT DISTINCT network_id FROM ports WHERE node_id = @nodeId", new { nodeId })) tx.Due(Kinds.Network, network);
    }

    private OverlaySpec? Overlay(string node, Dictionary<string, NodeInfo> known)
    {
        if (known.Count < 2 || !known.TryGetValue(node, out var own)) return null;
        var remotes = known.Values.Where(other => other.Id != node && Reachable(other)).Select(other => other.Facts.HostAddress)
            .Where(address => address != own.Facts.HostAddress).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return remotes.Count == 0 || !Reachable(own) ? null : new OverlaySpec(own.Facts.HostAddress, vxlanPort, remotes);
    }

    private static bool Reachable(NodeInfo node) => System.Net.IPAddress.TryParse(node.Facts.HostAddress, out var address) && !System.Net.IPAddress.IsLoopback(address);

    /// <summary>Puts a group on nodes, after the groups that its rules are about.</summary>
    public void PutGroup(Tx tx, string groupId, IReadOnlyCollection<string> nodeIds)
    {
        if (nodeIds.Count == 0 || GroupStore.Find(tx, groupId) is not { } group) return;
        var rules = GroupStore.Rules(tx, groupId);
        foreach (var remote in rules.Select(rule => rule.RemoteGroupId).Where(id => id is not null && id != groupId).Distinct(StringComparer.Ordinal))
        {
            var lacking = nodeIds.Except(nodes.NodesOf(tx, ItemKinds.Group, remote!), StringComparer.Ordinal).ToList();
            if (lacking.Count > 0) PutItem(tx, remote!, lacking);
        }

        PutItem(tx, group, rules, nodeIds);
    }

    public static List<RouteSpec> Routes(IEnumerable<RouteView> routes) => routes.Select(route => new RouteSpec(route.Destination!, route.Nexthop!)).ToList();

    /// <summary>Wants the item absent wherever it is.</summary>
    public void Withdraw(Tx tx, string kind, string id, IReadOnlyCollection<string>? except = null)
    {
        foreach (var node in nodes.NodesOf(tx, kind, id))
        {
            if (except is null || !except.Contains(node)) nodes.Remove(tx, node, kind, id);
        }
    }

    /// <summary>Nodes that have ports in the group, or in a group whose rules are about it.</summary>
    public static List<string> NodesOfGroup(Session session, string groupId) => session.Query<string>(
        """
        SELECT p.node_id FROM port_groups g JOIN ports p ON p.id = g.port_id WHERE p.node_id <> ''
          AND (g.group_id = @groupId OR g.group_id IN (SELECT r.group_id FROM security_group_rules r WHERE r.remote_group_id = @groupId))
        UNION SELECT a.node_id FROM port_groups g JOIN port_arrivals a ON a.port_id = g.port_id
          WHERE g.group_id = @groupId OR g.group_id IN (SELECT r.group_id FROM security_group_rules r WHERE r.remote_group_id = @groupId)
        """,
        new { groupId });

    /// <summary>Nodes that have ports of servers or legs of routers on the network, or serve its DHCP without.</summary>
    public static List<string> NodesOfNetwork(Session session, string networkId) => session.Query<string>(
        """
        SELECT node_id FROM ports WHERE network_id = @networkId AND node_id <> ''
        UNION SELECT a.node_id FROM port_arrivals a JOIN ports p ON p.id = a.port_id WHERE p.network_id = @networkId
        UNION SELECT node_id FROM dhcp_placements WHERE network_id = @networkId AND wish <> @Leave ORDER BY node_id
        """,
        new { networkId, DhcpWish.Leave });

    private static List<string> NodesOfNetwork(Session session, string networkId, string andNode)
    {
        var found = NodesOfNetwork(session, networkId);
        return found.Contains(andNode) ? found : [.. found, andNode];
    }

    private void PutItem(Tx tx, string groupId, IReadOnlyCollection<string> nodeIds)
    {
        if (GroupStore.Find(tx, groupId) is { } group) PutItem(tx, group, GroupStore.Rules(tx, groupId), nodeIds);
    }

    private void PutItem(Tx tx, GroupRow group, List<RuleRow> rules, IReadOnlyCollection<string> nodeIds)
    {
        var lists = AddressGroupStore.All(tx, rules.Select(rule => rule.RemoteAddressGroupId).OfType<string>().Distinct(StringComparer.Ordinal).ToList());
        var specs = rules.OrderBy(rule => rule.Id, StringComparer.Ordinal).SelectMany(rule => Specs(rule, lists)).ToList();
        var spec = new GroupSpec(group.Id, group.Stateful, specs, Members(tx, group.Id));
        foreach (var node in nodeIds) nodes.Put(tx, node, new ManifestItem(ItemKinds.Group, group.Id, 0) { Group = spec });
    }

    /// <summary>A rule about an address group is one about each of its ranges.</summary>
    private static IEnumerable<RuleSpec> Specs(RuleRow rule, List<AddressGroupRow> lists)
    {
        var spec = new RuleSpec(
            rule.Id, rule.Ingress, rule.Ethertype == Ethertypes.Ipv6, rule.Protocol, (int?)rule.PortMin, (int?)rule.PortMax, rule.NormalizedCidr,
            rule.RemoteGroupId);
        if (rule.RemoteAddressGroupId is not { } listed) return [spec];
        return (lists.Find(list => list.Id == listed)?.AddressList ?? [])
            .Where(range => range.Contains(':', StringComparison.Ordinal) == spec.Ipv6).Select(range => spec with { RemoteCidr = range });
    }

    /// <summary>Addresses of the members, with what their allowed pairs add; none where no rule asks.</summary>
    private static List<string> Members(Tx tx, string groupId)
    {
        if (tx.Scalar<long?>("SELECT 1 FROM security_group_rules WHERE remote_group_id = @groupId LIMIT 1", new { groupId }) is null) return [];
        var addresses = tx.Query<string>(
            """
            SELECT a.address FROM port_groups g JOIN ports p ON p.id = g.port_id JOIN fixed_addresses a ON a.port_id = p.id
            WHERE g.group_id = @groupId AND p.port_security = 1
            """,
            new { groupId });
        var pairs = tx.Query<PortRow>(
            "SELECT p.allowed_pairs FROM port_groups g JOIN ports p ON p.id = g.port_id WHERE g.group_id = @groupId AND p.port_security = 1 AND p.allowed_pairs <> '[]'",
            new { groupId });
        return addresses.Select(key => Ip.OfKey(key).ToString()).Concat(pairs.SelectMany(port => port.Pairs).Select(pair => pair.IpAddress!))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
    }

    /// <summary>Is another port bound to this node for which the same was put? Then it is there: what a bound port needs goes only with the last one.</summary>
    private static bool HasOther(Tx tx, PortRow port, string condition, string wanted) => tx.Scalar<long?>(
        $"SELECT 1 FROM ports p WHERE p.node_id = @NodeId AND p.nic_order >= 0 AND p.id <> @Id AND {condition} LIMIT 1",
        new { port.NodeId, port.Id, wanted }) is not null;
}
