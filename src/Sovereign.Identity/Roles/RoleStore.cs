using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Roles;

internal static class RoleStore
{
    public static readonly ListShape Shape = new("roles r", "r.id", [new("name", "r.name"), new("domain_id", "r.domain_id")], [new("id")], House.PageItemsMax);

    public static List<RoleRow> All(Session session) => session.Query<RoleRow>("SELECT * FROM roles");

    public static List<InferenceRow> Inferences(Session session) => session.Query<InferenceRow>("SELECT * FROM role_inferences");

    public static RoleRow? Find(Session session, string id) => session.FirstOrDefault<RoleRow>("SELECT * FROM roles WHERE id = @id", new { id });

    /// <summary>Those that exist, by name.</summary>
    public static List<RoleRow> FindAll(Session session, IEnumerable<string> ids)
    {
        var wanted = ids.ToList();
        return wanted.Count == 0 ? [] : session.Query<RoleRow>("SELECT * FROM roles WHERE id IN @wanted ORDER BY name, id", new { wanted });
    }

    public static RoleRow? FindGlobal(Session session, string name) =>
        session.FirstOrDefault<RoleRow>("SELECT * FROM roles WHERE domain_id = '' AND name = @name", new { name });

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, RoleRow row) => tx.Execute(
        """
        INSERT INTO roles (id, domain_id, name, description, options, extra)
        VALUES (@Id, @DomainId, @Name, @Description, @Options, @Extra) ON CONFLICT DO NOTHING
        """,
        row) == 1;

    /// <returns>False when another role has the name.</returns>
    public static bool Update(Tx tx, RoleRow row) => tx.Execute(
        """
        UPDATE roles SET name = @Name, description = @Description, options = @Options, extra = @Extra
        WHERE id = @Id AND NOT EXISTS (SELECT 1 FROM roles o WHERE o.domain_id = @DomainId AND o.name = @Name AND o.id <> @Id)
        """,
        row) == 1;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM role_inferences WHERE prior_role_id = @id OR implied_role_id = @id", new { id });
        tx.Execute("DELETE FROM application_credential_roles WHERE role_id = @id", new { id });
        tx.Execute("DELETE FROM roles WHERE id = @id", new { id });
    }

    public static bool InsertInference(Tx tx, string prior, string implied) => tx.Execute(
        "INSERT INTO role_inferences (prior_role_id, implied_role_id) VALUES (@prior, @implied) ON CONFLICT DO NOTHING", new { prior, implied }) == 1;

    public static bool DeleteInference(Tx tx, string prior, string implied) => tx.Execute(
        "DELETE FROM role_inferences WHERE prior_role_id = @prior AND implied_role_id = @implied", new { prior, implied }) == 1;
}
