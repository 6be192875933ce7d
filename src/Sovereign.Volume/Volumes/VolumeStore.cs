using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Volumes;

/// <summary>SQL of volumes.</summary>
internal static class VolumeStore
{
    public static readonly ListShape Shape = new(
        "volumes v",
        "v.id",
        [
            new("id", "v.id"), new("name", "v.name", Nullable: true), new("display_name", "v.name", Nullable: true), new("status", "v.status"),
            new("size", "v.size_gib", ColumnKind.Number), new("availability_zone", "v.zone"), new("bootable", "v.bootable", ColumnKind.Boolean),
            new("created_at", "v.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "v.updated_at", ColumnKind.Number, Filterable: false),
            new("user_id", "v.user_id"), new("multiattach", "v.multiattach", ColumnKind.Boolean), new("snapshot_id", "v.snapshot_id", Nullable: true),
            new("source_volid", "v.source_volume_id", Nullable: true), new("volume_type_id", "v.type_id"),
            new("launched_at", "v.launched_at", ColumnKind.Number, Filterable: false),
            new("migration_status", "NULL", Nullable: true, Sortable: false), new("group_id", "v.group_id", Nullable: true),
            new("host", "v.node_id", Nullable: true),
        ],
        [new SortKey("created_at", true)]);

    public static VolumeRow? Find(Session session, string id) => session.FirstOrDefault<VolumeRow>("SELECT * FROM volumes WHERE id = @id", new { id });

    public static List<VolumeRow> All(Session session, IReadOnlyCollection<string> ids) =>
        ids.Count == 0 ? [] : session.Query<VolumeRow>("SELECT * FROM volumes WHERE id IN @ids", new { ids = ids.ToList() });

    public static void Insert(Tx tx, VolumeRow row) => tx.Execute(
        """
        INSERT INTO volumes (id, project_id, user_id, name, description, status, previous_status, size_gib, wanted_gib, zone, type_id, snapshot_id,
          source_volume_id, source, generation, sealed_key, bootable, read_only, multiattach, metadata, image_metadata, node_id, backend, wanted_node, deleting,
          message, created_at, updated_at, launched_at, backup_id, group_id, key_id)
        VALUES (@Id, @ProjectId, @UserId, @Name, @Description, @Status, @PreviousStatus, @SizeGib, @WantedGib, @Zone, @TypeId, @SnapshotId,
          @SourceVolumeId, @Source, @Generation, @SealedKey, @bootable, @ReadOnly, @multiattach, @Metadata, @ImageMetadata, @NodeId, @Backend, @WantedNode,
          @deleting, @Message, @CreatedAt, @UpdatedAt, @LaunchedAt, @BackupId, @GroupId, @KeyId)
        """,
        Parameters(row));

    public static void Update(Tx tx, VolumeRow row) => tx.Execute(
        """
        UPDATE volumes SET project_id = @ProjectId, user_id = @UserId, name = @Name, description = @Description, status = @Status,
          previous_status = @PreviousStatus, size_gib = @SizeGib, wanted_gib = @WantedGib, zone = @Zone, type_id = @TypeId, snapshot_id = @SnapshotId,
          source_volume_id = @SourceVolumeId, source = @Source, generation = @Generation, sealed_key = @SealedKey, bootable = @bootable,
          read_only = @ReadOnly, multiattach = @multiattach, metadata = @Metadata, image_metadata = @ImageMetadata, node_id = @NodeId, backend = @Backend,
          wanted_node = @WantedNode, deleting = @deleting, message = @Message, updated_at = @UpdatedAt, launched_at = @LaunchedAt,
          backup_id = @BackupId, group_id = @GroupId, key_id = @KeyId
        WHERE id = @Id
        """,
        Parameters(row));

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM volumes WHERE id = @id", new { id });

    /// <summary>How much of a backend is promised to volumes, in GiB.</summary>
    public static Dictionary<(string Node, string Backend), long> Promised(Session session) =>
        session.Query<Promise>(
            """
            SELECT node_id, backend, CAST(SUM(gib) AS BIGINT) AS gib FROM (
              SELECT node_id, backend, wanted_gib AS gib FROM volumes WHERE node_id IS NOT NULL AND backend IS NOT NULL
              UNION ALL SELECT node_id, backend, size_gib AS gib FROM volumes_unmanaged WHERE managed_by IS NULL) p GROUP BY node_id, backend
            """).ToDictionary(row => (row.NodeId, row.Backend), row => row.Gib);

    public static bool OfType(Session session, string typeId) =>
        session.Scalar<long?>("SELECT 1 FROM volumes WHERE type_id = @typeId LIMIT 1", new { typeId }) is not null;

    /// <summary>Ids of all that a node keeps, those among them that no project has.</summary>
    public static List<string> OnNode(Session session, string nodeId) => session.Query<string>(
        "SELECT id FROM volumes WHERE node_id = @nodeId UNION ALL SELECT id FROM volumes_unmanaged WHERE node_id = @nodeId ORDER BY id", new { nodeId });

    public static List<VolumeRow> OnPlace(Session session, string nodeId, string backend) => session.Query<VolumeRow>(
        "SELECT * FROM volumes WHERE node_id = @nodeId AND backend = @backend ORDER BY id", new { nodeId, backend });

    public static List<string> Unplaced(Session session) => session.Query<string>(
        "SELECT id FROM volumes WHERE node_id IS NULL AND status IN @statuses AND deleting = 0 ORDER BY id",
        new { statuses = new List<string> { VolumeStates.Creating, VolumeStates.RestoringBackup } });

    private static object Parameters(VolumeRow row) => new
    {
        row.Id, row.ProjectId, row.UserId, row.Name, row.Description, row.Status, row.PreviousStatus, row.SizeGib, row.WantedGib, row.Zone, row.TypeId,
        row.SnapshotId, row.SourceVolumeId, row.Source, row.Generation, row.SealedKey, row.KeyId, bootable = row.Bootable ? 1L : 0L, row.ReadOnly,
        multiattach = row.Multiattach ? 1L : 0L, row.Metadata, row.ImageMetadata, row.NodeId, row.Backend, row.WantedNode, deleting = row.Deleting ? 1L : 0L,
        row.Message, row.CreatedAt, row.UpdatedAt, row.LaunchedAt, row.BackupId, row.GroupId,
    };

    private sealed record Promise
    {
        public string NodeId { get; init; } = "";

        public string Backend { get; init; } = "";

        public long Gib { get; init; }
    }
}
