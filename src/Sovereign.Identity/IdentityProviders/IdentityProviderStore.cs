using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.IdentityProviders;

internal static class IdentityProviderStore
{
    public static readonly ListShape Shape = new(
        "identity_providers i", "i.id", [new("id", "i.id"), new("enabled", "i.enabled", ColumnKind.Boolean)], [new("id")], House.PageItemsMax);

    public static IdentityProviderRow? Find(Session session, string id) =>
        session.FirstOrDefault<IdentityProviderRow>("SELECT * FROM identity_providers WHERE id = @id", new { id });

    public static List<IdentityProviderRow> OfDomain(Session session, string domainId) =>
        session.Query<IdentityProviderRow>("SELECT * FROM identity_providers WHERE domain_id = @domainId ORDER BY id", new { domainId });

    /// <returns>False when the id is taken.</returns>
    public static bool Insert(Tx tx, IdentityProviderRow row) => tx.Execute(
        """
        INSERT INTO identity_providers (id, domain_id, enabled, description, authorization_ttl, remote_ids)
        VALUES (@Id, @DomainId, @enabled, @Description, @AuthorizationTtl, @RemoteIds) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, IdentityProviderRow row) => tx.Execute(
        """
        UPDATE identity_providers SET enabled = @enabled, description = @Description, authorization_ttl = @AuthorizationTtl, remote_ids = @RemoteIds
        WHERE id = @Id
        """,
        Parameters(row));

    /// <returns>A remote id that another provider has; null when all are this one's now.</returns>
    public static string? Name(Tx tx, IdentityProviderRow row)
    {
        tx.Execute("DELETE FROM identity_provider_remote_ids WHERE idp_id = @Id", new { row.Id });
        return Members.ShowTags(row.RemoteIds).FirstOrDefault(remoteId => tx.Execute(
            "INSERT INTO identity_provider_remote_ids (remote_id, idp_id) VALUES (@remoteId, @Id) ON CONFLICT DO NOTHING", new { remoteId, row.Id }) == 0);
    }

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM identity_provider_remote_ids WHERE idp_id = @id", new { id });
        tx.Execute("DELETE FROM identity_providers WHERE id = @id", new { id });
    }

    private static object Parameters(IdentityProviderRow row) => new
    {
        row.Id, row.DomainId, enabled = row.Enabled ? 1L : 0L, row.Description, row.AuthorizationTtl, row.RemoteIds,
    };
}
