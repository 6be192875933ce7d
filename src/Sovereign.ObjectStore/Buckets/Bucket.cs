using System.Buffers;
using System.Net;

namespace Sovereign.ObjectStore.Buckets;

/// <summary>A bucket of S3, which is a container of Swift. Names are one space per project; those that S3 can say are moreover one space in the whole cloud.</summary>
internal sealed record Bucket
{
    public const string Kind = "bucket";

    /// <summary>Its number in this cloud; never used again.</summary>
    public long Number { get; init; }

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>The name under which other projects and anonymous callers find it; null when another project's bucket has it, or S3 can't say it.</summary>
    public string? GlobalName { get; init; }

    /// <summary>The user who made it.</summary>
    public string OwnerId { get; init; } = "";

    public string Versioning { get; init; } = VersioningState.Off;

    public bool LockEnabled { get; init; }

    /// <summary>Current objects, without versions and markers; Swift tells it.</summary>
    public long Objects { get; init; }

    /// <summary>Bytes of current objects.</summary>
    public long Bytes { get; init; }

    /// <summary>Microseconds UTC.</summary>
    public long CreatedAt { get; init; }

    public bool Versioned => Versioning == VersioningState.Enabled;
}

/// <summary>Whether writes make versions. Once on it is only ever suspended.</summary>
internal static class VersioningState
{
    public const string Off = "";
    public const string Enabled = "Enabled";
    public const string Suspended = "Suspended";
}

/// <summary>Names that S3 allows ("Bucket naming rules" of the Amazon S3 user guide).</summary>
internal static class BucketNames
{
    public const int CharactersMin = 3;
    public const int CharactersMax = 63;
    private static readonly SearchValues<char> allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    public static bool IsValid(string name) =>
        name.Length is >= CharactersMin and <= CharactersMax && !name.AsSpan().ContainsAnyExcept(allowed) && char.IsAsciiLetterOrDigit(name[0])
        && char.IsAsciiLetterOrDigit(name[^1]) && !name.Contains("..", StringComparison.Ordinal) && !name.Contains(".-", StringComparison.Ordinal)
        && !name.Contains("-.", StringComparison.Ordinal) && !name.StartsWith("xn--", StringComparison.Ordinal) && !IPAddress.TryParse(name, out _);
}
