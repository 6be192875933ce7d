using Sovereign.Node.Contract;

namespace Sovereign.Node.Disks;

/// <summary>Images and root disks of one node. Every call is one idempotent effect: a crash may come before or after it, and it may be made
/// again.</summary>
public interface IDisks
{
    /// <summary>Brings an image into the node's cache, resuming what an earlier try left; refused when its bytes do not have the
    /// digest.</summary>
    /// <param name="open">Opens the image's bytes from an offset.</param>
    Task EnsureImage(string digest, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop);

    Task<bool> HasImage(string digest, CancellationToken stop);

    /// <summary>Where a cached image lies, for what is made from it.</summary>
    string ImagePath(string digest);

    /// <summary>Makes the root disk of a domain that does not run, over its image or as a copy of an older generation, and grows it;
    /// returns what the hypervisor opens. Never makes a generation again that was there before a newer one.</summary>
    Task<string> EnsureOverlay(string domainId, RootDiskSpec root, CancellationToken stop);

    /// <summary>Removes the other generations of the root disk, unless one is to be kept.</summary>
    Task Settle(string domainId, RootDiskSpec root, CancellationToken stop);

    /// <summary>Makes the disk that a domain boots from to be mended, over its image; older ones go. Returns what the hypervisor opens.</summary>
    Task<string> EnsureRescue(string domainId, RootDiskSpec rescue, CancellationToken stop);

    /// <summary>Removes the disks that the domain was booted from to be mended; absent is success.</summary>
    Task DropRescue(string domainId, CancellationToken stop);

    /// <summary>Makes an empty disk, once; returns what the hypervisor opens.</summary>
    Task<string> EnsureBlank(string domainId, BlankDiskSpec blank, CancellationToken stop);

    /// <summary>Whether the snapshot is whole.</summary>
    Task<bool> HasSnapshot(string id, CancellationToken stop);

    /// <summary>Makes an empty file as large as the root disk, for the hypervisor to copy into; returns it. <see cref="EndSnapshot"/> makes it whole.</summary>
    Task<string> BeginSnapshot(string id, string domainId, RootDiskSpec root, CancellationToken stop);

    /// <summary>Copies the root disk of a domain that nothing runs into a snapshot, and makes it whole.</summary>
    Task CopyRoot(string id, string domainId, RootDiskSpec root, CancellationToken stop);

    /// <summary>What the hypervisor copied is whole.</summary>
    Task EndSnapshot(string id, CancellationToken stop);

    /// <summary>Opens a whole snapshot, one qcow2 file that stands for itself.</summary>
    Task<Stream> OpenSnapshot(string id, CancellationToken stop);

    /// <summary>Removes a snapshot, whole or not; absent is success.</summary>
    Task DropSnapshot(string id, CancellationToken stop);

    /// <summary>Opens a disk of a domain that nothing runs as it travels to another node.</summary>
    /// <param name="name">"root", or an empty disk's name.</param>
    Task<Stream> OpenPacked(string carry, string domainId, RootDiskSpec? root, string name, CancellationToken stop);

    /// <summary>Removes what <see cref="OpenPacked"/> needed; absent is success.</summary>
    Task DropPacked(string carry, CancellationToken stop);

    /// <summary>Makes a disk of what another node sent, once, resuming what an earlier try left; refused when the bytes do not have the digest. The root disk's
    /// image is here already.</summary>
    Task EnsureCarried(string domainId, RootDiskSpec? root, CarriedDiskSpec disk, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop);

    /// <summary>Whether a root disk of the domain is there, of any generation.</summary>
    Task<bool> HasOverlay(string domainId, CancellationToken stop);

    /// <summary>Removes a domain's disks; absent is success.</summary>
    Task Remove(string domainId, CancellationToken stop);

    /// <summary>Ids of the domains that have disks here.</summary>
    Task<IReadOnlyList<string>> List(CancellationToken stop);

    /// <summary>Removes cached images that no disk stands on and nobody wants; returns how many.</summary>
    Task<int> Reclaim(IReadOnlySet<string> wanted, CancellationToken stop);
}
