using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.RouterFlavors;

internal static class RouterFlavorStore
{
    public static readonly ListShape Shape = new(
        "router_flavors v",
        "v.id",
        [
            new("id", "v.id"), new("name", "v.name"), new("description", "v.description", Nullable: true), new("service_type", "v.service_type"),
            new("enabled", "v.enabled", ColumnKind.Boolean),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static readonly ListShape ProfileShape = new(
        "service_profiles w",
        "w.id",
        [
            new("id", "w.id"), new("description", "w.description", Nullable: true), new("driver", "w.driver"), new("metainfo", "w.metainfo"),
            new("enabled", "w.enabled", ColumnKind.Boolean),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static RouterFlavorRow? Find(Session session, string id) =>
        session.FirstOrDefault<RouterFlavorRow>("SELECT * FROM router_flavors WHERE id = @id", new { id });

    public static ServiceProfileRow? FindProfile(Session session, string id) =>
        session.FirstOrDefault<ServiceProfileRow>("SELECT * FROM service_profiles WHERE id = @id", new { id });

    /// <summary>Ids of profiles by their flavor.</summary>
    public static ILookup<string, string> Profiles(Session session, IReadOnlyCollection<string> flavorIds) => (flavorIds.Count == 0 ? [] : session.Query<Pair>(
        "SELECT flavor_id, profile_id FROM flavor_profiles WHERE flavor_id IN @flavorIds ORDER BY flavor_id, profile_id", new { flavorIds }))
        .ToLookup(pair => pair.FlavorId, pair => pair.ProfileId, StringComparer.Ordinal);

    public static List<ServiceProfileRow> ProfilesOf(Session session, string flavorId) => session.Query<ServiceProfileRow>(
        "SELECT w.* FROM flavor_profiles f JOIN service_profiles w ON w.id = f.profile_id WHERE f.flavor_id = @flavorId ORDER BY w.id", new { flavorId });

    public static void Insert(Tx tx, RouterFlavorRow row) => tx.Execute(
        """
        INSERT INTO router_flavors (id, name, description, service_type, enabled, created_at, revision)
        VALUES (@Id, @Name, @Description, @ServiceType, @enabled, @CreatedAt, @Revision)
        """,
        new { row.Id, row.Name, row.Description, row.ServiceType, enabled = row.Enabled ? 1L : 0L, row.CreatedAt, row.Revision });

    public static void Update(Tx tx, RouterFlavorRow row) => tx.Execute(
        "UPDATE router_flavors SET name = @Name, description = @Description, enabled = @enabled, revision = @Revision WHERE id = @Id",
        new { row.Id, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L, row.Revision });

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM flavor_profiles WHERE flavor_id = @id", new { id });
        tx.Execute("DELETE FROM router_flavors WHERE id = @id", new { id });
    }

    public static bool InUse(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM routers WHERE flavor_id = @id LIMIT 1", new { id }) is not null;

    public static void InsertProfile(Tx tx, ServiceProfileRow row) => tx.Execute(
        """
        INSERT INTO service_profiles (id, description, driver, metainfo, enabled, created_at, revision)
        VALUES (@Id, @Description, @Driver, @Metainfo, @enabled, @CreatedAt, @Revision)
        """,
        new { row.Id, row.Description, row.Driver, row.Metainfo, enabled = row.Enabled ? 1L : 0L, row.CreatedAt, row.Revision });

    public static void UpdateProfile(Tx tx, ServiceProfileRow row) => tx.Execute(
        """
        UPDATE service_profiles SET description = @Description, driver = @Driver, metainfo = @Metainfo, enabled = @enabled, revision = @Revision
        WHERE id = @Id
        """,
        new { row.Id, row.Description, row.Driver, row.Metainfo, enabled = row.Enabled ? 1L : 0L, row.Revision });

    public static void DeleteProfile(Tx tx, string id) => tx.Execute("DELETE FROM service_profiles WHERE id = @id", new { id });

    public static bool ProfileInUse(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM flavor_profiles WHERE profile_id = @id LIMIT 1", new { id }) is not null;

    /// <summary>False when the flavor has the profile already.</summary>
    public static bool Join(Tx tx, string flavorId, string profileId) => tx.Execute(
        "INSERT INTO flavor_profiles (flavor_id, profile_id) VALUES (@flavorId, @profileId) ON CONFLICT DO NOTHING", new { flavorId, profileId }) == 1;

    /// <summary>False when the flavor did not have it.</summary>
    public static bool Part(Tx tx, string flavorId, string profileId) => tx.Execute(
        "DELETE FROM flavor_profiles WHERE flavor_id = @flavorId AND profile_id = @profileId", new { flavorId, profileId }) == 1;

    private sealed record Pair
    {
        public string FlavorId { get; init; } = "";

        public string ProfileId { get; init; } = "";
    }
}
