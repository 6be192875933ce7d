using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.AddressScopes;

internal static class AddressScopeStore
{
    public static readonly ListShape Shape = new(
        "address_scopes c",
        "c.id",
        [
            new("id", "c.id"), new("name", "c.name"), new("project_id", "c.project_id"), new("tenant_id", "c.project_id"),
            new("ip_version", "c.ip_version", ColumnKind.Number),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static AddressScopeRow? Find(Session session, string id) =>
        session.FirstOrDefault<AddressScopeRow>("SELECT * FROM address_scopes WHERE id = @id", new { id });

    public static void Insert(Tx tx, AddressScopeRow row) => tx.Execute(
        """
        INSERT INTO address_scopes (id, project_id, name, ip_version, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @IpVersion, @CreatedAt, @UpdatedAt, @Revision)
        """,
        row);

    public static void Update(Tx tx, AddressScopeRow row) =>
        tx.Execute("UPDATE address_scopes SET name = @Name, updated_at = @UpdatedAt, revision = @Revision WHERE id = @Id", row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM address_scopes WHERE id = @id", new { id });

    public static bool InUse(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM subnetpools WHERE address_scope_id = @id LIMIT 1", new { id }) is not null;
}
