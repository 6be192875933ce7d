using System.Collections.Frozen;

namespace Sovereign.Image.Tasks;

/// <summary>An import: what was asked, how far it is, and how it went. The API calls it a task.</summary>
internal sealed record TaskRow
{
    /// <summary>Kind of its due work and of its journal entries.</summary>
    public const string Kind = "image_task";
    public const string TypeOfImport = "api_image_import";

    /// <summary>How long a finished task is told of.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(48);

    public string Id { get; init; } = "";

    public string ImageId { get; init; } = "";

    public string Type { get; init; } = TypeOfImport;

    public string Status { get; init; } = TaskStatuses.Pending;

    /// <summary>Project id.</summary>
    public string Owner { get; init; } = "";

    public string UserId { get; init; } = "";

    public string RequestId { get; init; } = "";

    /// <summary>"web-download", …</summary>
    public string Method { get; init; } = "";

    /// <summary>Whence: a URI, the name of a file, or nothing.</summary>
    public string Source { get; init; } = "";

    public string Message { get; init; } = "";

    public string Phase { get; init; } = TaskPhases.Fetch;

    /// <summary>The file in the staging directory.</summary>
    public string File { get; init; } = "";

    /// <summary>What the source said of its content's version: a download goes on only where this still holds.</summary>
    public string? Validator { get; init; }

    /// <summary>The content file that the bytes become; set before they are moved.</summary>
    public string? Target { get; init; }

    /// <summary>Format of the staged bytes.</summary>
    public string DiskFormat { get; init; } = "";

    /// <summary>Tries in a row that brought no byte more.</summary>
    public long Tries { get; init; }

    /// <summary>Bytes; before they are hashed, those that the last try had.</summary>
    public long? Size { get; init; }

    public long? VirtualSize { get; init; }

    public string? Md5 { get; init; }

    public string? Sha256 { get; init; }

    public string? Sha512 { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    /// <summary>When it is forgotten; null while it is at work.</summary>
    public long? ExpiresAt { get; init; }
}

/// <summary>The words of a task's status.</summary>
internal static class TaskStatuses
{
    public const string Pending = "pending";
    public const string Processing = "processing";
    public const string Success = "success";
    public const string Failure = "failure";

    public static readonly FrozenSet<string> All = FrozenSet.Create(StringComparer.Ordinal, Pending, Processing, Success, Failure);
}

/// <summary>How far an import is; each phase ends with a commit and can be begun again.</summary>
internal static class TaskPhases
{
    /// <summary>Bytes come into the staging directory.</summary>
    public const string Fetch = "fetch";

    /// <summary>They are looked into, and converted where that is configured.</summary>
    public const string Inspect = "inspect";

    /// <summary>They become the image's content.</summary>
    public const string Keep = "keep";
    public const string Done = "done";
}
