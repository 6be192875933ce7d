using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Snapshots;

/// <summary>SQL of snapshots.</summary>
internal static class SnapshotStore
{
    public static readonly ListShape Shape = new(
        "volume_snapshots s",
        "s.id",
        [
            new("id", "s.id"), new("name", "s.name", Nullable: true), new("display_name", "s.name", Nullable: true), new("status", "s.status"),
            new("volume_id", "s.volume_id"), new("volume_size", "s.size_gib", ColumnKind.Number), new("size", "s.size_gib", ColumnKind.Number),
            new("created_at", "s.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "s.updated_at", ColumnKind.Number, Filterable: false),
            new("user_id", "s.user_id"),
        ],
        [new SortKey("created_at", true)]);

    public static SnapshotRow? Find(Session session, string id) => session.FirstOrDefault<SnapshotRow>("SELECT * FROM volume_snapshots WHERE id = @id", new { id });

    /// <summary>The one that a node knows by this id.</summary>
    public static SnapshotRow? OfPoint(Session session, string point) => session.FirstOrDefault<SnapshotRow>(
        "SELECT * FROM volume_snapshots WHERE point_id = @point OR (id = @point AND point_id IS NULL)", new { point });

    public static List<SnapshotRow> OfVolume(Session session, string volumeId) =>
        session.Query<SnapshotRow>("SELECT * FROM volume_snapshots WHERE volume_id = @volumeId ORDER BY created_at, id", new { volumeId });

    public static void Insert(Tx tx, SnapshotRow row) => tx.Execute(
        """
        INSERT INTO volume_snapshots (id, project_id, user_id, volume_id, type_id, name, description, status, size_gib, metadata, progress, node_id, quiesced,
          deleting, message, created_at, updated_at, point_id, group_snapshot_id)
        VALUES (@Id, @ProjectId, @UserId, @VolumeId, @TypeId, @Name, @Description, @Status, @SizeGib, @Metadata, @Progress, @NodeId, @quiesced, @deleting,
          @Message, @CreatedAt, @UpdatedAt, @PointId, @GroupSnapshotId)
        """,
        Parameters(row));

    public static void Update(Tx tx, SnapshotRow row) => tx.Execute(
        """
        UPDATE volume_snapshots SET project_id = @ProjectId, user_id = @UserId, type_id = @TypeId, name = @Name, description = @Description,
          status = @Status, metadata = @Metadata, progress = @Progress, node_id = @NodeId, deleting = @deleting, message = @Message, updated_at = @UpdatedAt
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_snapshots WHERE id = @id", new { id });

    private static object Parameters(SnapshotRow row) => new
    {
        row.Id, row.ProjectId, row.UserId, row.VolumeId, row.TypeId, row.Name, row.Description, row.Status, row.SizeGib, row.Metadata, row.Progress, row.NodeId,
        quiesced = row.Quiesced ? 1L : 0L, deleting = row.Deleting ? 1L : 0L, row.Message, row.CreatedAt, row.UpdatedAt, row.PointId, row.GroupSnapshotId,
    };
}
