using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Projects;

internal static class ProjectStore
{
    public static readonly ListShape Shape = new(
        "projects p", "p.id",
        [
            new("name", "p.name"), new("domain_id", "p.domain_id"), new("parent_id", "p.parent_id"), new("enabled", "p.enabled", ColumnKind.Boolean),
        ],
        [new("id")],
        House.PageItemsMax);

    public static List<ProjectRow> All(Session session) => session.Query<ProjectRow>("SELECT * FROM projects");

    public static ProjectRow? Find(Session session, string id) => session.FirstOrDefault<ProjectRow>("SELECT * FROM projects WHERE id = @id", new { id });

    public static List<ProjectRow> OfDomain(Session session, string domainId) =>
        session.Query<ProjectRow>("SELECT * FROM projects WHERE domain_id = @domainId", new { domainId });

    public static List<ProjectRow> FindAll(Session session, List<string> ids) =>
        ids.Count == 0 ? [] : session.Query<ProjectRow>("SELECT * FROM projects WHERE id IN @ids", new { ids });

    public static bool HasEnabledChildren(Session session, string id) =>
        session.Scalar<long>("SELECT COUNT(*) FROM projects WHERE parent_id = @id AND enabled = 1", new { id }) > 0;

    public static bool HasChildren(Session session, string id) =>
        session.Scalar<long>("SELECT COUNT(*) FROM projects WHERE parent_id = @id", new { id }) > 0;

    /// <returns>False when the name is taken in the domain.</returns>
    public static bool Insert(Tx tx, ProjectRow row) => tx.Execute(
        """
        INSERT INTO projects (id, domain_id, parent_id, name, description, enabled, tags, options, extra, revoked_before)
        VALUES (@Id, @DomainId, @ParentId, @Name, @Description, @Enabled, @Tags, @Options, @Extra, @RevokedBefore) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <returns>False when another project of the domain has the name.</returns>
    public static bool Update(Tx tx, ProjectRow row) => tx.Execute(
        """
        UPDATE projects SET name = @Name, description = @Description, enabled = @Enabled, tags = @Tags, options = @Options, extra = @Extra,
          revoked_before = @RevokedBefore
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM projects o WHERE o.domain_id = @DomainId AND o.name = @Name AND o.id <> @Id)
        """,
        Parameters(row)) == 1;

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM projects WHERE id = @id", new { id });

    private static object Parameters(ProjectRow row) => new
    {
        row.Id, row.DomainId, row.ParentId, row.Name, row.Description, Enabled = row.Enabled ? 1L : 0L, row.Tags, row.Options, row.Extra, row.RevokedBefore,
    };
}
