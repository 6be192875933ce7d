using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Placement.Providers;

internal static class ProviderStore
{
    public static readonly ListShape Shape = new(
        "placement_providers p",
        "p.id",
        [new("name", "p.name"), new("uuid", "p.id")],
        [new SortKey("uuid")],
        PageItemsMax: 10_000);

    public static Provider? Find(Session session, string id) =>
        session.FirstOrDefault<Provider>("SELECT * FROM placement_providers WHERE id = @id", new { id });

    public static Outcome<Provider> Need(Session session, string id) =>
        Find(session, id) is { } provider
            ? provider
            : new Fault.NotFound("Resource provider", id) { Type = "placement.resource_provider.not_found" };

    public static bool Insert(Tx tx, Provider provider) =>
        tx.Execute(
            """
            INSERT INTO placement_providers (id, name, parent_id, root_id, generation, created_at, updated_at)
            VALUES (@Id, @Name, @ParentId, @RootId, @Generation, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING
            """,
            provider) == 1;

    public static bool NameTaken(Session session, string name, string byOtherThan) =>
        session.Scalar<long?>("SELECT 1 FROM placement_providers WHERE name = @name AND id <> @byOtherThan", new { name, byOtherThan }) is not null;

    public static void Update(Tx tx, Provider provider) =>
        tx.Execute(
            "UPDATE placement_providers SET name = @Name, parent_id = @ParentId, root_id = @RootId, updated_at = @UpdatedAt WHERE id = @Id", provider);

    /// <summary>Raises the generation if it is still the one that the caller saw.</summary>
    public static bool Advance(Tx tx, string id, long seen) =>
        tx.Execute(
            "UPDATE placement_providers SET generation = generation + 1, updated_at = @now WHERE id = @id AND generation = @seen",
            new { id, seen, now = tx.Now }) == 1;

    /// <summary>Raises the generation after a change of what is there or taken, and keeps the load.</summary>
    public static void Advance(Tx tx, string id) =>
        tx.Execute($"UPDATE placement_providers SET generation = generation + 1, updated_at = @now, load = {Load} WHERE id = @id", new { id, now = tx.Now });

    /// <summary>Keeps the load after a change of inventories whose generation is raised already.</summary>
    public static void Weigh(Tx tx, string id) => tx.Execute($"UPDATE placement_providers SET load = {Load} WHERE id = @id", new { id });

    private const string Load =
        "COALESCE((SELECT MAX(i.used * 1000000 / NULLIF(i.capacity, 0)) FROM placement_inventories i WHERE i.provider_id = @id), 0)";

    public static List<string> Children(Session session, string id) =>
        session.Query<string>("SELECT id FROM placement_providers WHERE parent_id = @id ORDER BY id", new { id });

    public static void SetRoot(Tx tx, string id, string rootId) => tx.Execute("UPDATE placement_providers SET root_id = @rootId WHERE id = @id", new { id, rootId });

    public static bool HasChildren(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM placement_providers WHERE parent_id = @id LIMIT 1", new { id }) is not null;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM placement_inventories WHERE provider_id = @id", new { id });
        tx.Execute("DELETE FROM placement_provider_traits WHERE provider_id = @id", new { id });
        tx.Execute("DELETE FROM placement_provider_aggregates WHERE provider_id = @id", new { id });
        tx.Execute("DELETE FROM placement_providers WHERE id = @id", new { id });
    }
}
