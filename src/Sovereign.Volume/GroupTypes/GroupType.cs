using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.GroupTypes;

/// <summary>A kind of groups of volumes, chosen by administrators.</summary>
internal sealed record GroupTypeRow
{
    public const string Kind = "volume-group-type";

    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public bool IsPublic { get; init; }

    /// <summary>A JSON object of texts.</summary>
    public string Specs { get; init; } = "{}";

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public Dictionary<string, string> Pairs() => VolumeJson.Texts(Specs);

    public GroupTypeDocument Document() => new(Id, Name, Description, IsPublic, Pairs());
}

/// <summary>A group type as the journal keeps it.</summary>
internal sealed record GroupTypeDocument(string Id, string Name, string? Description, bool IsPublic, Dictionary<string, string> Specs);

/// <summary>SQL of group types.</summary>
internal static class GroupTypeStore
{
    public static readonly ListShape Shape = new(
        "volume_group_types t",
        "t.id",
        [
            new("id", "t.id"), new("name", "t.name"), new("description", "t.description", Nullable: true),
            new("created_at", "t.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "t.updated_at", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("created_at", true)]);

    public static GroupTypeRow? Find(Session session, string id) =>
        session.FirstOrDefault<GroupTypeRow>("SELECT * FROM volume_group_types WHERE id = @id", new { id });

    public static GroupTypeRow? ByIdOrName(Session session, string text) =>
        Find(session, text) ?? session.FirstOrDefault<GroupTypeRow>("SELECT * FROM volume_group_types WHERE name = @text", new { text });

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, GroupTypeRow row) => tx.Execute(
        """
        INSERT INTO volume_group_types (id, name, description, is_public, specs, created_at, updated_at)
        VALUES (@Id, @Name, @Description, @isPublic, @Specs, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, GroupTypeRow row) => tx.Execute(
        "UPDATE volume_group_types SET name = @Name, description = @Description, is_public = @isPublic, specs = @Specs, updated_at = @UpdatedAt WHERE id = @Id",
        Parameters(row));

    public static bool NameTaken(Session session, string name, string exceptId) =>
        session.Scalar<long?>("SELECT 1 FROM volume_group_types WHERE name = @name AND id <> @exceptId", new { name, exceptId }) is not null;

    public static bool InUse(Session session, string id) => session.Scalar<long?>("SELECT 1 FROM volume_groups WHERE type_id = @id LIMIT 1", new { id }) is not null;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_group_types WHERE id = @id", new { id });

    private static object Parameters(GroupTypeRow row) =>
        new { row.Id, row.Name, row.Description, isPublic = row.IsPublic ? 1L : 0L, row.Specs, row.CreatedAt, row.UpdatedAt };
}
