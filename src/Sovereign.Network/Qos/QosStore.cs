using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.Qos;

internal static class QosStore
{
    public static readonly ListShape Shape = new(
        "qos_policies q",
        "q.id",
        [
            new("id", "q.id"), new("name", "q.name"), new("description", "q.description"), new("project_id", "q.project_id"),
            new("tenant_id", "q.project_id"), new("is_default", "q.is_default", ColumnKind.Boolean),
            new("revision_number", "q.revision", ColumnKind.Number), new("created_at", "q.created_at", Filterable: false),
            new("updated_at", "q.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static readonly ListShape LimitShape = new(
        "bandwidth_limits w",
        "w.id",
        [
            new("id", "w.id"), new("direction", "w.direction"), new("max_kbps", "w.max_kbps", ColumnKind.Number),
            new("max_burst_kbps", "w.max_burst_kbps", ColumnKind.Number),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static QosPolicyRow? Find(Session session, string id) =>
        session.FirstOrDefault<QosPolicyRow>("SELECT * FROM qos_policies WHERE id = @id", new { id });

    public static QosPolicyRow? Default(Session session, string projectId) =>
        session.FirstOrDefault<QosPolicyRow>("SELECT * FROM qos_policies WHERE project_id = @projectId AND is_default = 1", new { projectId });

    public static ILookup<string, BandwidthLimitRow> Limits(Session session, IReadOnlyCollection<string> policyIds)
    {
        List<BandwidthLimitRow> rows = policyIds.Count == 0 ? [] : session.Query<BandwidthLimitRow>(
            "SELECT * FROM bandwidth_limits WHERE policy_id IN @policyIds ORDER BY direction", new { policyIds });
        return rows.ToLookup(row => row.PolicyId, StringComparer.Ordinal);
    }

    public static BandwidthLimitRow? FindLimit(Session session, string policyId, string id) => session.FirstOrDefault<BandwidthLimitRow>(
        "SELECT * FROM bandwidth_limits WHERE id = @id AND policy_id = @policyId", new { id, policyId });

    /// <summary>Ports and networks that have the policy.</summary>
    public static bool InUse(Session session, string id) => session.Scalar<long?>(
        "SELECT 1 FROM ports WHERE qos_policy_id = @id UNION ALL SELECT 1 FROM networks WHERE qos_policy_id = @id LIMIT 1", new { id }) is not null;

    /// <summary>Does another project use it?</summary>
    /// <param name="target">Only this project is asked about; "*": all.</param>
    public static bool UsedByOthers(Session session, string id, string target) => session.Scalar<long?>(
        """
        SELECT 1 FROM ports p JOIN qos_policies q ON q.id = p.qos_policy_id
          WHERE q.id = @id AND p.project_id <> q.project_id AND (@target = '*' OR p.project_id = @target)
        UNION ALL SELECT 1 FROM networks n JOIN qos_policies q ON q.id = n.qos_policy_id
          WHERE q.id = @id AND n.project_id <> q.project_id AND (@target = '*' OR n.project_id = @target) LIMIT 1
        """,
        new { id, target }) is not null;

    /// <summary>Ports on nodes that the policy is for: by themselves, or by their network when they have none of their own.</summary>
    public static List<string> BoundPorts(Session session, string id) => session.Query<string>(
        """
        SELECT p.id FROM ports p JOIN networks n ON n.id = p.network_id
        WHERE p.node_id <> '' AND p.nic_order >= 0 AND (p.qos_policy_id = @id OR (p.qos_policy_id IS NULL AND n.qos_policy_id = @id))
        """,
        new { id });

    /// <summary>False when the project has a default policy already.</summary>
    public static bool Insert(Tx tx, QosPolicyRow row) => tx.Execute(
        """
        INSERT INTO qos_policies (id, project_id, name, description, is_default, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @isDefault, @CreatedAt, @UpdatedAt, @Revision) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, QosPolicyRow row) => tx.Execute(
        """
        UPDATE qos_policies SET name = @Name, description = @Description, is_default = @isDefault, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM bandwidth_limits WHERE policy_id = @id", new { id });
        tx.Execute("DELETE FROM qos_policies WHERE id = @id", new { id });
    }

    /// <summary>False when the policy limits this direction already.</summary>
    public static bool InsertLimit(Tx tx, BandwidthLimitRow row) => tx.Execute(
        """
        INSERT INTO bandwidth_limits (id, policy_id, direction, max_kbps, max_burst_kbps) VALUES (@Id, @PolicyId, @Direction, @MaxKbps, @MaxBurstKbps)
        ON CONFLICT (policy_id, direction) DO NOTHING
        """,
        row) == 1;

    public static bool UpdateLimit(Tx tx, BandwidthLimitRow row) => tx.Execute(
        """
        UPDATE bandwidth_limits SET direction = @Direction, max_kbps = @MaxKbps, max_burst_kbps = @MaxBurstKbps WHERE id = @Id AND NOT EXISTS (
          SELECT 1 FROM bandwidth_limits o WHERE o.policy_id = @PolicyId AND o.direction = @Direction AND o.id <> @Id)
        """,
        row) == 1;

    public static void DeleteLimit(Tx tx, string id) => tx.Execute("DELETE FROM bandwidth_limits WHERE id = @id", new { id });

    private static object Parameters(QosPolicyRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, isDefault = row.IsDefault ? 1L : 0L, row.CreatedAt, row.UpdatedAt, row.Revision,
    };
}
