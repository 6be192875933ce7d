using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Types;

/// <summary>SQL of volume types and of the projects that may use private ones.</summary>
internal static class TypeStore
{
    private const string Usable = "(t.is_public = 1 OR EXISTS (SELECT 1 FROM volume_type_access a WHERE a.type_id = t.id AND a.project_id = @value))";

    public static readonly ListShape Shape = new(
        "volume_types t",
        "t.id",
        [
            new("id", "t.id"), new("name", "t.name", Filterable: false), new("description", "t.description", Nullable: true),
            new("created_at", "t.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "t.updated_at", ColumnKind.Number, Filterable: false),
            new("qos_specs_id", "t.qos_id", Nullable: true),
        ],
        [new SortKey("created_at", true)]);

    public static ListRequest UsableBy(this ListRequest request, string projectId) => request.Where(Usable, projectId);

    public static TypeRow? Find(Session session, string id) => session.FirstOrDefault<TypeRow>("SELECT * FROM volume_types WHERE id = @id", new { id });

    public static TypeRow? ByIdOrName(Session session, string text) =>
        Find(session, text) ?? session.FirstOrDefault<TypeRow>("SELECT * FROM volume_types WHERE name = @text", new { text });

    /// <summary>What a volume has that names no type: the project's own choice, else the cloud's.</summary>
    public static TypeRow? Default(Session session, string? projectId) =>
        (projectId is null ? null : DefaultTypeStore.Find(session, projectId)) is { } chosen ? Find(session, chosen.TypeId) : ByIdOrName(session, TypeRow.DefaultName);

    public static List<TypeRow> All(Session session) => session.Query<TypeRow>("SELECT * FROM volume_types ORDER BY created_at, id");

    public static Dictionary<string, TypeRow> ById(Session session) => All(session).ToDictionary(type => type.Id, StringComparer.Ordinal);

    public static List<TypeRow> OfQos(Session session, string qosId) =>
        session.Query<TypeRow>("SELECT * FROM volume_types WHERE qos_id = @qosId ORDER BY name", new { qosId });

    public static bool MayUse(Session session, TypeRow type, AccessGrant access) => type.IsPublic || access.Everything || session.Scalar<long?>(
        "SELECT 1 FROM volume_type_access WHERE type_id = @Id AND project_id = @project", new { type.Id, project = access.Caller.ProjectId ?? "" }) is not null;

    /// <returns>False when the name is taken.</returns>
    public static bool Insert(Tx tx, TypeRow row) => tx.Execute(
        """
        INSERT INTO volume_types (id, name, description, is_public, extra_specs, qos_id, encryption_id, provider, cipher, key_size, control_location,
          encryption_at, created_at, updated_at)
        VALUES (@Id, @Name, @Description, @isPublic, @ExtraSpecs, @QosId, @EncryptionId, @Provider, @Cipher, @KeySize, @ControlLocation, @EncryptionAt,
          @CreatedAt, @UpdatedAt)
        ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    public static void Update(Tx tx, TypeRow row) => tx.Execute(
        """
        UPDATE volume_types SET name = @Name, description = @Description, is_public = @isPublic, extra_specs = @ExtraSpecs, qos_id = @QosId,
          encryption_id = @EncryptionId, provider = @Provider, cipher = @Cipher, key_size = @KeySize, control_location = @ControlLocation,
          encryption_at = @EncryptionAt, updated_at = @UpdatedAt
        WHERE id = @Id
        """,
        Parameters(row));

    public static bool NameTaken(Session session, string name, string exceptId) =>
        session.Scalar<long?>("SELECT 1 FROM volume_types WHERE name = @name AND id <> @exceptId", new { name, exceptId }) is not null;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM volume_type_access WHERE type_id = @id", new { id });
        tx.Execute("DELETE FROM volume_default_types WHERE type_id = @id", new { id });
        tx.Execute("DELETE FROM volume_types WHERE id = @id", new { id });
    }

    public static List<string> Projects(Session session, string id) =>
        session.Query<string>("SELECT project_id FROM volume_type_access WHERE type_id = @id ORDER BY project_id", new { id });

    public static bool AddAccess(Tx tx, string id, string projectId) => tx.Execute(
        "INSERT INTO volume_type_access (type_id, project_id) VALUES (@id, @projectId) ON CONFLICT DO NOTHING", new { id, projectId }) == 1;

    public static bool RemoveAccess(Tx tx, string id, string projectId) => tx.Execute(
        "DELETE FROM volume_type_access WHERE type_id = @id AND project_id = @projectId", new { id, projectId }) == 1;

    private static object Parameters(TypeRow row) => new
    {
        row.Id, row.Name, row.Description, isPublic = row.IsPublic ? 1L : 0L, row.ExtraSpecs, row.QosId, row.EncryptionId, row.Provider, row.Cipher, row.KeySize,
        row.ControlLocation, row.EncryptionAt, row.CreatedAt, row.UpdatedAt,
    };
}
