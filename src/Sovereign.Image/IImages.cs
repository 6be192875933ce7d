using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image;

/// <summary>An image as other services need it.</summary>
/// <param name="Digest">SHA-256 of the content, hex; null until the content is there.</param>
/// <param name="DiskFormat">"qcow2" or "raw" for what can be booted here.</param>
/// <param name="VirtualSizeBytes">Size of the disk that the image describes.</param>
/// <param name="MinDiskGib">Smallest root disk in GiB.</param>
/// <param name="MinRamMib">Smallest memory in MiB.</param>
public sealed record ImageInfo(
    string Id, string Name, string ProjectId, string Status, string Visibility, string DiskFormat, string? Digest, long SizeBytes, long VirtualSizeBytes,
    int MinDiskGib, int MinRamMib, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>MD5 of its bytes in hexadecimal digits, for old clients; null: it has none yet.</summary>
    public string? Checksum { get; init; }
}

/// <summary>An image that will be made of a server's disk.</summary>
/// <param name="DiskFormat">Null: qcow2, which is said when the content comes.</param>
/// <param name="MinDiskGib">Smallest root disk in GiB.</param>
/// <param name="MinRamMib">Smallest memory in MiB.</param>
public sealed record DiskImage(string Name, string? DiskFormat, int MinDiskGib, int MinRamMib, IReadOnlyDictionary<string, string> Properties)
{
    /// <summary>True: it has no bytes, its properties say all; it is active at once.</summary>
    public bool Empty { get; init; }
}

/// <summary>What the image service shows other services.</summary>
public interface IImages
{
    /// <summary>For compute's old routes.</summary>
    IImageCatalog Catalog { get; }

    /// <summary>The image, if this caller may see it; NotFound otherwise.</summary>
    Outcome<ImageInfo> Find(AccessGrant access, string imageId);

    /// <summary>Opens content by its SHA-256 digest, for nodes; NotFound when no image has it and nothing stands on it.</summary>
    Outcome<Stream> OpenContent(string digest);

    /// <summary>Content of a removed image stays as long as <paramref name="standsOn"/> says so of its digest: disks that were made of it are but what differs.</summary>
    void KeepFor(Func<Session, string, bool> standsOn);

    /// <summary>Something that stood on this content is gone.</summary>
    void Left(Tx tx, string digest);

    /// <summary>Makes a private image of the caller's project that has no content yet; its id. A fault when its name or properties are not allowed,
    /// or the project has too many.</summary>
    Outcome<string> Announce(Tx tx, AccessGrant access, DiskImage image);

    /// <summary>Takes the content of an announced image, whole or not at all; fine when it has its content. Unavailable while another try is under way.</summary>
    Task<Outcome<Done>> Receive(string imageId, Stream content, CancellationToken stop);

    /// <summary>Sets properties of an image, whoever owns it; absent is fine.</summary>
    void Describe(Tx tx, string imageId, IReadOnlyDictionary<string, string> properties);

    /// <summary>"queued", "saving", "active", …; null when there is no such image.</summary>
    string? StatusOf(Session session, string imageId);

    /// <summary>Removes an image, whoever owns it; absent is fine.</summary>
    void Remove(Tx tx, string imageId);

    /// <summary>Images of a project that have all these properties, the newest first.</summary>
    IReadOnlyList<string> Having(Session session, string projectId, IReadOnlyDictionary<string, string> properties);
}
