using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.AddressGroups;

internal static class AddressGroupStore
{
    public static readonly ListShape Shape = new(
        "address_groups a",
        "a.id",
        [
            new("id", "a.id"), new("name", "a.name"), new("description", "a.description"), new("project_id", "a.project_id"),
            new("tenant_id", "a.project_id"), new("revision_number", "a.revision", ColumnKind.Number),
            new("created_at", "a.created_at", Filterable: false), new("updated_at", "a.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static AddressGroupRow? Find(Session session, string id) =>
        session.FirstOrDefault<AddressGroupRow>("SELECT * FROM address_groups WHERE id = @id", new { id });

    public static List<AddressGroupRow> All(Session session, IReadOnlyCollection<string> ids) =>
        ids.Count == 0 ? [] : session.Query<AddressGroupRow>("SELECT * FROM address_groups WHERE id IN @ids", new { ids });

    public static void Insert(Tx tx, AddressGroupRow row) => tx.Execute(
        """
        INSERT INTO address_groups (id, project_id, name, description, addresses, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, @Addresses, @CreatedAt, @UpdatedAt, @Revision)
        """,
        row);

    public static void Update(Tx tx, AddressGroupRow row) => tx.Execute(
        """
        UPDATE address_groups SET name = @Name, description = @Description, addresses = @Addresses, updated_at = @UpdatedAt, revision = @Revision
        WHERE id = @Id
        """,
        row);

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM address_groups WHERE id = @id", new { id });

    /// <summary>Security groups that have rules about it.</summary>
    public static List<string> UsedBy(Session session, string id) =>
        session.Query<string>("SELECT DISTINCT group_id FROM security_group_rules WHERE remote_address_group_id = @id", new { id });
}
