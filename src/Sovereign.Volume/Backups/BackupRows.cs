using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Backups;

/// <summary>SQL of backups; their bytes are in an <see cref="Keeping.IBackupStore"/>.</summary>
internal static class BackupRows
{
    public static readonly ListShape Shape = new(
        "volume_backups b",
        "b.id",
        [
            new("id", "b.id"), new("name", "b.name", Nullable: true), new("status", "b.status"), new("size", "b.size_gib", ColumnKind.Number),
            new("volume_id", "b.volume_id"), new("snapshot_id", "b.snapshot_id", Nullable: true), new("availability_zone", "b.zone"),
            new("container", "b.container"), new("created_at", "b.created_at", ColumnKind.Number, Filterable: false),
            new("updated_at", "b.updated_at", ColumnKind.Number, Filterable: false), new("data_timestamp", "b.data_at", ColumnKind.Number, Filterable: false),
            new("user_id", "b.user_id"), new("parent_id", "b.parent_id", Nullable: true),
        ],
        [new SortKey("created_at", true)]);

    public static BackupRow? Find(Session session, string id) => session.FirstOrDefault<BackupRow>("SELECT * FROM volume_backups WHERE id = @id", new { id });

    /// <summary>In the order of the moments that they show.</summary>
    public static List<BackupRow> OfVolume(Session session, string volumeId) =>
        session.Query<BackupRow>("SELECT * FROM volume_backups WHERE volume_id = @volumeId ORDER BY data_at, created_at, id", new { volumeId });

    public static bool HasDependents(Session session, string id) =>
        session.Scalar<long?>("SELECT 1 FROM volume_backups WHERE parent_id = @id LIMIT 1", new { id }) is not null;

    /// <summary>Which of these have backups that hold the changes since them.</summary>
    public static HashSet<string> Parents(Session session, IReadOnlyCollection<string> ids) => ids.Count == 0
        ? []
        : [.. session.Query<string>("SELECT DISTINCT parent_id FROM volume_backups WHERE parent_id IN @ids", new { ids = ids.ToList() })];

    /// <summary>Whether another backup, which was imported, has the same bytes.</summary>
    public static bool Shared(Session session, BackupRow row) => session.Scalar<long?>(
        "SELECT 1 FROM volume_backups WHERE content = @Content AND id <> @Id LIMIT 1", new { row.Content, row.Id }) is not null;

    /// <summary>A backup with those that it holds the changes since, from the whole one on.</summary>
    public static List<BackupRow> Chain(Session session, BackupRow row)
    {
        var chain = new List<BackupRow> { row };
        while (chain[0].ParentId is { } parent && Find(session, parent) is { } before) chain.Insert(0, before);
        return chain;
    }

    public static void Insert(Tx tx, BackupRow row) => tx.Execute(
        """
        INSERT INTO volume_backups (id, project_id, user_id, volume_id, snapshot_id, parent_id, type_id, name, description, status, container, zone, size_gib,
          metadata, fail_reason, volume_metadata, image_metadata, bootable, sealed_key, node_id, point_id, content, bytes, stored_bytes, digest, deleting,
          data_at, created_at, updated_at)
        VALUES (@Id, @ProjectId, @UserId, @VolumeId, @SnapshotId, @ParentId, @TypeId, @Name, @Description, @Status, @Container, @Zone, @SizeGib,
          @Metadata, @FailReason, @VolumeMetadata, @ImageMetadata, @bootable, @SealedKey, @NodeId, @PointId, @Content, @Bytes, @StoredBytes, @Digest, @deleting,
          @DataAt, @CreatedAt, @UpdatedAt)
        """,
        Parameters(row));

    public static void Update(Tx tx, BackupRow row) => tx.Execute(
        """
        UPDATE volume_backups SET parent_id = @ParentId, name = @Name, description = @Description, status = @Status, metadata = @Metadata,
          fail_reason = @FailReason, node_id = @NodeId, point_id = @PointId, bytes = @Bytes, stored_bytes = @StoredBytes, digest = @Digest,
          deleting = @deleting, container = @Container, updated_at = @UpdatedAt
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volume_backups WHERE id = @id", new { id });

    private static object Parameters(BackupRow row) => new
    {
        row.Id, row.ProjectId, row.UserId, row.VolumeId, row.SnapshotId, row.ParentId, row.TypeId, row.Name, row.Description, row.Status, row.Container, row.Zone,
        row.SizeGib, row.Metadata, row.FailReason, row.VolumeMetadata, row.ImageMetadata, bootable = row.Bootable ? 1L : 0L, row.SealedKey, row.NodeId, row.PointId,
        row.Content, row.Bytes, row.StoredBytes, row.Digest, deleting = row.Deleting ? 1L : 0L, row.DataAt, row.CreatedAt, row.UpdatedAt,
    };
}
