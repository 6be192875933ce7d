using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Ports;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

internal static class RouterStore
{
    public static readonly ListShape Shape = new(
        "routers r",
        "r.id",
        [
            new("id", "r.id"), new("name", "r.name"), new("description", "r.description"), new("project_id", "r.project_id"),
            new("tenant_id", "r.project_id"), new("admin_state_up", "r.admin_state_up", ColumnKind.Boolean), new("status", "r.status"),
            new("flavor_id", "r.flavor_id", Nullable: true),
            new("revision_number", "r.revision", ColumnKind.Number),
            new("created_at", "r.created_at", Filterable: false), new("updated_at", "r.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static RouterRow? Find(Session session, string id) => session.FirstOrDefault<RouterRow>("SELECT * FROM routers WHERE id = @id", new { id });

    public static List<PortRow> Interfaces(Session session, string routerId) => session.Query<PortRow>(
        "SELECT * FROM ports WHERE device_id = @routerId AND device_owner = @owner ORDER BY created_at, id",
        new { routerId, owner = Owners.RouterInterface });

    /// <summary>The router whose interface is the way out of a subnet to an external network.</summary>
    public static string? Between(Session session, string subnetId, string externalNetworkId) => session.Scalar<string>(
        """
        SELECT r.id FROM fixed_addresses a JOIN ports p ON p.id = a.port_id JOIN routers r ON r.id = p.device_id
        WHERE a.subnet_id = @subnetId AND p.device_owner = @owner AND r.gateway_network_id = @externalNetworkId ORDER BY r.id LIMIT 1
        """,
        new { subnetId, externalNetworkId, owner = Owners.RouterInterface });

    public static void Insert(Tx tx, RouterRow row) => tx.Execute(
        """
        INSERT INTO routers (id, project_id, name, description, admin_state_up, gateway_port_id, gateway_network_id, enable_snat, routes, node_id, held,
          status, flavor_id, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @adminStateUp, @GatewayPortId, @GatewayNetworkId, @enableSnat, @Routes, @NodeId, @held,
          @Status, @FlavorId, @CreatedAt, @UpdatedAt, @Revision)
        """,
        Parameters(row));

    public static void Update(Tx tx, RouterRow row) => tx.Execute(
        """
        UPDATE routers SET name = @Name, description = @Description, admin_state_up = @adminStateUp, gateway_port_id = @GatewayPortId,
          gateway_network_id = @GatewayNetworkId, enable_snat = @enableSnat, routes = @Routes, node_id = @NodeId, held = @held,
          status = @Status, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM routers WHERE id = @id", new { id });

    public static List<string> WithoutNode(Session session) => session.Query<string>("SELECT id FROM routers WHERE node_id = '' AND held = 0 ORDER BY id");

    public static List<RouterRow> OnNode(Session session, string nodeId) =>
        session.Query<RouterRow>("SELECT * FROM routers WHERE node_id = @nodeId ORDER BY id", new { nodeId });

    /// <summary>Routers without legs on a node that leaves the cloud.</summary>
    public static void ForgetNode(Tx tx, string nodeId) => tx.Execute("UPDATE routers SET node_id = '' WHERE node_id = @nodeId", new { nodeId });

    public static Dictionary<string, long> CountByNode(Session session) => session.Query<NodeCount>(
        "SELECT node_id, COUNT(*) AS routers FROM routers WHERE node_id <> '' GROUP BY node_id").ToDictionary(c => c.NodeId, c => c.Routers, StringComparer.Ordinal);

    private static object Parameters(RouterRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, adminStateUp = row.AdminStateUp ? 1L : 0L, row.GatewayPortId, row.GatewayNetworkId,
        enableSnat = row.EnableSnat ? 1L : 0L, row.Routes, row.NodeId, held = row.Held ? 1L : 0L, row.Status, row.FlavorId, row.CreatedAt, row.UpdatedAt, row.Revision,
    };

    private sealed record NodeCount
    {
        public string NodeId { get; init; } = "";

        public long Routers { get; init; }
    }
}
