using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Assignments;

internal static class AssignmentStore
{
    public static List<AssignmentRow> All(Session session) => session.Query<AssignmentRow>("SELECT * FROM role_assignments");

    public static List<AssignmentRow> OfActor(Session session, string actorId) =>
        session.Query<AssignmentRow>("SELECT * FROM role_assignments WHERE actor_id = @actorId", new { actorId });

    public static List<AssignmentRow> OfTarget(Session session, string targetKind, string targetId) => session.Query<AssignmentRow>(
        "SELECT * FROM role_assignments WHERE target_id = @targetId AND target_kind = @targetKind", new { targetKind, targetId });

    public static List<AssignmentRow> OfRole(Session session, string roleId) =>
        session.Query<AssignmentRow>("SELECT * FROM role_assignments WHERE role_id = @roleId", new { roleId });

    /// <returns>False when the role was assigned before.</returns>
    public static bool Insert(Tx tx, AssignmentRow row) => tx.Execute(
        """
        INSERT INTO role_assignments (actor_kind, actor_id, target_kind, target_id, role_id)
        VALUES (@ActorKind, @ActorId, @TargetKind, @TargetId, @RoleId) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <returns>False when the role was not assigned.</returns>
    public static bool Delete(Tx tx, AssignmentRow row) => tx.Execute(
        """
        DELETE FROM role_assignments WHERE actor_id = @ActorId AND actor_kind = @ActorKind AND target_kind = @TargetKind AND target_id = @TargetId
          AND role_id = @RoleId
        """,
        Parameters(row)) == 1;

    private static object Parameters(AssignmentRow row) => new { row.ActorKind, row.ActorId, row.TargetKind, row.TargetId, row.RoleId };
}
