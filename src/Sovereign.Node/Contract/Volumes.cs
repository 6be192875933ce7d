namespace Sovereign.Node.Contract;

/// <summary>A volume as the node that keeps it needs it. It is made once; a larger size grows it.</summary>
/// <param name="Backend">Name of the backend among <see cref="NodeFacts.Backends"/>.</param>
/// <param name="SizeBytes">What a guest sees, whole GiB.</param>
public sealed record VolumeSpec(string Id, string ProjectId, string Backend, long SizeBytes)
{
    /// <summary>What it begins as; null: zeros.</summary>
    public VolumeSourceSpec? Source { get; init; }

    /// <summary>What its bytes are encrypted with (LUKS): 32 bytes in hexadecimal digits; null: they are plain.</summary>
    public string? Key { get; init; }

    /// <summary>Rises when its content is to be made anew from <see cref="Source"/> (revert to a snapshot, restore of a backup, another image).</summary>
    public int Generation { get; init; }

    /// <summary>True: another node makes it, grows it and removes it; this one opens it.</summary>
    public bool KeptElsewhere { get; init; }
}

/// <summary>What a volume begins as: exactly one of these.</summary>
public sealed record VolumeSourceSpec
{
    public VolumeImageSpec? Image { get; init; }

    /// <summary>A volume of the same backend, as it is when this one is made.</summary>
    public string? VolumeId { get; init; }

    /// <summary>A snapshot of the same backend.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>What the control plane keeps: a whole content, then what changed since, in the order in which they were taken.</summary>
    public IReadOnlyList<KeptContentSpec>? Contents { get; init; }
}

/// <summary>An image of the image service, by the SHA-256 of its bytes.</summary>
/// <param name="Format">"qcow2" or "raw".</param>
public sealed record VolumeImageSpec(string Digest, string Format, long Bytes);

/// <summary>Bytes that a node sent under a content item's id and that the control plane kept.</summary>
/// <param name="Digest">SHA-256 of the bytes as they travel.</param>
public sealed record KeptContentSpec(string Id, string Digest, long Bytes);

/// <summary>A volume as it is at one moment, kept by its backend beside it, whether or not a guest runs on it.</summary>
/// <param name="Freeze">True: the guest's agent, when it answers, brings its file systems to rest meanwhile.</param>
public sealed record VolumeSnapshotSpec(string Id, string VolumeId, bool Freeze)
{
    /// <summary>Snapshots that are taken at one moment, this one among them: by their ids, the volume of each; null: it is alone.</summary>
    public IReadOnlyDictionary<string, string>? Together { get; init; }
}

/// <summary>The bytes of a volume (nobody uses it) or a snapshot, sent to the control plane under the item's id: for an image or a backup.</summary>
/// <param name="SinceSnapshotId">Only what changed since this snapshot of the same volume; null: all.</param>
/// <param name="Format">"raw" or "qcow2" for an image; "backup" for a backup, which holds what is not zero, or changed.</param>
public sealed record VolumeContentSpec(string Id, string? VolumeId, string? SnapshotId, string? SinceSnapshotId, string Format);

/// <summary>A running domain goes on with another volume, to which its present one is copied; present when it has.</summary>
/// <param name="VolumeId">A disk of the domain's spec, until the control plane says otherwise.</param>
/// <param name="NextId">A volume at least as large, on this node.</param>
public sealed record VolumeSwapSpec(string Id, string DomainId, string VolumeId, string NextId);

/// <summary>A volume as a disk of a domain on this node; the node has its <see cref="VolumeSpec"/>.</summary>
/// <param name="Id">Id of the attachment.</param>
/// <param name="Device">The name that was asked for or chosen ("/dev/vdb"); says the order of the disks.</param>
/// <param name="Bus">"virtio", "scsi" or "ide".</param>
/// <param name="BootIndex">0: it boots from this one; null: it is not for booting.</param>
public sealed record VolumeDiskSpec(string Id, string VolumeId, string Device, string Bus, bool ReadOnly, int? BootIndex)
{
    /// <summary>Several domains may have it at once.</summary>
    public bool Shared { get; init; }

    /// <summary>How fast it may be; null: as fast as it can.</summary>
    public DiskRatesSpec? Rates { get; init; }
}

/// <summary>Limits of a disk, in bytes and operations a second; null: none.</summary>
public sealed record DiskRatesSpec(
    long? TotalBytes, long? ReadBytes, long? WriteBytes, long? TotalIops, long? ReadIops, long? WriteIops);

/// <summary>A place of a node where volumes are.</summary>
/// <param name="Name">"files" (qcow2 in the state directory), or the name of a configured one.</param>
/// <param name="Driver">"qcow2" or "rbd".</param>
/// <param name="Shared">True: every node that names it reaches the same volumes.</param>
/// <param name="Place">What tells a shared place from another ("cluster/pool"); "" for one of this node alone.</param>
public sealed record BackendFacts(string Name, string Driver, bool Shared, string Place, long TotalGib, long FreeGib);
