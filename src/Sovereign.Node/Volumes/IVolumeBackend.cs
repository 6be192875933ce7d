using Sovereign.Node.Contract;

namespace Sovereign.Node.Volumes;

/// <summary>A place of one node where volumes are. Every call is one idempotent effect: a crash may come before or after it, and it may be made again.</summary>
public interface IVolumeBackend
{
    /// <summary>True: other nodes reach the same volumes.</summary>
    bool Shared { get; }

    Task<BackendFacts> Facts(CancellationToken stop);

    /// <summary>Makes the volume in its generation, once, and grows one that no domain has open. What it begins as from a volume is that volume's snapshot that
    /// has the new volume's id.</summary>
    Task Ensure(VolumeSpec volume, VolumeMaterial material, CancellationToken stop);

    /// <summary>How the hypervisor opens the volume now; null: it is not there in its generation.</summary>
    Task<VolumePlace?> Open(VolumeSpec volume, CancellationToken stop);

    /// <summary>Does what takes time before a snapshot can be made; the volume stays as it is.</summary>
    Task PrepareSnapshot(VolumeSpec volume, string snapshotId, CancellationToken stop);

    /// <summary>Keeps what the volume is now, in constant time. A domain that has the volume open writes to what <see cref="Open"/> says from now on: the
    /// snapshot is whole when it does.</summary>
    Task Snapshot(VolumeSpec volume, string snapshotId, CancellationToken stop);

    /// <summary>Whether <see cref="Snapshot"/> was done.</summary>
    Task<bool> HasSnapshot(string volumeId, string snapshotId, CancellationToken stop);

    /// <summary>Forgets a snapshot; what stands on it stays. Absent is success.</summary>
    Task DropSnapshot(string volumeId, string snapshotId, CancellationToken stop);

    /// <summary>Removes a volume without snapshots; what was made from it stays. Absent is success.</summary>
    Task Remove(string volumeId, CancellationToken stop);

    /// <summary>Ids of the volumes that are here.</summary>
    Task<IReadOnlyList<string>> List(CancellationToken stop);

    /// <summary>Opens the bytes of a volume that no domain has open, or of a snapshot of it, in the content's format.</summary>
    Task<Stream> OpenContent(VolumeContentSpec content, VolumeSpec volume, CancellationToken stop);

    /// <summary>Removes what <see cref="OpenContent"/> needed; absent is success.</summary>
    Task DropContent(string id, CancellationToken stop);
}

/// <summary>What a new volume is made of.</summary>
/// <param name="ImagePath">The cached file of the image; null: it begins as something else.</param>
/// <param name="From">The volume that it, or the snapshot, is of.</param>
/// <param name="OpenKept">Opens a kept content; what breaks on the way goes on where it broke.</param>
public sealed record VolumeMaterial(
    string? ImagePath, VolumeSpec? From, Func<KeptContentSpec, CancellationToken, Task<Stream>>? OpenKept)
{
    public static readonly VolumeMaterial None = new(null, null, null);
}

/// <summary>A volume as QEMU opens it.</summary>
/// <param name="Head">Rises with every snapshot that moves the writing to another place; 0 where none does.</param>
/// <param name="Node">JSON of its block node, without a name, over all that it stands on.</param>
/// <param name="NodeAlone">JSON of its block node without what it stands on, for a domain that has that open; null: writing never moves.</param>
/// <param name="Key">Pass phrase of its secret, whose id is <see cref="VolumeNames.Secret"/>; null: its bytes are plain.</param>
/// <param name="Files">Files that QEMU's user opens.</param>
public sealed record VolumePlace(string VolumeId, int Head, long SizeBytes, string Node, string? NodeAlone, string? Key, IReadOnlyList<string> Files);

/// <summary>Names of a volume's parts in a QEMU: node names have at most 31 characters.</summary>
public static class VolumeNames
{
    private const int ShortChars = 20;

    public static string Secret(string volumeId) => "key-" + Short(volumeId);

    /// <summary>The device that a guest sees.</summary>
    public static string Device(string volumeId) => "vol-" + volumeId;

    /// <summary>Start of the names of the volume's block nodes.</summary>
    public static string NodePrefix(string volumeId) => $"v-{Short(volumeId)}-";

    private static string Short(string volumeId)
    {
        var plain = volumeId.Replace("-", "", StringComparison.Ordinal);
        return plain[..Math.Min(plain.Length, ShortChars)];
    }
}
