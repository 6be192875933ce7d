using System.Collections.Frozen;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Servers.Copies;

/// <summary>A copy of a server's disk that is on its way to an image.</summary>
internal sealed record SnapshotRow
{
    public string ImageId { get; init; } = "";

    public string ServerId { get; init; } = "";

    public string NodeId { get; init; } = "";

    /// <summary>One of <see cref="SnapshotKinds"/>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>"daily", "weekly" or what the user calls it; null when it is no backup.</summary>
    public string? BackupType { get; init; }

    /// <summary>How many backups of the type are kept.</summary>
    public long Rotation { get; init; }

    public long CreatedAt { get; init; }
}

/// <summary>What a copy is for; the first two are the image_type of its image.</summary>
internal static class SnapshotKinds
{
    public const string Snapshot = "snapshot";
    public const string Backup = "backup";
    public const string Shelf = "shelf";
}

/// <summary>A copy as it is ordered.</summary>
internal sealed record SnapshotOrder(string Name, string Kind, IReadOnlyDictionary<string, string> Metadata, string? BackupType = null, long Rotation = 0);

internal static class SnapshotProperties
{
    /// <summary>Properties of the server's image that say something of that image alone.</summary>
    private static readonly FrozenSet<string> own = FrozenSet.Create(
        StringComparer.Ordinal, "cache_in_nova", "bittorrent", "img_signature", "img_signature_hash_method", "img_signature_key_type",
        "img_signature_certificate_uuid", "image_type", "backup_type", "instance_uuid", "user_id", "base_image_ref", "image_location", "image_state", "owner_id",
        "hw_rescue_bus", "hw_rescue_device");

    public static Dictionary<string, string> Of(ServerRow row, SnapshotOrder order, string userId)
    {
        var all = row.ImageThen().Properties.Where(property => !own.Contains(property.Key)).ToDictionary(StringComparer.Ordinal);
        all["base_image_ref"] = row.ImageId;
        all["instance_uuid"] = row.Id;
        all["user_id"] = userId;
        all["image_type"] = order.Kind == SnapshotKinds.Backup ? SnapshotKinds.Backup : SnapshotKinds.Snapshot;
        foreach (var (name, value) in BootedBy.Properties(row)) all[name] = value;
        if (order.BackupType is { } type) all["backup_type"] = type;
        foreach (var (name, value) in order.Metadata) all[name] = value;
        return all;
    }

    /// <summary>What is said of it once its content is there.</summary>
    public static Dictionary<string, string> Made(ServerRow row) =>
        new() { ["owner_id"] = row.ProjectId, ["image_location"] = "snapshot", ["image_state"] = "available" };
}

/// <summary>SQL of copies under way.</summary>
internal static class SnapshotStore
{
    public static SnapshotRow? Of(Session session, string serverId) =>
        session.FirstOrDefault<SnapshotRow>("SELECT * FROM compute_snapshots WHERE server_id = @serverId", new { serverId });

    public static SnapshotRow? Find(Session session, string imageId) =>
        session.FirstOrDefault<SnapshotRow>("SELECT * FROM compute_snapshots WHERE image_id = @imageId", new { imageId });

    public static void Insert(Tx tx, SnapshotRow row) => tx.Execute(
        """
        INSERT INTO compute_snapshots (image_id, server_id, node_id, kind, backup_type, rotation, created_at)
        VALUES (@ImageId, @ServerId, @NodeId, @Kind, @BackupType, @Rotation, @CreatedAt)
        """,
        row);

    public static void Delete(Tx tx, string imageId) => tx.Execute("DELETE FROM compute_snapshots WHERE image_id = @imageId", new { imageId });
}
