using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Network.Metering;

internal static class MeteringStore
{
    public static readonly ListShape Labels = new(
        "metering_labels l",
        "l.id",
        [
            new("id", "l.id"), new("name", "l.name"), new("description", "l.description"), new("project_id", "l.project_id"),
            new("tenant_id", "l.project_id"), new("shared", "l.shared", ColumnKind.Boolean),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static readonly ListShape Rules = new(
        "metering_label_rules w",
        "w.id",
        [
            new("id", "w.id"), new("metering_label_id", "w.label_id"), new("direction", "w.direction"), new("excluded", "w.excluded", ColumnKind.Boolean),
            new("remote_ip_prefix", "w.remote_prefix", Nullable: true), new("source_ip_prefix", "w.source_prefix", Nullable: true),
            new("destination_ip_prefix", "w.destination_prefix", Nullable: true), new("project_id", "w.project_id"), new("tenant_id", "w.project_id"),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static MeteringLabelRow? FindLabel(Session session, string id) =>
        session.FirstOrDefault<MeteringLabelRow>("SELECT * FROM metering_labels WHERE id = @id", new { id });

    public static MeteringRuleRow? FindRule(Session session, string id) =>
        session.FirstOrDefault<MeteringRuleRow>("SELECT * FROM metering_label_rules WHERE id = @id", new { id });

    public static List<MeteringRuleRow> RulesOf(Session session, IReadOnlyCollection<string> labelIds) => labelIds.Count == 0 ? []
        : session.Query<MeteringRuleRow>("SELECT * FROM metering_label_rules WHERE label_id IN @labelIds ORDER BY id", new { labelIds });

    /// <summary>What the routers of a project count: its own labels and the shared ones.</summary>
    public static List<MeterSpec> Specs(Session session, string projectId)
    {
        var labels = session.Query<string>("SELECT id FROM metering_labels WHERE project_id = @projectId OR shared = 1 ORDER BY id", new { projectId });
        var rules = RulesOf(session, labels).ToLookup(rule => rule.LabelId, StringComparer.Ordinal);
        return labels.ConvertAll(label => new MeterSpec(label, rules[label].Select(rule => rule.ToSpec()).ToList()));
    }

    public static void Insert(Tx tx, MeteringLabelRow row) => tx.Execute(
        """
        INSERT INTO metering_labels (id, project_id, name, description, shared, created_at)
        VALUES (@Id, @ProjectId, @Name, @Description, @shared, @CreatedAt)
        """,
        new { row.Id, row.ProjectId, row.Name, row.Description, shared = row.Shared ? 1L : 0L, row.CreatedAt });

    public static void Insert(Tx tx, MeteringRuleRow row) => tx.Execute(
        """
        INSERT INTO metering_label_rules (id, project_id, label_id, direction, excluded, remote_prefix, source_prefix, destination_prefix, created_at)
        VALUES (@Id, @ProjectId, @LabelId, @Direction, @excluded, @RemotePrefix, @SourcePrefix, @DestinationPrefix, @CreatedAt)
        """,
        new
        {
            row.Id, row.ProjectId, row.LabelId, row.Direction, excluded = row.Excluded ? 1L : 0L, row.RemotePrefix, row.SourcePrefix, row.DestinationPrefix,
            row.CreatedAt,
        });

    public static void DeleteLabel(Tx tx, string id) => tx.Execute("DELETE FROM metering_labels WHERE id = @id", new { id });

    public static void DeleteRule(Tx tx, string id) => tx.Execute("DELETE FROM metering_label_rules WHERE id = @id", new { id });
}
