using Sovereign.Kernel.Store;
using Sovereign.Network.Networks;

namespace Sovereign.Network.AutoTopologies;

/// <summary>What the cloud made for a project that asked for "a network".</summary>
internal sealed record AutoTopologyRow
{
    public string ProjectId { get; init; } = "";

    public string NetworkId { get; init; } = "";

    public string RouterId { get; init; } = "";
}

internal static class AutoTopologyStore
{
    /// <summary>Null also when its network was deleted by itself.</summary>
    public static AutoTopologyRow? Find(Session session, string projectId) => session.FirstOrDefault<AutoTopologyRow>(
        "SELECT t.* FROM auto_topologies t JOIN networks n ON n.id = t.network_id WHERE t.project_id = @projectId", new { projectId });

    /// <summary>False when somebody else makes the project's topology at this moment: theirs is seen once they are done.</summary>
    public static bool Claim(Tx tx, string projectId) => tx.Execute(
        "INSERT INTO auto_topologies (project_id, network_id, router_id) VALUES (@projectId, '', '') ON CONFLICT (project_id) DO NOTHING",
        new { projectId }) == 1;

    public static void Fill(Tx tx, AutoTopologyRow row) => tx.Execute(
        "UPDATE auto_topologies SET network_id = @NetworkId, router_id = @RouterId WHERE project_id = @ProjectId", row);

    /// <summary>What is left of one whose network is gone.</summary>
    public static void Forget(Tx tx, string projectId) => tx.Execute(
        "DELETE FROM auto_topologies WHERE project_id = @projectId AND NOT EXISTS (SELECT 1 FROM networks n WHERE n.id = auto_topologies.network_id)",
        new { projectId });

    public static void Delete(Tx tx, string projectId) => tx.Execute("DELETE FROM auto_topologies WHERE project_id = @projectId", new { projectId });

    /// <summary>The network that routers get their gateway on when nobody names one.</summary>
    public static NetworkRow? DefaultExternal(Session session) => session.FirstOrDefault<NetworkRow>(
        "SELECT * FROM networks WHERE external = 1 AND is_default = 1 ORDER BY id LIMIT 1");
}
