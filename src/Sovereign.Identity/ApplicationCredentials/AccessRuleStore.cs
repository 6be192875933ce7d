using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ApplicationCredentials;

/// <summary>A kind of call that credentials of its user may be bound to.</summary>
internal sealed record AccessRuleRow
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string Service { get; init; } = "";

    public string Method { get; init; } = "";

    public string Path { get; init; } = "";

    public CallRule Rule => new(Id, Service, Method, Path);
}

internal static class AccessRuleStore
{
    public static readonly ListShape Shape = new(
        "access_rules r", "r.id", [new("service", "r.service"), new("method", "r.method"), new("path", "r.path")], [new("id")], House.PageItemsMax);

    public static AccessRuleRow? Find(Session session, string id) =>
        session.FirstOrDefault<AccessRuleRow>("SELECT * FROM access_rules WHERE id = @id", new { id });

    /// <summary>The user's rule of these words.</summary>
    public static AccessRuleRow? Like(Session session, AccessRuleRow row) => session.FirstOrDefault<AccessRuleRow>(
        "SELECT * FROM access_rules WHERE user_id = @UserId AND service = @Service AND method = @Method AND path = @Path",
        new { row.UserId, row.Service, row.Method, row.Path });

    /// <summary>The rules of credentials, by credential.</summary>
    public static ILookup<string, CallRule> Of(Session session, List<string>? credentials = null)
    {
        if (credentials?.Count == 0) return Array.Empty<Bound>().ToLookup(row => row.CredentialId, row => row.Rule);
        return session.Query<Bound>(
            $"SELECT c.credential_id, r.id, r.service, r.method, r.path FROM application_credential_rules c JOIN access_rules r ON r.id = c.rule_id "
            + (credentials is null ? "" : "WHERE c.credential_id IN @credentials ") + "ORDER BY r.id",
            new { credentials = credentials ?? [] }).ToLookup(row => row.CredentialId, row => row.Rule, StringComparer.Ordinal);
    }

    public static void Insert(Tx tx, AccessRuleRow row) => tx.Execute(
        "INSERT INTO access_rules (id, user_id, service, method, path) VALUES (@Id, @UserId, @Service, @Method, @Path)",
        new { row.Id, row.UserId, row.Service, row.Method, row.Path });

    public static void Bind(Tx tx, string credentialId, string ruleId) => tx.Execute(
        "INSERT INTO application_credential_rules (credential_id, rule_id) VALUES (@credentialId, @ruleId) ON CONFLICT DO NOTHING",
        new { credentialId, ruleId });

    public static bool IsUsed(Session session, string id) =>
        session.Scalar<long>("SELECT COUNT(*) FROM application_credential_rules WHERE rule_id = @id", new { id }) > 0;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM access_rules WHERE id = @id", new { id });

    public static void DeleteOfUser(Tx tx, string userId) => tx.Execute("DELETE FROM access_rules WHERE user_id = @userId", new { userId });

    private sealed record Bound
    {
        public string CredentialId { get; init; } = "";

        public string Id { get; init; } = "";

        public string Service { get; init; } = "";

        public string Method { get; init; } = "";

        public string Path { get; init; } = "";

        public CallRule Rule => new(Id, Service, Method, Path);
    }
}
