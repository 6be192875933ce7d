using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Assignments;

/// <summary>Assignments that go with their user, group, target or role, inside the transaction that deletes it.</summary>
internal static class AssignmentCleaning
{
    public static void OfActor(Tx tx, House house, string actorId) => Remove(tx, house, AssignmentStore.OfActor(tx, actorId));

    public static void OfTarget(Tx tx, House house, ScopeKind scope, string targetId) =>
        Remove(tx, house, AssignmentStore.OfTarget(tx, AssignmentRow.ToWord(scope), targetId));

    public static void OfRole(Tx tx, House house, string roleId) => Remove(tx, house, AssignmentStore.OfRole(tx, roleId));

    /// <summary>Journals one change of an assignment; it belongs to the cloud, since its sides may have different owners.</summary>
    public static void Recorded(Tx tx, AssignmentRow row, Change change)
    {
        var id = string.Join('/', row.TargetKind, row.TargetId, row.ActorKind, row.ActorId, row.RoleId) + (row.Inherited ? "/inherited" : "");
        var document = new AssignmentDocument(row.ActorKind, row.ActorId, row.TargetKind, row.TargetId, row.RoleId, row.Inherited);
        tx.Record("role_assignment", id, null, change, document, AssignmentJson.Wire.AssignmentDocument);
    }

    private static void Remove(Tx tx, House house, List<AssignmentRow> rows)
    {
        foreach (var row in rows)
        {
            AssignmentStore.Delete(tx, row);
            Recorded(tx, row, Change.Deleted);
        }

        if (rows.Count > 0) tx.Model(house, model => rows.ForEach(row => model.RemoveGrant(row.ActorId, row.Grant)));
    }
}
