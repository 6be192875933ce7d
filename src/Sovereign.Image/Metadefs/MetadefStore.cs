using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Metadefs;

internal static class MetadefStore
{
    public static readonly ListShape Shape = new(
        "metadef_namespaces n",
        "n.namespace",
        [
            new("namespace", "n.namespace"), new("visibility", "n.visibility"), new("owner", "n.owner"),
            new("created_at", "n.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "n.updated_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", Descending: true)]);

    private const string Columns = "namespace_id, kind, name, body, created_at, updated_at";

    public static NamespaceRow? Find(Session session, string name) =>
        session.FirstOrDefault<NamespaceRow>("SELECT * FROM metadef_namespaces WHERE namespace = @name", new { name });

    public static bool Insert(Tx tx, NamespaceRow row) => tx.Execute(
        """
        INSERT INTO metadef_namespaces (id, namespace, owner, display_name, description, visibility, protected, created_at, updated_at)
        VALUES (@Id, @Namespace, @Owner, @DisplayName, @Description, @Visibility, @isProtected, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, NamespaceRow row) => tx.Execute(
        """
        UPDATE metadef_namespaces SET namespace = @Namespace, owner = @Owner, display_name = @DisplayName, description = @Description, visibility = @Visibility,
          protected = @isProtected, updated_at = @UpdatedAt WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM metadef_definitions WHERE namespace_id = @id", new { id });
        tx.Execute("DELETE FROM metadef_namespaces WHERE id = @id", new { id });
    }

    /// <summary>The definitions of namespaces, of one kind or of all.</summary>
    public static List<DefinitionRow> Definitions(Session session, IReadOnlyCollection<string> namespaceIds, string? kind) => namespaceIds.Count == 0 ? [] :
        session.Query<DefinitionRow>(
            $"SELECT {Columns} FROM metadef_definitions WHERE namespace_id IN @namespaceIds {(kind is null ? "" : "AND kind = @kind")} ORDER BY created_at, name",
            new { namespaceIds, kind });

    public static DefinitionRow? Definition(Session session, string namespaceId, string kind, string name) => session.FirstOrDefault<DefinitionRow>(
        $"SELECT {Columns} FROM metadef_definitions WHERE namespace_id = @namespaceId AND kind = @kind AND name = @name", new { namespaceId, kind, name });

    /// <summary>Every name of a kind, once, with its first and last time.</summary>
    public static List<DefinitionRow> Names(Session session, string kind) => session.Query<DefinitionRow>(
        "SELECT name, MIN(created_at) AS created_at, MAX(updated_at) AS updated_at FROM metadef_definitions WHERE kind = @kind GROUP BY name ORDER BY name",
        new { kind });

    public static bool Insert(Tx tx, DefinitionRow row) => tx.Execute(
        $"INSERT INTO metadef_definitions ({Columns}) VALUES (@NamespaceId, @Kind, @Name, @Body, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING", row) == 1;

    public static long Count(Session session, string namespaceId) =>
        session.Scalar<long>("SELECT COUNT(*) FROM metadef_definitions WHERE namespace_id = @namespaceId", new { namespaceId });

    /// <summary>Deletes one definition, or all of a kind; the number that went.</summary>
    public static int Remove(Tx tx, string namespaceId, string kind, string? name) => tx.Execute(
        $"DELETE FROM metadef_definitions WHERE namespace_id = @namespaceId AND kind = @kind {(name is null ? "" : "AND name = @name")}",
        new { namespaceId, kind, name });

    private static object Parameters(NamespaceRow row) => new
    {
        row.Id, row.Namespace, row.Owner, row.DisplayName, row.Description, row.Visibility, isProtected = row.Protected ? 1L : 0L, row.CreatedAt, row.UpdatedAt,
    };
}
