using Sovereign.Kernel.Store;

namespace Sovereign.Network.Agents;

internal static class AgentStore
{
    public static List<AgentSettings> All(Session session) => session.Query<AgentSettings>("SELECT * FROM agent_settings");

    /// <summary>Nodes whose agent of this type is switched off.</summary>
    public static HashSet<string> Down(Session session, string type) => session.Query<string>(
        "SELECT node_id FROM agent_settings WHERE agent_type = @type AND admin_state_up = 0", new { type }).ToHashSet(StringComparer.Ordinal);

    public static void Set(Tx tx, AgentSettings row) => tx.Execute(
        """
        INSERT INTO agent_settings (agent_id, node_id, agent_type, admin_state_up, description)
        VALUES (@AgentId, @NodeId, @AgentType, @adminStateUp, @Description)
        ON CONFLICT (agent_id) DO UPDATE SET admin_state_up = @adminStateUp, description = @Description
        """,
        new { row.AgentId, row.NodeId, row.AgentType, adminStateUp = row.AdminStateUp ? 1L : 0L, row.Description });

    /// <summary>What was said of the agents of a node that leaves the cloud goes with it.</summary>
    public static void Forget(Tx tx, string nodeId) => tx.Execute("DELETE FROM agent_settings WHERE node_id = @nodeId", new { nodeId });
}
