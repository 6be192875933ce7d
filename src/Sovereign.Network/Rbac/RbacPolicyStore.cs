using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.Rbac;

internal static class RbacPolicyStore
{
    public static readonly ListShape Shape = new(
        "rbac_policies b",
        "b.id",
        [
            new("id", "b.id"), new("project_id", "b.project_id"), new("tenant_id", "b.project_id"), new("object_type", "b.object_type"),
            new("object_id", "b.object_id"), new("action", "b.action"), new("target_tenant", "b.target"), new("target_project", "b.target"),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static RbacPolicyRow? Find(Session session, string id) =>
        session.FirstOrDefault<RbacPolicyRow>("SELECT * FROM rbac_policies WHERE id = @id", new { id });

    public static List<RbacPolicyRow> Of(Session session, string type, string objectId) => session.Query<RbacPolicyRow>(
        "SELECT * FROM rbac_policies WHERE object_type = @type AND object_id = @objectId ORDER BY id", new { type, objectId });

    /// <summary>Those of these objects that a project (or everyone) may use so.</summary>
    public static HashSet<string> Granted(Session session, string type, string action, IReadOnlyCollection<string> objectIds, string? projectId) =>
        objectIds.Count == 0 ? [] : session.Query<string>(
            "SELECT object_id FROM rbac_policies WHERE object_type = @type AND target IN @targets AND action = @action AND object_id IN @objectIds",
            new { type, action, objectIds, targets = new List<string> { RbacPolicyRow.Everyone, projectId ?? RbacPolicyRow.Everyone } })
        .ToHashSet(StringComparer.Ordinal);

    public static bool AnyFor(Session session, string type, string objectId, string? projectId) => session.Scalar<long?>(
        "SELECT 1 FROM rbac_policies WHERE object_type = @type AND object_id = @objectId AND target IN @targets LIMIT 1",
        new { type, objectId, targets = new List<string> { RbacPolicyRow.Everyone, projectId ?? RbacPolicyRow.Everyone } }) is not null;

    /// <summary>False when there is the same already.</summary>
    public static bool Insert(Tx tx, RbacPolicyRow row) => tx.Execute(
        """
        INSERT INTO rbac_policies (id, project_id, object_type, object_id, action, target, revision)
        VALUES (@Id, @ProjectId, @ObjectType, @ObjectId, @Action, @Target, @Revision) ON CONFLICT (object_type, object_id, action, target) DO NOTHING
        """,
        row) == 1;

    /// <summary>False when there is the same for the new target already.</summary>
    public static bool Retarget(Tx tx, RbacPolicyRow row) => tx.Execute(
        """
        UPDATE rbac_policies SET target = @Target, revision = @Revision WHERE id = @Id AND NOT EXISTS (
          SELECT 1 FROM rbac_policies o WHERE o.object_type = @ObjectType AND o.object_id = @ObjectId AND o.action = @Action AND o.target = @Target)
        """,
        row) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM rbac_policies WHERE id = @id", new { id });
}
