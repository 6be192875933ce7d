using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.SecurityGroups;

internal static class GroupStore
{
    public static readonly ListShape Shape = new(
        "security_groups g",
        "g.id",
        [
            new("id", "g.id"), new("name", "g.name"), new("description", "g.description"), new("project_id", "g.project_id"),
            new("tenant_id", "g.project_id"), new("stateful", "g.stateful", ColumnKind.Boolean),
            new("revision_number", "g.revision", ColumnKind.Number),
            new("created_at", "g.created_at", Filterable: false), new("updated_at", "g.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static readonly ListShape RuleShape = new(
        "security_group_rules r",
        "r.id",
        [
            new("id", "r.id"), new("security_group_id", "r.group_id"), new("project_id", "r.project_id"), new("tenant_id", "r.project_id"),
            new("direction", "r.direction"), new("ethertype", "r.ethertype"), new("protocol", "r.protocol", Nullable: true),
            new("port_range_min", "r.port_min", ColumnKind.Number, Nullable: true), new("port_range_max", "r.port_max", ColumnKind.Number, Nullable: true),
            new("remote_ip_prefix", "r.remote_cidr", Nullable: true), new("remote_group_id", "r.remote_group_id", Nullable: true),
            new("remote_address_group_id", "r.remote_address_group_id", Nullable: true),
            new("description", "r.description", Nullable: true), new("revision_number", "r.revision", ColumnKind.Number),
            new("created_at", "r.created_at", Filterable: false), new("updated_at", "r.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static GroupRow? Find(Session session, string id) => session.FirstOrDefault<GroupRow>("SELECT * FROM security_groups WHERE id = @id", new { id });

    public static GroupRow? Default(Session session, string projectId) => session.FirstOrDefault<GroupRow>(
        "SELECT * FROM security_groups WHERE project_id = @projectId AND is_default = 1", new { projectId });

    public static List<GroupRow> OfProject(Session session, string projectId) =>
        session.Query<GroupRow>("SELECT * FROM security_groups WHERE project_id = @projectId ORDER BY created_at, id", new { projectId });

    /// <summary>A stretch of a project's groups, or of everybody's with null.</summary>
    public static List<GroupRow> Some(Session session, string? projectId, long offset, long limit) => session.Query<GroupRow>(
        $"SELECT * FROM security_groups {(projectId is null ? "" : "WHERE project_id = @projectId")} ORDER BY created_at, id LIMIT @limit OFFSET @offset",
        new { projectId, offset, limit });

    public static Dictionary<string, GroupRow> ById(Session session, IReadOnlyCollection<string> ids)
    {
        List<GroupRow> rows = ids.Count == 0 ? [] : session.Query<GroupRow>("SELECT * FROM security_groups WHERE id IN @ids", new { ids });
        return rows.ToDictionary(row => row.Id, StringComparer.Ordinal);
    }

    public static List<GroupRow> Named(Session session, string projectId, string name) => session.Query<GroupRow>(
        "SELECT * FROM security_groups WHERE project_id = @projectId AND name = @name ORDER BY id", new { projectId, name });

    /// <summary>False when the project has its default group already.</summary>
    public static bool Insert(Tx tx, GroupRow row) => tx.Execute(
        """
        INSERT INTO security_groups (id, project_id, name, description, stateful, is_default, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @stateful, @isDefault, @CreatedAt, @UpdatedAt, @Revision) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, GroupRow row) => tx.Execute(
        """
        UPDATE security_groups SET name = @Name, description = @Description, stateful = @stateful, updated_at = @UpdatedAt, revision = @Revision WHERE id = @Id
        """,
        Parameters(row));

    /// <summary>Takes the group away with its rules.</summary>
    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM security_group_rules WHERE group_id = @id", new { id });
        tx.Execute("DELETE FROM security_groups WHERE id = @id", new { id });
    }

    public static bool InUse(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM port_groups WHERE group_id = @id LIMIT 1", new { id }) is not null;

    /// <summary>Has a project other than its own a port in the group?</summary>
    /// <param name="target">Only this project is asked about; "*": all.</param>
    public static bool UsedByOthers(Session session, string id, string target) => session.Scalar<long?>(
        """
        SELECT 1 FROM port_groups g JOIN ports p ON p.id = g.port_id JOIN security_groups s ON s.id = g.group_id
        WHERE g.group_id = @id AND p.project_id <> s.project_id AND (@target = '*' OR p.project_id = @target) LIMIT 1
        """,
        new { id, target }) is not null;

    public static RuleRow? FindRule(Session session, string id) =>
        session.FirstOrDefault<RuleRow>("SELECT * FROM security_group_rules WHERE id = @id", new { id });

    public static List<RuleRow> Rules(Session session, string groupId) =>
        session.Query<RuleRow>("SELECT * FROM security_group_rules WHERE group_id = @groupId ORDER BY created_at, id", new { groupId });

    public static ILookup<string, RuleRow> Rules(Session session, IReadOnlyCollection<string> groupIds)
    {
        List<RuleRow> rows = groupIds.Count == 0
            ? [] : session.Query<RuleRow>("SELECT * FROM security_group_rules WHERE group_id IN @groupIds ORDER BY created_at, id", new { groupIds });
        return rows.ToLookup(row => row.GroupId, StringComparer.Ordinal);
    }

    public static List<RuleRow> RulesAbout(Session session, string remoteGroupId) => session.Query<RuleRow>(
        "SELECT * FROM security_group_rules WHERE remote_group_id = @remoteGroupId AND group_id <> @remoteGroupId ORDER BY id", new { remoteGroupId });

    /// <summary>False when the group has the same rule already.</summary>
    public static bool Insert(Tx tx, RuleRow row) => tx.Execute(
        """
        INSERT INTO security_group_rules (id, project_id, group_id, direction, ethertype, protocol, port_min, port_max, remote_cidr, normalized_cidr,
          remote_group_id, remote_address_group_id, description, signature, created_at, updated_at, revision, number)
        VALUES (@Id, @ProjectId, @GroupId, @Direction, @Ethertype, @Protocol, @PortMin, @PortMax, @RemoteCidr, @NormalizedCidr,
          @RemoteGroupId, @RemoteAddressGroupId, @Description, @Signature, @CreatedAt, @UpdatedAt, @Revision,
          (SELECT COALESCE(MAX(number), 0) + 1 FROM security_group_rules))
        ON CONFLICT (group_id, signature) DO NOTHING
        """,
        row) == 1;

    public static string? SameRule(Session session, RuleRow row) => session.Scalar<string>(
        "SELECT id FROM security_group_rules WHERE group_id = @GroupId AND signature = @Signature", new { row.GroupId, row.Signature });

    public static void DeleteRule(Tx tx, string id) => tx.Execute("DELETE FROM security_group_rules WHERE id = @id", new { id });

    private static object Parameters(GroupRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, stateful = row.Stateful ? 1L : 0L, isDefault = row.IsDefault ? 1L : 0L, row.CreatedAt,
        row.UpdatedAt, row.Revision,
    };
}
