using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image;

/// <summary>An image as compute's old routes show it.</summary>
/// <param name="SizeBytes">Null until the content is there.</param>
/// <param name="CreatedAt">Microseconds since 1970, UTC.</param>
/// <param name="UpdatedAt">Microseconds since 1970, UTC.</param>
public sealed record ImageRecord(ImageInfo Image, long? SizeBytes, long CreatedAt, long UpdatedAt);

/// <summary>What compute's old routes narrow a list of images by; null does not narrow.</summary>
/// <param name="ChangedSince">Microseconds since 1970, UTC.</param>
/// <param name="MinDiskGib">Exactly this, as the original compares.</param>
/// <param name="MinRamMib">Exactly this, as the original compares.</param>
/// <param name="Properties">All of these.</param>
public sealed record ImageNarrowing(
    string? Name, string? Status, long? ChangedSince, long? MinDiskGib, long? MinRamMib, IReadOnlyDictionary<string, string> Properties);

/// <summary>Images for compute's old routes (Compute API reference, "Images (DEPRECATED)"). What the caller may not know of is not found.</summary>
public interface IImageCatalog
{
    /// <summary>One image.</summary>
    Outcome<ImageRecord> Show(AccessGrant access, string id);

    /// <summary>A page, the newest first, and whether more follow. Fault: Invalid when the marker names nothing in the list.</summary>
    Outcome<(IReadOnlyList<ImageRecord> Images, bool More)> List(AccessGrant access, ImageNarrowing narrowing, string? marker, int limit);

    /// <summary>Changes the properties by a function of what they were. Faults: NotFound, Forbidden for what is another project's.</summary>
    Task<Outcome<ImageRecord>> SetProperties(
        AccessGrant access, string id, Func<IReadOnlyDictionary<string, string>, Outcome<IReadOnlyDictionary<string, string>>> change, CancellationToken stop);

    /// <summary>Deletes an image. Faults: NotFound, Forbidden when it is protected or another project's.</summary>
    Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop);
}
