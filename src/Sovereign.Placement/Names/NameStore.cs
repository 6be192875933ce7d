using Sovereign.Kernel.Store;

namespace Sovereign.Placement.Names;

/// <summary>Custom resource classes and traits, and what providers carry.</summary>
internal static class NameStore
{
    public const string Class = "class";
    public const string Trait = "trait";

    public static bool ClassExists(Session session, string name) => StandardNames.Classes.Contains(name) || CustomExists(session, Class, name);

    public static bool TraitExists(Session session, string name) => StandardNames.Traits.Contains(name) || CustomExists(session, Trait, name);

    public static List<string> Custom(Session session, string kind) =>
        session.Query<string>("SELECT name FROM placement_names WHERE kind = @kind ORDER BY name", new { kind });

    public static bool Add(Tx tx, string kind, string name) =>
        tx.Execute("INSERT INTO placement_names (kind, name) VALUES (@kind, @name) ON CONFLICT DO NOTHING", new { kind, name }) == 1;

    public static bool Remove(Tx tx, string kind, string name) =>
        tx.Execute("DELETE FROM placement_names WHERE kind = @kind AND name = @name", new { kind, name }) == 1;

    public static bool ClassInUse(Session session, string name) =>
        session.Scalar<long?>("SELECT 1 FROM placement_inventories WHERE resource_class = @name LIMIT 1", new { name }) is not null;

    public static bool TraitInUse(Session session, string name) =>
        session.Scalar<long?>("SELECT 1 FROM placement_provider_traits WHERE name = @name LIMIT 1", new { name }) is not null;

    public static List<string> TraitsOf(Session session, string providerId) =>
        session.Query<string>("SELECT name FROM placement_provider_traits WHERE provider_id = @providerId ORDER BY name", new { providerId });

    public static List<string> AggregatesOf(Session session, string providerId) =>
        session.Query<string>("SELECT name FROM placement_provider_aggregates WHERE provider_id = @providerId ORDER BY name", new { providerId });

    public static ILookup<string, string> AllTraits(Session session) => Pairs(session, "placement_provider_traits");

    public static ILookup<string, string> AllAggregates(Session session) => Pairs(session, "placement_provider_aggregates");

    public static void SetTraits(Tx tx, string providerId, IEnumerable<string> names)
    {
        tx.Execute("DELETE FROM placement_provider_traits WHERE provider_id = @providerId", new { providerId });
        foreach (var name in names) tx.Execute("INSERT INTO placement_provider_traits (provider_id, name) VALUES (@providerId, @name)", new { providerId, name });
    }

    public static void SetAggregates(Tx tx, string providerId, IEnumerable<string> names)
    {
        tx.Execute("DELETE FROM placement_provider_aggregates WHERE provider_id = @providerId", new { providerId });
        foreach (var name in names) tx.Execute("INSERT INTO placement_provider_aggregates (provider_id, name) VALUES (@providerId, @name)", new { providerId, name });
    }

    private static ILookup<string, string> Pairs(Session session, string table) => session.Query<Carried>($"SELECT provider_id, name FROM {table}")
        .ToLookup(one => one.ProviderId, one => one.Name, StringComparer.Ordinal);

    private static bool CustomExists(Session session, string kind, string name) =>
        session.Scalar<long?>("SELECT 1 FROM placement_names WHERE kind = @kind AND name = @name", new { kind, name }) is not null;

    private sealed record Carried
    {
        public string ProviderId { get; init; } = "";

        public string Name { get; init; } = "";
    }
}
