using System.Collections.Frozen;

namespace Sovereign.Volume.Volumes;

/// <summary>A disk that lives apart from servers.</summary>
internal sealed record VolumeRow
{
    /// <summary>Kind in due rows and in the journal.</summary>
    public const string Kind = "volume";

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string UserId { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    /// <summary>One of <see cref="VolumeStates"/>.</summary>
    public string Status { get; init; } = VolumeStates.Creating;

    /// <summary>What it goes back to when the work under way is done.</summary>
    public string? PreviousStatus { get; init; }

    public long SizeGib { get; init; }

    /// <summary>The size that it is growing to; else the same as <see cref="SizeGib"/>. Quotas count this one.</summary>
    public long WantedGib { get; init; }

    public string Zone { get; init; } = "";

    public string TypeId { get; init; } = "";

    public string? SnapshotId { get; init; }

    public string? SourceVolumeId { get; init; }

    /// <summary>What it begins as, as the node is told (JSON of a VolumeSourceSpec); null: zeros.</summary>
    public string? Source { get; init; }

    /// <summary>Rises when its content is made anew.</summary>
    public long Generation { get; init; }

    /// <summary>Id of the secret that holds the key of its bytes; null: they are plain, or it is older than the key manager.</summary>
    public string? KeyId { get; init; }

    /// <summary>The key of one that is older than the key manager, sealed by its project's key.</summary>
    public byte[]? SealedKey { get; init; }

    public bool Encrypted => KeyId is not null || SealedKey is not null;

    public bool Bootable { get; init; }

    /// <summary>0: nobody said whether it may be written; 1: it may not; 2: it was said that it may.</summary>
    public long ReadOnly { get; init; }

    public bool MayNotBeWritten => ReadOnly == 1;

    /// <summary>Several servers may have it at once, as its type said when it was made.</summary>
    public bool Multiattach { get; init; }

    /// <summary>A JSON object of texts.</summary>
    public string Metadata { get; init; } = "{}";

    /// <summary>What is known of the image that it was made of; null: it was made of none.</summary>
    public string? ImageMetadata { get; init; }

    /// <summary>The node that keeps it, or that made it where several reach it; null: not chosen yet.</summary>
    public string? NodeId { get; init; }

    /// <summary>Name of its backend on that node.</summary>
    public string? Backend { get; init; }

    /// <summary>The node where it is wanted, because its server is there; null: any.</summary>
    public string? WantedNode { get; init; }

    public string? GroupId { get; init; }

    /// <summary>The backup that it is being made of; null: none, or not any more.</summary>
    public string? BackupId { get; init; }

    public bool Deleting { get; init; }

    /// <summary>Why it is in an error state.</summary>
    public string? Message { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>0: never.</summary>
    public long UpdatedAt { get; init; }

    public long LaunchedAt { get; init; }

    public Dictionary<string, string> Pairs() => VolumeJson.Texts(Metadata);

    public Dictionary<string, string> ImagePairs() => VolumeJson.Texts(ImageMetadata);

    public VolumeDocument Document() => new(
        Id, ProjectId, UserId, Name, Description, Status, SizeGib, WantedGib, Zone, TypeId, SnapshotId, SourceVolumeId, Generation, Encrypted, Bootable,
        MayNotBeWritten, Multiattach, Pairs(), NodeId, Backend, Message);
}

/// <summary>A volume as the journal keeps it: without its key.</summary>
internal sealed record VolumeDocument(
    string Id, string ProjectId, string UserId, string? Name, string? Description, string Status, long SizeGib, long WantedGib, string Zone, string TypeId,
    string? SnapshotId, string? SourceVolumeId, long Generation, bool Encrypted, bool Bootable, bool ReadOnly, bool Multiattach,
    Dictionary<string, string> Metadata, string? NodeId, string? Backend, string? Message);

/// <summary>The states of volumes, in the API's words, and what may be done in them.</summary>
internal static class VolumeStates
{
    public const string Creating = "creating";
    public const string Available = "available";
    public const string Reserved = "reserved";
    public const string Attaching = "attaching";
    public const string Detaching = "detaching";
    public const string InUse = "in-use";
    public const string Extending = "extending";
    public const string Uploading = "uploading";
    public const string Reverting = "reverting";
    public const string Downloading = "downloading";
    public const string AwaitingTransfer = "awaiting-transfer";
    public const string Deleting = "deleting";
    public const string Error = "error";
    public const string ErrorDeleting = "error_deleting";
    public const string ErrorExtending = "error_extending";
    public const string Maintenance = "maintenance";
    public const string BackingUp = "backing-up";
    public const string RestoringBackup = "restoring-backup";
    public const string ErrorRestoring = "error_restoring";
    public const string Managing = "managing";
    public const string ErrorManaging = "error_managing";

    /// <summary>What an administrator may set.</summary>
    public static readonly FrozenSet<string> Settable = FrozenSet.Create(
        StringComparer.Ordinal, Creating, Available, Deleting, Error, ErrorDeleting, ErrorExtending, Attaching, Detaching, InUse, Maintenance, Reserved,
        Extending, AwaitingTransfer, BackingUp, RestoringBackup, "error_backing-up", ErrorRestoring, ErrorManaging, Managing, Downloading, Uploading,
        "retyping");

    /// <summary>States out of which it may be deleted by its owner.</summary>
    public static readonly FrozenSet<string> Deletable = FrozenSet.Create(
        StringComparer.Ordinal, Available, Error, ErrorDeleting, ErrorExtending, ErrorRestoring, ErrorManaging);

    /// <summary>States in which the first content is being made.</summary>
    public static bool Beginning(string status) => status is Creating;

    /// <summary>A new volume whose first content is not there yet.</summary>
    public static bool Unmade(VolumeRow row) => row.Status is Creating or Managing || (row.Status == RestoringBackup && row.LaunchedAt == 0);
}
