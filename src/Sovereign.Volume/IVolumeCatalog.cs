using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Volume;

/// <summary>A volume as compute's old routes show it.</summary>
/// <param name="Type">Name of its type.</param>
/// <param name="CreatedAt">Microseconds since 1970, UTC.</param>
/// <param name="Attachments">Those that a server has.</param>
public sealed record VolumeRecord(
    VolumeInfo Volume, string? Description, string? Type, string? SnapshotId, IReadOnlyDictionary<string, string> Metadata, long CreatedAt,
    IReadOnlyList<VolumeAttachmentInfo> Attachments);

/// <summary>A snapshot as compute's old routes show it.</summary>
/// <param name="CreatedAt">Microseconds since 1970, UTC.</param>
public sealed record VolumeSnapshotRecord(VolumeSnapshotInfo Snapshot, string? Name, string? Description, long CreatedAt);

/// <summary>Volumes for compute's old routes (Compute API reference, "Volume extension (DEPRECATED)"). What the caller may not know of is not found.</summary>
public interface IVolumeCatalog
{
    Outcome<VolumeRecord> Show(AccessGrant access, string id);

    /// <summary>Of the caller's project, the newest first.</summary>
    IReadOnlyList<VolumeRecord> List(AccessGrant access, int offset, int limit);

    Task<Outcome<VolumeRecord>> Create(AccessGrant access, VolumeOrder order, CancellationToken stop);

    Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop);

    Outcome<VolumeSnapshotRecord> ShowSnapshot(AccessGrant access, string id);

    /// <summary>Of the caller's project, the newest first.</summary>
    IReadOnlyList<VolumeSnapshotRecord> ListSnapshots(AccessGrant access, int offset, int limit);

    /// <param name="force">True: also of a volume that is attached.</param>
    Task<Outcome<VolumeSnapshotRecord>> CreateSnapshot(
        AccessGrant access, string volumeId, string? name, string? description, bool force, CancellationToken stop);

    Task<Outcome<Done>> DeleteSnapshot(AccessGrant access, string id, CancellationToken stop);
}
