using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ApplicationCredentials;

internal static class CredentialStore
{
    public static readonly ListShape Shape = new("application_credentials a", "a.id", [new("name", "a.name")], [new("id")], House.PageItemsMax);

    public static CredentialRow? Find(Session session, string id) =>
        session.FirstOrDefault<CredentialRow>("SELECT * FROM application_credentials WHERE id = @id", new { id });

    public static List<string> Roles(Session session, string id) =>
        session.Query<string>("SELECT role_id FROM application_credential_roles WHERE credential_id = @id ORDER BY role_id", new { id });

    /// <summary>Ids of roles by credential.</summary>
    public static ILookup<string, string> Roles(Session session, List<string> credentials)
    {
        var rows = credentials.Count == 0 ? [] : session.Query<RoleOfCredential>(
            "SELECT credential_id, role_id FROM application_credential_roles WHERE credential_id IN @credentials ORDER BY role_id", new { credentials });
        return rows.ToLookup(row => row.CredentialId, row => row.RoleId, StringComparer.Ordinal);
    }

    public static List<CredentialEntry> AllEntries(Session session)
    {
        var roles = session.Query<RoleOfCredential>("SELECT credential_id, role_id FROM application_credential_roles")
            .ToLookup(row => row.CredentialId, row => row.RoleId, StringComparer.Ordinal);
        var rules = AccessRuleStore.Of(session);
        return session.Query<CredentialRow>("SELECT * FROM application_credentials").ConvertAll(row => Entry(row, [.. roles[row.Id]], [.. rules[row.Id]]));
    }

    public static CredentialEntry Entry(CredentialRow row, IReadOnlyList<string> roleIds, IReadOnlyList<CallRule> rules) =>
        new(row.Id, row.UserId, row.ProjectId, row.Name, row.Secret, row.ExpiresAt, row.Unrestricted, roleIds, rules);

    /// <returns>False when the user has one of this name.</returns>
    public static bool Insert(Tx tx, CredentialRow row, IReadOnlyList<string> roleIds)
    {
        var inserted = tx.Execute(
            """
            INSERT INTO application_credentials (id, user_id, project_id, name, description, secret, expires_at, unrestricted)
            VALUES (@Id, @UserId, @ProjectId, @Name, @Description, @Secret, @ExpiresAt, @unrestricted) ON CONFLICT DO NOTHING
            """,
            new { row.Id, row.UserId, row.ProjectId, row.Name, row.Description, row.Secret, row.ExpiresAt, unrestricted = row.Unrestricted ? 1L : 0L }) == 1;
        if (!inserted) return false;
        foreach (var role in roleIds)
        {
            tx.Execute("INSERT INTO application_credential_roles (credential_id, role_id) VALUES (@Id, @role) ON CONFLICT DO NOTHING", new { row.Id, role });
        }

        return true;
    }

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM application_credential_roles WHERE credential_id = @id", new { id });
        tx.Execute("DELETE FROM application_credential_rules WHERE credential_id = @id", new { id });
        tx.Execute("DELETE FROM application_credentials WHERE id = @id", new { id });
    }

    private sealed record RoleOfCredential
    {
        public string CredentialId { get; init; } = "";

        public string RoleId { get; init; } = "";
    }
}
