using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Trusts;

internal static class TrustStore
{
    public static readonly ListShape Shape = new(
        "trusts t", "t.id", [new("trustor_user_id", "t.trustor_user_id"), new("trustee_user_id", "t.trustee_user_id")], [new("id")], House.PageItemsMax);

    public static TrustRow? Find(Session session, string id) => session.FirstOrDefault<TrustRow>("SELECT * FROM trusts WHERE id = @id", new { id });

    public static List<string> Roles(Session session, string id) =>
        session.Query<string>("SELECT role_id FROM trust_roles WHERE trust_id = @id ORDER BY role_id", new { id });

    public static List<TrustRow> OfUser(Session session, string userId) =>
        session.Query<TrustRow>("SELECT * FROM trusts WHERE trustor_user_id = @userId OR trustee_user_id = @userId", new { userId });

    public static List<TrustRow> OfProject(Session session, string projectId) =>
        session.Query<TrustRow>("SELECT * FROM trusts WHERE project_id = @projectId", new { projectId });

    public static List<TrustRow> OfRole(Session session, string roleId) =>
        session.Query<TrustRow>("SELECT * FROM trusts WHERE id IN (SELECT trust_id FROM trust_roles WHERE role_id = @roleId)", new { roleId });

    /// <summary>What was lent on from a trust.</summary>
    public static List<TrustRow> Of(Session session, string trustId) =>
        session.Query<TrustRow>("SELECT * FROM trusts WHERE redelegated_trust_id = @trustId", new { trustId });

    public static List<TrustEntry> AllEntries(Session session)
    {
        var roles = session.Query<RoleOfTrust>("SELECT trust_id, role_id FROM trust_roles").ToLookup(row => row.TrustId, row => row.RoleId, StringComparer.Ordinal);
        return session.Query<TrustRow>("SELECT * FROM trusts").ConvertAll(row => row.Entry([.. roles[row.Id]]));
    }

    public static void Insert(Tx tx, TrustRow row, IReadOnlyList<string> roleIds)
    {
        tx.Execute(
            """
            INSERT INTO trusts (id, trustor_user_id, trustee_user_id, project_id, impersonation, expires_at, remaining_uses, redelegation_count,
              redelegated_trust_id)
            VALUES (@Id, @TrustorUserId, @TrusteeUserId, @ProjectId, @impersonation, @ExpiresAt, @RemainingUses, @RedelegationCount, @RedelegatedTrustId)
            """,
            new
            {
                row.Id, row.TrustorUserId, row.TrusteeUserId, row.ProjectId, impersonation = row.Impersonation ? 1L : 0L, row.ExpiresAt, row.RemainingUses,
                row.RedelegationCount, row.RedelegatedTrustId,
            });
        foreach (var role in roleIds) tx.Execute("INSERT INTO trust_roles (trust_id, role_id) VALUES (@Id, @role)", new { row.Id, role });
    }

    /// <returns>False when no use is left.</returns>
    public static bool Use(Tx tx, string id) =>
        tx.Execute("UPDATE trusts SET remaining_uses = remaining_uses - 1 WHERE id = @id AND remaining_uses > 0", new { id }) == 1;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM trust_roles WHERE trust_id = @id", new { id });
        tx.Execute("DELETE FROM trusts WHERE id = @id", new { id });
    }

    private sealed record RoleOfTrust
    {
        public string TrustId { get; init; } = "";

        public string RoleId { get; init; } = "";
    }
}
