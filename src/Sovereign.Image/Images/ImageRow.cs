using System.Collections.Frozen;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Images;

/// <summary>An image: what it is, whose it is, and where its bytes are once they are there.</summary>
internal sealed record ImageRow
{
    public const string Kind = "image";
    public const int NameLengthMax = 255;

    /// <summary>Largest number that the API takes for min_disk and min_ram.</summary>
    public const long NumberMax = int.MaxValue;

    public static readonly FrozenSet<string> DiskFormats = FrozenSet.Create(
        StringComparer.Ordinal, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop");

    public static readonly FrozenSet<string> ContainerFormats = FrozenSet.Create(
        StringComparer.Ordinal, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed");

    public static readonly FrozenSet<string> Visibilities = FrozenSet.Create(StringComparer.Ordinal, "public", "private", "shared", "community");

    public string Id { get; init; } = "";

    public string? Name { get; init; }

    /// <summary>Project id.</summary>
    public string Owner { get; init; } = "";

    public string Status { get; init; } = ImageStatus.Queued;

    public string Visibility { get; init; } = "shared";

    public string? DiskFormat { get; init; }

    public string? ContainerFormat { get; init; }

    /// <summary>Bytes; null until they are there.</summary>
    public long? Size { get; init; }

    /// <summary>Bytes of the disk that the image describes; null where it describes none.</summary>
    public long? VirtualSize { get; init; }

    /// <summary>MD5 of the content, hex: for clients that compare it, never for trust.</summary>
    public string? Checksum { get; init; }

    /// <summary>SHA-512 of the content, hex.</summary>
    public string? OsHashValue { get; init; }

    /// <summary>SHA-256 of the content, hex: its address.</summary>
    public string? Digest { get; init; }

    /// <summary>The file below the content directory.</summary>
    public string? ContentFile { get; init; }

    /// <summary>GiB.</summary>
    public long MinDisk { get; init; }

    /// <summary>MiB.</summary>
    public long MinRam { get; init; }

    public bool Protected { get; init; }

    public bool OsHidden { get; init; }

    /// <summary>The upload that may finish this image, while it is saving.</summary>
    public string? UploadId { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }
}

/// <summary>The words of an image's status and which may follow which.</summary>
internal static class ImageStatus
{
    public const string Queued = "queued";
    public const string Saving = "saving";

    /// <summary>Bytes are staged or being staged: an import makes them the image's.</summary>
    public const string Uploading = "uploading";
    public const string Importing = "importing";
    public const string Active = "active";
    public const string Deactivated = "deactivated";

    private static readonly FrozenDictionary<string, string[]> allowed = new Dictionary<string, string[]>
    {
        [Queued] = [Saving, Uploading, Importing, Active],
        [Saving] = [Active, Queued],
        [Uploading] = [Importing, Queued],
        [Importing] = [Active, Queued],
        [Active] = [Deactivated],
        [Deactivated] = [Active],
    }.ToFrozenDictionary();

    /// <summary>True while bytes are under way, whose room is counted for the owner.</summary>
    public static bool TakesBytes(string status) => status is Saving or Uploading or Importing;

    public static Outcome<string> Move(string from, string to) => allowed[from].Contains(to)
        ? to
        : new Fault.Conflict($"Image status transition from {from} to {to} is not allowed");
}

/// <summary>An image with what hangs on it.</summary>
internal sealed record ImageWhole(ImageRow Row, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Tags);
