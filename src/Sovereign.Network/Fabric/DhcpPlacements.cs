using Sovereign.Kernel.Store;
using Sovereign.Network.Agents;
using Sovereign.Network.Networks;
using Sovereign.Network.Ports;
using Sovereign.Network.Wire;
using Sovereign.Node.Control;

namespace Sovereign.Network.Fabric;

/// <summary>What was said of a network's DHCP on a node.</summary>
internal static class DhcpWish
{
    /// <summary>The operator's: it is served there, also without guests.</summary>
    public const string Serve = "serve";

    /// <summary>The operator's: it is not served there, whatever is there, until it is added again.</summary>
    public const string Leave = "leave";

    /// <summary>The cloud's own choice for a network whose ports are on no node yet: until some are.</summary>
    public const string First = "first";
}

/// <summary>Where a network's DHCP runs: on every node that has its ports, but where the operator took it away, and where it was put without ports.
/// A node's DHCP server answers its own guests alone.</summary>
internal static class DhcpPlacements
{
    /// <summary>Nodes that serve the network's DHCP.</summary>
    public static List<string> Serving(Session session, string networkId)
    {
        var silent = Silent(session, networkId);
        return session.Query<string>(
            """
            SELECT p.node_id FROM ports p WHERE p.network_id = @networkId AND p.node_id <> ''
              AND EXISTS (SELECT 1 FROM ports d WHERE d.network_id = @networkId AND d.device_owner = @Dhcp)
            UNION SELECT node_id FROM dhcp_placements WHERE network_id = @networkId ORDER BY node_id
            """,
            new { networkId, Owners.Dhcp }).FindAll(node => !silent.Contains(node));
    }

    /// <summary>Nodes that have the network, or will, and don't serve its DHCP.</summary>
    public static HashSet<string> Silent(Session session, string networkId) => session.Query<string>(
        """
        SELECT node_id FROM dhcp_placements WHERE network_id = @networkId AND wish = @Leave
        UNION SELECT node_id FROM agent_settings WHERE agent_type = @Dhcp AND admin_state_up = 0
        """,
        new { networkId, DhcpWish.Leave, AgentTypes.Dhcp }).ToHashSet(StringComparer.Ordinal);

    /// <summary>Networks whose DHCP is a node's to serve.</summary>
    public static List<NetworkRow> NetworksOn(Session session, string nodeId) => session.Query<NetworkRow>(
        """
        SELECT n.* FROM networks n WHERE (n.id IN (
            SELECT p.network_id FROM ports p JOIN ports d ON d.network_id = p.network_id AND d.device_owner = @Dhcp WHERE p.node_id = @nodeId)
          OR n.id IN (SELECT network_id FROM dhcp_placements WHERE node_id = @nodeId))
          AND n.id NOT IN (SELECT network_id FROM dhcp_placements WHERE node_id = @nodeId AND wish = @Leave) ORDER BY n.id
        """,
        new { nodeId, Owners.Dhcp, DhcpWish.Leave });

    public static void Set(Tx tx, string networkId, string nodeId, string wish) => tx.Execute(
        """
        INSERT INTO dhcp_placements (network_id, node_id, wish) VALUES (@networkId, @nodeId, @wish)
        ON CONFLICT (network_id, node_id) DO UPDATE SET wish = @wish
        """,
        new { networkId, nodeId, wish });

    /// <summary>A network with DHCP that is on no node is put on the least busy one when a port is made on it: its first guest finds it served.</summary>
    public static void Begin(Tx tx, FabricPlan fabric, PortRow port)
    {
        if (port.NodeId.Length > 0 || PortStore.DhcpOf(tx, port.NetworkId) is null || FabricPlan.NodesOfNetwork(tx, port.NetworkId).Count > 0) return;
        var silent = Silent(tx, port.NetworkId);
        var load = tx.Query<NodeLoad>("SELECT node_id, COUNT(*) AS networks FROM dhcp_placements GROUP BY node_id")
            .ToDictionary(row => row.NodeId, row => row.Networks, StringComparer.Ordinal);
        var chosen = fabric.Nodes.List().Where(node => node.Up && !silent.Contains(node.Id))
            .OrderBy(node => load.GetValueOrDefault(node.Id)).ThenBy(node => node.Id, StringComparer.Ordinal).FirstOrDefault();
        if (chosen is null) return;
        Set(tx, port.NetworkId, chosen.Id, DhcpWish.First);
        fabric.NetworkChanged(tx, port.NetworkId);
    }

    /// <summary>The cloud's own choice ends when the network's ports are on nodes.</summary>
    public static void Settle(Tx tx, string networkId) => tx.Execute(
        """
        DELETE FROM dhcp_placements WHERE network_id = @networkId AND wish = @First
          AND EXISTS (SELECT 1 FROM ports WHERE network_id = @networkId AND node_id <> '')
        """,
        new { networkId, DhcpWish.First });

    public static void ForgetNetwork(Tx tx, string networkId) => tx.Execute("DELETE FROM dhcp_placements WHERE network_id = @networkId", new { networkId });

    public static void ForgetNode(Tx tx, NodeInfo node) => tx.Execute("DELETE FROM dhcp_placements WHERE node_id = @Id", new { node.Id });

    private sealed record NodeLoad
    {
        public string NodeId { get; init; } = "";

        public long Networks { get; init; }
    }
}
