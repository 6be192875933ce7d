using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.AccessTokens;

internal static class AccessTokenStore
{
    public static readonly ListShape Shape = new("oauth_access_tokens t", "t.id", [], [new("id")], House.PageItemsMax);

    public static AccessTokenRow? Find(Session session, string id) =>
        session.FirstOrDefault<AccessTokenRow>("SELECT * FROM oauth_access_tokens WHERE id = @id", new { id });

    /// <param name="column">"user_id", "project_id" or "consumer_id".</param>
    public static List<AccessTokenRow> Of(Session session, string column, string id) =>
        session.Query<AccessTokenRow>($"SELECT * FROM oauth_access_tokens WHERE {column} = @id", new { id });

    public static List<AccessTokenRow> OfRole(Session session, string roleId) => session.Query<AccessTokenRow>(
        "SELECT * FROM oauth_access_tokens WHERE id IN (SELECT token_id FROM oauth_token_roles WHERE role_id = @roleId)", new { roleId });

    public static List<AccessTokenRow> Expired(Session session, long now) =>
        session.Query<AccessTokenRow>("SELECT * FROM oauth_access_tokens WHERE expires_at <= @now", new { now });

    public static List<string> Roles(Session session, string id) =>
        session.Query<string>("SELECT role_id FROM oauth_token_roles WHERE token_id = @id ORDER BY role_id", new { id });

    public static List<AccessEntry> AllEntries(Session session)
    {
        var roles = session.Query<RoleOfToken>("SELECT token_id, role_id FROM oauth_token_roles").ToLookup(row => row.TokenId, row => row.RoleId, StringComparer.Ordinal);
        return session.Query<AccessTokenRow>("SELECT * FROM oauth_access_tokens").ConvertAll(row => row.Entry([.. roles[row.Id]]));
    }

    public static void Insert(Tx tx, AccessTokenRow row, IEnumerable<string> roleIds)
    {
        tx.Execute(
            """
            INSERT INTO oauth_access_tokens (id, consumer_id, user_id, project_id, sealed, expires_at)
            VALUES (@Id, @ConsumerId, @UserId, @ProjectId, @Sealed, @ExpiresAt)
            """,
            row);
        foreach (var role in roleIds) tx.Execute("INSERT INTO oauth_token_roles (token_id, role_id) VALUES (@Id, @role)", new { row.Id, role });
    }

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM oauth_token_roles WHERE token_id = @id", new { id });
        tx.Execute("DELETE FROM oauth_access_tokens WHERE id = @id", new { id });
    }

    private sealed record RoleOfToken
    {
        public string TokenId { get; init; } = "";

        public string RoleId { get; init; } = "";
    }
}
