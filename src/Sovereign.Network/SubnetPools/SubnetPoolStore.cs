using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Network.Subnets;

namespace Sovereign.Network.SubnetPools;

internal static class SubnetPoolStore
{
    public static readonly ListShape Shape = new(
        "subnetpools l",
        "l.id",
        [
            new("id", "l.id"), new("name", "l.name"), new("description", "l.description"), new("project_id", "l.project_id"),
            new("tenant_id", "l.project_id"), new("ip_version", "l.ip_version", ColumnKind.Number),
            new("default_prefixlen", "l.default_prefixlen", ColumnKind.Number), new("min_prefixlen", "l.min_prefixlen", ColumnKind.Number),
            new("max_prefixlen", "l.max_prefixlen", ColumnKind.Number), new("default_quota", "l.default_quota", ColumnKind.Number, Nullable: true),
            new("is_default", "l.is_default", ColumnKind.Boolean), new("address_scope_id", "l.address_scope_id", Nullable: true),
            new("revision_number", "l.revision", ColumnKind.Number), new("created_at", "l.created_at", Filterable: false),
            new("updated_at", "l.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static SubnetPoolRow? Find(Session session, string id) =>
        session.FirstOrDefault<SubnetPoolRow>("SELECT * FROM subnetpools WHERE id = @id", new { id });

    public static SubnetPoolRow? Default(Session session, long version) =>
        session.FirstOrDefault<SubnetPoolRow>("SELECT * FROM subnetpools WHERE is_default = 1 AND ip_version = @version", new { version });

    public static List<SubnetPoolRow> OfScope(Session session, string scopeId) =>
        session.Query<SubnetPoolRow>("SELECT * FROM subnetpools WHERE address_scope_id = @scopeId ORDER BY id", new { scopeId });

    /// <summary>Subnets cut from a pool, in the order of their ranges.</summary>
    public static List<SubnetRow> Subnets(Session session, string poolId) =>
        session.Query<SubnetRow>("SELECT * FROM subnets WHERE subnetpool_id = @poolId ORDER BY range_start", new { poolId });

    /// <summary>False when there is a default pool of this version already.</summary>
    public static bool Insert(Tx tx, SubnetPoolRow row) => tx.Execute(
        """
        INSERT INTO subnetpools (id, project_id, name, description, ip_version, prefixes, default_prefixlen, min_prefixlen, max_prefixlen, default_quota,
          is_default, address_scope_id, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @IpVersion, @Prefixes, @DefaultPrefixlen, @MinPrefixlen, @MaxPrefixlen, @DefaultQuota,
          @isDefault, @AddressScopeId, @CreatedAt, @UpdatedAt, @Revision) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, SubnetPoolRow row) => tx.Execute(
        """
        UPDATE subnetpools SET name = @Name, description = @Description, prefixes = @Prefixes, default_prefixlen = @DefaultPrefixlen,
          min_prefixlen = @MinPrefixlen, max_prefixlen = @MaxPrefixlen, default_quota = @DefaultQuota, is_default = @isDefault,
          address_scope_id = @AddressScopeId, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM subnetpools WHERE id = @id", new { id });

    private static object Parameters(SubnetPoolRow row) => new
    {
        row.Id, row.ProjectId, row.Name, row.Description, row.IpVersion, row.Prefixes, row.DefaultPrefixlen, row.MinPrefixlen, row.MaxPrefixlen,
        row.DefaultQuota, isDefault = row.IsDefault ? 1L : 0L, row.AddressScopeId, row.CreatedAt, row.UpdatedAt, row.Revision,
    };
}
