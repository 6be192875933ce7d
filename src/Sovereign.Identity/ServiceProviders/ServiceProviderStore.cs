using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.ServiceProviders;

internal static class ServiceProviderStore
{
    public static readonly ListShape Shape = new(
        "service_providers s", "s.id", [new("id", "s.id"), new("enabled", "s.enabled", ColumnKind.Boolean)], [new("id")], House.PageItemsMax);

    public static List<ServiceProviderRow> All(Session session) => session.Query<ServiceProviderRow>("SELECT * FROM service_providers");

    public static ServiceProviderRow? Find(Session session, string id) =>
        session.FirstOrDefault<ServiceProviderRow>("SELECT * FROM service_providers WHERE id = @id", new { id });

    /// <returns>False when the id is taken.</returns>
    public static bool Insert(Tx tx, ServiceProviderRow row) => tx.Execute(
        """
        INSERT INTO service_providers (id, enabled, description, auth_url, sp_url, relay_state_prefix)
        VALUES (@Id, @enabled, @Description, @AuthUrl, @SpUrl, @RelayStatePrefix) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, ServiceProviderRow row) => tx.Execute(
        """
        UPDATE service_providers SET enabled = @enabled, description = @Description, auth_url = @AuthUrl, sp_url = @SpUrl,
          relay_state_prefix = @RelayStatePrefix
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM service_providers WHERE id = @id", new { id });

    private static object Parameters(ServiceProviderRow row) => new
    {
        row.Id, enabled = row.Enabled ? 1L : 0L, row.Description, row.AuthUrl, row.SpUrl, row.RelayStatePrefix,
    };
}
