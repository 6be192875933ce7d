using Sovereign.Kernel.Store;

namespace Sovereign.Identity.RequestTokens;

internal static class RequestTokenStore
{
    public static RequestTokenRow? Find(Session session, string id) =>
        session.FirstOrDefault<RequestTokenRow>("SELECT * FROM oauth_request_tokens WHERE id = @id", new { id });

    /// <param name="column">"user_id", "project_id" or "consumer_id".</param>
    public static List<RequestTokenRow> Of(Session session, string column, string id) =>
        session.Query<RequestTokenRow>($"SELECT * FROM oauth_request_tokens WHERE {column} = @id", new { id });

    public static List<RequestTokenRow> OfRole(Session session, string roleId) => session.Query<RequestTokenRow>(
        "SELECT * FROM oauth_request_tokens WHERE id IN (SELECT token_id FROM oauth_token_roles WHERE role_id = @roleId)", new { roleId });

    public static List<RequestTokenRow> Expired(Session session, long now) =>
        session.Query<RequestTokenRow>("SELECT * FROM oauth_request_tokens WHERE expires_at <= @now", new { now });

    public static List<string> Roles(Session session, string id) =>
        session.Query<string>("SELECT role_id FROM oauth_token_roles WHERE token_id = @id ORDER BY role_id", new { id });

    public static void Insert(Tx tx, RequestTokenRow row) => tx.Execute(
        "INSERT INTO oauth_request_tokens (id, consumer_id, project_id, sealed, expires_at) VALUES (@Id, @ConsumerId, @ProjectId, @Sealed, @ExpiresAt)", row);

    public static void Authorize(Tx tx, RequestTokenRow row, IEnumerable<string> roleIds)
    {
        tx.Execute("UPDATE oauth_request_tokens SET user_id = @UserId, verifier = @Verifier WHERE id = @Id", row);
        tx.Execute("DELETE FROM oauth_token_roles WHERE token_id = @Id", new { row.Id });
        foreach (var role in roleIds) tx.Execute("INSERT INTO oauth_token_roles (token_id, role_id) VALUES (@Id, @role)", new { row.Id, role });
    }

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM oauth_token_roles WHERE token_id = @id", new { id });
        tx.Execute("DELETE FROM oauth_request_tokens WHERE id = @id", new { id });
    }
}
