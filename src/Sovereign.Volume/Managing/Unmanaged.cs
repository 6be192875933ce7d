using Sovereign.Kernel.Store;

namespace Sovereign.Volume.Managing;

/// <summary>A volume that its node keeps and no project has: an administrator took it out of the service's hands.</summary>
internal sealed record UnmanagedVolume
{
    /// <summary>Kind in the journal.</summary>
    public const string Kind = "unmanaged-volume";

    /// <summary>What its node knows it by: the id of the volume that it was.</summary>
    public string Id { get; init; } = "";

    public string NodeId { get; init; } = "";

    public string Backend { get; init; } = "";

    public long SizeGib { get; init; }

    /// <summary>The volume that is being made of it; null: none.</summary>
    public string? ManagedBy { get; init; }

    public bool Bootable { get; init; }

    public long CreatedAt { get; init; }
}

/// <summary>A snapshot that its node keeps and no project has.</summary>
internal sealed record UnmanagedSnapshot
{
    public string Id { get; init; } = "";

    public string VolumeId { get; init; } = "";

    public string NodeId { get; init; } = "";

    public long SizeGib { get; init; }

    public long CreatedAt { get; init; }
}

/// <summary>SQL of what is unmanaged.</summary>
internal static class UnmanagedStore
{
    public static UnmanagedVolume? Volume(Session session, string id) =>
        session.FirstOrDefault<UnmanagedVolume>("SELECT * FROM volumes_unmanaged WHERE id = @id", new { id });

    /// <summary>What a volume is being made of.</summary>
    public static UnmanagedVolume? ManagedBy(Session session, string volumeId) =>
        session.FirstOrDefault<UnmanagedVolume>("SELECT * FROM volumes_unmanaged WHERE managed_by = @volumeId", new { volumeId });

    public static List<UnmanagedVolume> VolumesOf(Session session, string nodeId, string backend) => session.Query<UnmanagedVolume>(
        "SELECT * FROM volumes_unmanaged WHERE node_id = @nodeId AND backend = @backend ORDER BY id", new { nodeId, backend });

    public static void Insert(Tx tx, UnmanagedVolume row) => tx.Execute(
        """
        INSERT INTO volumes_unmanaged (id, node_id, backend, size_gib, managed_by, bootable, created_at)
        VALUES (@Id, @NodeId, @Backend, @SizeGib, NULL, @bootable, @CreatedAt)
        """,
        new { row.Id, row.NodeId, row.Backend, row.SizeGib, bootable = row.Bootable ? 1L : 0L, row.CreatedAt });

    public static void SetManager(Tx tx, string id, string? volumeId) =>
        tx.Execute("UPDATE volumes_unmanaged SET managed_by = @volumeId WHERE id = @id", new { id, volumeId });

    public static void DeleteVolume(Tx tx, string id) => tx.Execute("DELETE FROM volumes_unmanaged WHERE id = @id", new { id });

    public static UnmanagedSnapshot? Snapshot(Session session, string id) =>
        session.FirstOrDefault<UnmanagedSnapshot>("SELECT * FROM volume_snapshots_unmanaged WHERE id = @id", new { id });

    public static List<UnmanagedSnapshot> SnapshotsOf(Session session, string volumeId) => session.Query<UnmanagedSnapshot>(
        "SELECT * FROM volume_snapshots_unmanaged WHERE volume_id = @volumeId ORDER BY id", new { volumeId });

    public static void Insert(Tx tx, UnmanagedSnapshot row) => tx.Execute(
        """
        INSERT INTO volume_snapshots_unmanaged (id, volume_id, node_id, size_gib, created_at) VALUES (@Id, @VolumeId, @NodeId, @SizeGib, @CreatedAt)
        """,
        new { row.Id, row.VolumeId, row.NodeId, row.SizeGib, row.CreatedAt });

    public static void DeleteSnapshot(Tx tx, string id) => tx.Execute("DELETE FROM volume_snapshots_unmanaged WHERE id = @id", new { id });
}
