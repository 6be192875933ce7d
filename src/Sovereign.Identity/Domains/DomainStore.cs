using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Domains;

internal static class DomainStore
{
    public static readonly ListShape Shape = new(
        "domains d", "d.id",
        [new("name", "d.name"), new("enabled", "d.enabled", ColumnKind.Boolean)],
        [new("name")],
        House.PageItemsMax);

    public static List<DomainRow> All(Session session) => session.Query<DomainRow>("SELECT * FROM domains");

    public static DomainRow? Find(Session session, string id) => session.FirstOrDefault<DomainRow>("SELECT * FROM domains WHERE id = @id", new { id });

    /// <summary>Those that exist, by name.</summary>
    public static List<DomainRow> FindAll(Session session, List<string> ids) =>
        ids.Count == 0 ? [] : session.Query<DomainRow>("SELECT * FROM domains WHERE id IN @ids ORDER BY name", new { ids });

    /// <returns>False when the id or the name is taken.</returns>
    public static bool Insert(Tx tx, DomainRow row) => tx.Execute(
        """
        INSERT INTO domains (id, name, description, enabled, tags, options, extra, revoked_before)
        VALUES (@Id, @Name, @Description, @Enabled, @Tags, @Options, @Extra, @RevokedBefore) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <returns>False when another domain has the name.</returns>
    public static bool Update(Tx tx, DomainRow row) => tx.Execute(
        """
        UPDATE domains SET name = @Name, description = @Description, enabled = @Enabled, tags = @Tags, options = @Options, extra = @Extra,
          revoked_before = @RevokedBefore
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM domains o WHERE o.name = @Name AND o.id <> @Id)
        """,
        Parameters(row)) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM domains WHERE id = @id", new { id });

    private static object Parameters(DomainRow row) => new
    {
        row.Id, row.Name, row.Description, Enabled = row.Enabled ? 1L : 0L, row.Tags, row.Options, row.Extra, row.RevokedBefore,
    };
}
