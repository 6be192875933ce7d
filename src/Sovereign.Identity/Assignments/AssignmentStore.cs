using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Assignments;

internal static class AssignmentStore
{
    public static List<AssignmentRow> All(Session session) => Where(session, "1 = 1", null);

    public static List<AssignmentRow> OfActor(Session session, string actorId) => Where(session, "actor_id = @actorId", new { actorId });

    public static List<AssignmentRow> OfTarget(Session session, string targetKind, string targetId) =>
        Where(session, "target_id = @targetId AND target_kind = @targetKind", new { targetKind, targetId });

    public static List<AssignmentRow> OfRole(Session session, string roleId) => Where(session, "role_id = @roleId", new { roleId });

    /// <returns>False when the role was assigned before.</returns>
    public static bool Insert(Tx tx, AssignmentRow row) => tx.Execute(
        $"""
        INSERT INTO {Table(row)} (actor_kind, actor_id, target_kind, target_id, role_id)
        VALUES (@ActorKind, @ActorId, @TargetKind, @TargetId, @RoleId) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <returns>False when the role was not assigned.</returns>
    public static bool Delete(Tx tx, AssignmentRow row) => tx.Execute(
        $"""
        DELETE FROM {Table(row)} WHERE actor_id = @ActorId AND actor_kind = @ActorKind AND target_kind = @TargetKind AND target_id = @TargetId
          AND role_id = @RoleId
        """,
        Parameters(row)) == 1;

    private static List<AssignmentRow> Where(Session session, string condition, object? parameters) => session.Query<AssignmentRow>(
        $"""
        SELECT actor_kind, actor_id, target_kind, target_id, role_id, 0 AS inherited FROM role_assignments WHERE {condition}
        UNION ALL
        SELECT actor_kind, actor_id, target_kind, target_id, role_id, 1 AS inherited FROM inherited_assignments WHERE {condition}
        """,
        parameters);

    private static string Table(AssignmentRow row) => row.Inherited ? "inherited_assignments" : "role_assignments";

    private static object Parameters(AssignmentRow row) => new { row.ActorKind, row.ActorId, row.TargetKind, row.TargetId, row.RoleId };
}
