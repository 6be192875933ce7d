using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image;

/// <summary>An image as other services need it.</summary>
/// <param name="Digest">SHA-256 of the content, hex; null until the content is there.</param>
/// <param name="DiskFormat">"qcow2" or "raw" for what can be booted here.</param>
/// <param name="VirtualSizeBytes">Size of the disk that the image describes.</param>
/// <param name="MinDiskGib">Smallest root disk in GiB.</param>
/// <param name="MinRamMib">Smallest memory in MiB.</param>
public sealed record ImageInfo(
    string Id, string Name, string ProjectId, string Status, string Visibility, string DiskFormat, string? Digest, long SizeBytes, long VirtualSizeBytes,
    int MinDiskGib, int MinRamMib, IReadOnlyDictionary<string, string> Properties);

/// <summary>What the image service shows other services.</summary>
public interface IImages
{
    /// <summary>The image, if this caller may see it; NotFound otherwise.</summary>
    Outcome<ImageInfo> Find(AccessGrant access, string imageId);

    /// <summary>Opens content by its SHA-256 digest, for nodes; NotFound when no image has it.</summary>
    Outcome<Stream> OpenContent(string digest);
}
