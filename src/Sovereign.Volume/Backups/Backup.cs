using System.Collections.Frozen;

namespace Sovereign.Volume.Backups;

/// <summary>The bytes of a volume at one moment, kept apart from the volume: all of them, or what changed since another backup.</summary>
internal sealed record BackupRow
{
    /// <summary>Kind in due rows and in the journal.</summary>
    public const string Kind = "volume-backup";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string VolumeId { get; init; } = "";

    /// <summary>The snapshot that it was ordered of; null: the volume itself.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>The backup that it holds the changes since; null: it holds all.</summary>
    public string? ParentId { get; init; }

    /// <summary>Type of the volume, for those that are made of it.</summary>
    public string TypeId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>One of <see cref="BackupStates"/>.</summary>
    public string Status { get; init; } = BackupStates.Creating;

    /// <summary>What the store calls its place; "": nobody asked for one, and it is not kept yet.</summary>
    public string Container { get; init; } = "";

    /// <summary>The zone that was asked for; "": none.</summary>
    public string Zone { get; init; } = "";

    public long SizeGib { get; init; }

    public string Metadata { get; init; } = "{}";

    public string? FailReason { get; init; }

    /// <summary>Metadata that the volume had.</summary>
    public string VolumeMetadata { get; init; } = "{}";

    public string? ImageMetadata { get; init; }

    public bool Bootable { get; init; }

    /// <summary>The key of what is stored, sealed by its project's key; null: the volume was plain, and so is this.</summary>
    public byte[]? SealedKey { get; init; }

    /// <summary>The node that sent it; null: it was imported.</summary>
    public string? NodeId { get; init; }

    /// <summary>The snapshot on the node that it was read from, while changes since can be read; a tenant's own, or one that nobody else sees.</summary>
    public string? PointId { get; init; }

    /// <summary>Name of its bytes in the store.</summary>
    public string Content { get; init; } = "";

    /// <summary>How many bytes travel.</summary>
    public long Bytes { get; init; }

    /// <summary>How many bytes the store has of it.</summary>
    public long StoredBytes { get; init; }

    /// <summary>SHA-256 of the bytes as they travel; null: they are not kept yet.</summary>
    public string? Digest { get; init; }

    public bool Deleting { get; init; }

    /// <summary>The moment that it shows.</summary>
    public long DataAt { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    /// <summary>True: the point is nobody's but the backup's.</summary>
    public bool OwnsPoint => PointId is not null && SnapshotId is null;

    public Dictionary<string, string> Pairs() => VolumeJson.Texts(Metadata);

    public BackupDocument Document() => new(
        Id, ProjectId, UserId, VolumeId, SnapshotId, ParentId, Name, Description, Status, Container, SizeGib, Pairs(), FailReason, SealedKey is not null, NodeId, Bytes,
        Digest);
}

/// <summary>A backup as the journal keeps it: without its key.</summary>
internal sealed record BackupDocument(
    string Id, string ProjectId, string UserId, string VolumeId, string? SnapshotId, string? ParentId, string? Name, string? Description, string Status,
    string Container, long SizeGib, Dictionary<string, string> Metadata, string? FailReason, bool Encrypted, string? NodeId, long Bytes, string? Digest);

/// <summary>The states of backups, in the API's words.</summary>
internal static class BackupStates
{
    public const string Creating = "creating";
    public const string Available = "available";
    public const string Restoring = "restoring";
    public const string Deleting = "deleting";
    public const string Error = "error";
    public const string ErrorDeleting = "error_deleting";

    /// <summary>What an administrator may set.</summary>
    public static readonly FrozenSet<string> Settable = FrozenSet.Create(StringComparer.Ordinal, Available, Error);
}
