using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Flavors;

/// <summary>A name under which operators offer a flavor profile.</summary>
internal sealed record FlavorRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId => "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string ProfileId { get; init; } = "";

    public bool Enabled { get; init; } = true;

    public FlavorView ToView() => new(Id, Name, Description, ProfileId, Enabled);
}

/// <summary>What a provider is told of load balancers of a flavor; ours has nothing that could be told.</summary>
internal sealed record ProfileRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId => "";

    public string Name { get; init; } = "";

    public string Provider { get; init; } = "";

    /// <summary>JSON.</summary>
    public string Data { get; init; } = "{}";

    public ProfileView ToView() => new(Id, Name, Provider, Data);
}

internal sealed record FlavorView(string Id, string Name, string Description, string FlavorProfileId, bool Enabled);

internal sealed record ProfileView(string Id, string Name, string ProviderName, string FlavorData);

internal sealed record FlavorWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> Description { get; init; }

    public Optional<string> FlavorProfileId { get; init; }

    public Optional<bool?> Enabled { get; init; }
}

internal sealed record ProfileWish
{
    public Optional<string> Name { get; init; }

    public Optional<string> ProviderName { get; init; }

    public Optional<string> FlavorData { get; init; }
}

internal static class FlavorStore
{
    public static readonly ListShape Flavors = new(
        "balancer_flavors f", "f.id",
        [
            new("id", "f.id"), new("name", "f.name"), new("description", "f.description"), new("flavor_profile_id", "f.profile_id"),
            new("enabled", "f.enabled", ColumnKind.Boolean),
        ],
        [new SortKey("id")]);

    public static readonly ListShape Profiles = new(
        "balancer_flavor_profiles f", "f.id",
        [new("id", "f.id"), new("name", "f.name"), new("provider_name", "f.provider"), new("flavor_data", "f.data")], [new SortKey("id")]);

    public static FlavorRow? Find(Session session, string id) => session.FirstOrDefault<FlavorRow>("SELECT * FROM balancer_flavors WHERE id = @id", new { id });

    public static ProfileRow? Profile(Session session, string id) =>
        session.FirstOrDefault<ProfileRow>("SELECT * FROM balancer_flavor_profiles WHERE id = @id", new { id });

    /// <summary>False when the name is another's.</summary>
    public static bool Insert(Tx tx, FlavorRow row) => tx.Execute(
        """
        INSERT INTO balancer_flavors (id, name, description, profile_id, enabled) VALUES (@Id, @Name, @Description, @ProfileId, @enabled)
        ON CONFLICT (name) DO NOTHING
        """,
        new { row.Id, row.Name, row.Description, row.ProfileId, enabled = row.Enabled ? 1L : 0L }) == 1;

    /// <summary>False when the name is another's.</summary>
    public static bool Update(Tx tx, FlavorRow row) => tx.Execute(
        """
        UPDATE balancer_flavors SET name = @Name, description = @Description, enabled = @enabled
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM balancer_flavors o WHERE o.name = @Name AND o.id <> @Id)
        """,
        new { row.Id, row.Name, row.Description, enabled = row.Enabled ? 1L : 0L }) == 1;

    public static bool Used(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM balancers WHERE flavor_id = @id LIMIT 1", new { id }) is not null;

    public static bool ProfileUsed(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM balancer_flavors WHERE profile_id = @id LIMIT 1", new { id }) is not null;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM balancer_flavors WHERE id = @id", new { id });

    public static void Insert(Tx tx, ProfileRow row) => tx.Execute(
        "INSERT INTO balancer_flavor_profiles (id, name, provider, data) VALUES (@Id, @Name, @Provider, @Data)", row);

    public static void Update(Tx tx, ProfileRow row) => tx.Execute("UPDATE balancer_flavor_profiles SET name = @Name, data = @Data WHERE id = @Id", row);

    public static void DeleteProfile(Tx tx, string id) => tx.Execute("DELETE FROM balancer_flavor_profiles WHERE id = @id", new { id });
}
