using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Ports;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Logs;

internal static class NetworkLogStore
{
    public static readonly ListShape Shape = new(
        "network_logs l",
        "l.id",
        [
            new("id", "l.id"), new("name", "l.name"), new("description", "l.description"), new("project_id", "l.project_id"), new("tenant_id", "l.project_id"),
            new("resource_type", "l.resource_type"), new("resource_id", "l.resource_id", Nullable: true), new("target_id", "l.target_id", Nullable: true),
            new("event", "l.event"), new("enabled", "l.enabled", ColumnKind.Boolean), new("revision_number", "l.revision", ColumnKind.Number),
            new("created_at", "l.created_at", Filterable: false), new("updated_at", "l.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static NetworkLogRow? Find(Session session, string id) =>
        session.FirstOrDefault<NetworkLogRow>("SELECT * FROM network_logs WHERE id = @id", new { id });

    /// <summary>What is logged of a port, and why; null: nothing.</summary>
    public static List<PortLogSpec>? Specs(Session session, PortRow port, List<string> groups)
    {
        // A port without groups is in none: an empty list would be no SQL.
        var ids = groups.Count == 0 ? [""] : groups;
        var rows = session.Query<NetworkLogRow>(
            """
            SELECT * FROM network_logs WHERE enabled = 1 AND (resource_id IS NULL OR resource_id IN @ids)
              AND (target_id = @Id OR (target_id IS NULL AND (resource_id IS NOT NULL OR project_id = @ProjectId))) ORDER BY id
            """,
            new { port.Id, port.ProjectId, ids });
        return rows.Count == 0 ? null : rows.ConvertAll(row => row.ToSpec());
    }

    /// <summary>Ports on nodes that a log is about.</summary>
    public static List<PortRow> Ports(Session session, NetworkLogRow log)
    {
        var about = log.TargetId is not null ? "p.id = @TargetId"
            : log.ResourceId is not null ? "p.id IN (SELECT port_id FROM port_groups WHERE group_id = @ResourceId)"
            : "p.project_id = @ProjectId";
        return session.Query<PortRow>(
            $"SELECT p.* FROM ports p WHERE p.node_id <> '' AND p.nic_order >= 0 AND p.port_security = 1 AND {about} ORDER BY p.id",
            new { log.TargetId, log.ResourceId, log.ProjectId });
    }

    /// <summary>Logs that name a group or a port.</summary>
    public static List<NetworkLogRow> Naming(Session session, string groupOrPort) => session.Query<NetworkLogRow>(
        "SELECT * FROM network_logs WHERE resource_id = @groupOrPort OR target_id = @groupOrPort ORDER BY id", new { groupOrPort });

    public static void Insert(Tx tx, NetworkLogRow row) => tx.Execute(
        """
        INSERT INTO network_logs (id, project_id, name, description, resource_type, resource_id, target_id, event, enabled, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @ResourceType, @ResourceId, @TargetId, @Event, @enabled, @CreatedAt, @UpdatedAt, @Revision)
        """,
        new
        {
            row.Id, row.ProjectId, row.Name, row.Description, row.ResourceType, row.ResourceId, row.TargetId, row.Event, enabled = row.Enabled ? 1L : 0L,
            row.CreatedAt, row.UpdatedAt, row.Revision,
        });

    public static void Update(Tx tx, NetworkLogRow row) => tx.Execute(
        """
        UPDATE network_logs SET name = @Name, description = @Description, enabled = @enabled, updated_at = @UpdatedAt, revision = @Revision WHERE id = @Id
        """,
        new { row.Id, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L, row.UpdatedAt, row.Revision });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM network_logs WHERE id = @id", new { id });
}
