using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Flavors;

/// <summary>SQL of flavors and of the projects that may use private ones.</summary>
internal static class FlavorStore
{
    /// <summary>Flavors that a project may use: public ones and those it was given access to.</summary>
    private const string Usable = "(f.is_public = 1 OR EXISTS (SELECT 1 FROM compute_flavor_access a WHERE a.flavor_id = f.id AND a.project_id = @value))";

    public static ListShape Shape(bool refuseUnknown) => new(
        "compute_flavors f",
        "f.id",
        [
            new("name", "f.name", Filterable: false), new("flavorid", "f.id", Filterable: false),
            new("memory_mb", "f.ram_mib", ColumnKind.Number, Filterable: false),
            new("vcpus", "f.vcpus", ColumnKind.Number, Filterable: false), new("root_gb", "f.disk_gib", ColumnKind.Number, Filterable: false),
            new("ephemeral_gb", "f.ephemeral_gib", ColumnKind.Number, Filterable: false), new("swap", "f.swap_mib", ColumnKind.Number, Filterable: false),
            new("created_at", "f.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "f.updated_at", ColumnKind.Number, Filterable: false),
            new("disabled", "f.disabled", ColumnKind.Number, Filterable: false), new("is_public", "f.is_public", ColumnKind.Number, Filterable: false),
            new("rxtx_factor", "f.rxtx_factor", Filterable: false), new("vcpu_weight", "f.vcpus", ColumnKind.Number, Filterable: false),
        ],
        [new SortKey("flavorid")])
    { RefuseUnknown = refuseUnknown };

    public static Outcome<Page<FlavorRow>> Page(Session session, ListRequest request) => ListSql.Page<FlavorRow>(session, request, "f.*");

    public static ListRequest UsableBy(this ListRequest request, string projectId) => request.Where(Usable, projectId);

    public static FlavorRow? Find(Session session, string id) => session.FirstOrDefault<FlavorRow>("SELECT * FROM compute_flavors WHERE id = @id", new { id });

    public static bool MayUse(Session session, FlavorRow flavor, string projectId) => flavor.IsPublic || session.Scalar<long?>(
        "SELECT 1 FROM compute_flavor_access WHERE flavor_id = @Id AND project_id = @projectId", new { flavor.Id, projectId }) is not null;

    /// <returns>False when the id or the name is taken.</returns>
    public static bool Insert(Tx tx, FlavorRow flavor) => tx.Execute(
        """
        INSERT INTO compute_flavors (id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, disabled, description, extra_specs,
          created_at, updated_at)
        VALUES (@Id, @Name, @Vcpus, @RamMib, @DiskGib, @EphemeralGib, @SwapMib, @RxtxFactor, @isPublic, 0, @Description, @ExtraSpecs, @CreatedAt, @UpdatedAt)
        ON CONFLICT DO NOTHING
        """,
        new
        {
            flavor.Id, flavor.Name, flavor.Vcpus, flavor.RamMib, flavor.DiskGib, flavor.EphemeralGib, flavor.SwapMib, flavor.RxtxFactor,
            isPublic = flavor.IsPublic ? 1L : 0L, flavor.Description, flavor.ExtraSpecs, flavor.CreatedAt, flavor.UpdatedAt,
        }) == 1;

    public static void Update(Tx tx, FlavorRow flavor) => tx.Execute(
        "UPDATE compute_flavors SET description = @Description, extra_specs = @ExtraSpecs, updated_at = @Now WHERE id = @Id",
        new { flavor.Id, flavor.Description, flavor.ExtraSpecs, tx.Now });

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM compute_flavor_access WHERE flavor_id = @id", new { id });
        tx.Execute("DELETE FROM compute_flavors WHERE id = @id", new { id });
    }

    public static List<string> Projects(Session session, string id) =>
        session.Query<string>("SELECT project_id FROM compute_flavor_access WHERE flavor_id = @id ORDER BY project_id", new { id });

    public static bool AddAccess(Tx tx, string id, string projectId) => tx.Execute(
        "INSERT INTO compute_flavor_access (flavor_id, project_id) VALUES (@id, @projectId) ON CONFLICT DO NOTHING", new { id, projectId }) == 1;

    public static bool RemoveAccess(Tx tx, string id, string projectId) => tx.Execute(
        "DELETE FROM compute_flavor_access WHERE flavor_id = @id AND project_id = @projectId", new { id, projectId }) == 1;
}
