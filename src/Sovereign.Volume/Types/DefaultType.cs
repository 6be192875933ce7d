using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Types;

/// <summary>The type that volumes of a project have which name none.</summary>
internal sealed record DefaultTypeRow
{
    public const string Kind = "volume-default-type";

    public string ProjectId { get; init; } = "";

    public string TypeId { get; init; } = "";
}

/// <summary>SQL of the projects' own default types.</summary>
internal static class DefaultTypeStore
{
    public static DefaultTypeRow? Find(Session session, string projectId) =>
        session.FirstOrDefault<DefaultTypeRow>("SELECT * FROM volume_default_types WHERE project_id = @projectId", new { projectId });

    public static List<DefaultTypeRow> All(Session session) => session.Query<DefaultTypeRow>("SELECT * FROM volume_default_types ORDER BY project_id");

    public static void Set(Tx tx, DefaultTypeRow row) => tx.Execute(
        "INSERT INTO volume_default_types (project_id, type_id) VALUES (@ProjectId, @TypeId) ON CONFLICT (project_id) DO UPDATE SET type_id = @TypeId", row);

    public static void Delete(Tx tx, string projectId) => tx.Execute("DELETE FROM volume_default_types WHERE project_id = @projectId", new { projectId });
}
