using Sovereign.ObjectStore.Contents;

namespace Sovereign.ObjectStore.Objects;

/// <summary>One version of an object, or a marker that it was deleted.</summary>
internal sealed record ObjectRow
{
    /// <summary>Version id of what is written while versioning is off or suspended.</summary>
    public const string NullVersion = "null";

    /// <summary>Longest key, bytes of UTF-8.</summary>
    public const int NameBytesMax = 1024;

    public long Bucket { get; init; }

    /// <summary>The key.</summary>
    public string Name { get; init; } = "";

    /// <summary>Rises with each write of this key.</summary>
    public long Version { get; init; }

    public string VersionId { get; init; } = NullVersion;

    public bool Latest { get; init; } = true;

    public bool Marker { get; init; }

    /// <summary>Bytes as the client sees them.</summary>
    public long Size { get; init; }

    /// <summary>Without quotes.</summary>
    public string Etag { get; init; } = "";

    /// <summary>Microseconds UTC.</summary>
    public long ModifiedAt { get; init; }

    public string OwnerId { get; init; } = "";

    /// <summary>Name of its content; null for a marker, an empty object and one that is of parts.</summary>
    public string? Content { get; init; }

    /// <summary>CRC-32C of the content as it is stored.</summary>
    public long Crc { get; init; }

    /// <summary>The upload whose parts are its content; null for one that came in one request.</summary>
    public string? UploadId { get; init; }

    /// <summary>Headers that are kept with it, as JSON: <see cref="KeptHeaders"/>.</summary>
    public string Headers { get; init; } = "{}";

    /// <summary>Tags as they are sent in a header (a query string); null for none.</summary>
    public string? Tags { get; init; }

    public long SumKind { get; init; }

    /// <summary>Base64 as it is shown, "-" and the number of parts behind it for one of parts; null for none.</summary>
    public string? Sum { get; init; }

    /// <summary>How it is encrypted (<see cref="Sealing.ObjectSealing"/>); null: as it came.</summary>
    public string? Sealing { get; init; }

    /// <summary>"GOVERNANCE" or "COMPLIANCE"; null: no retention.</summary>
    public string? LockMode { get; init; }

    /// <summary>Microseconds UTC.</summary>
    public long? RetainUntil { get; init; }

    public bool LegalHold { get; init; }

    /// <summary>Canned or granted access beyond the owner's; null: private.</summary>
    public string? Acl { get; init; }

    public ChecksumKind Checksum => (ChecksumKind)SumKind;
}

/// <summary>A part of an upload, and when that is complete of an object.</summary>
internal sealed record PartRow
{
    public string UploadId { get; init; } = "";

    public long Number { get; init; }

    /// <summary>Null for a part without bytes.</summary>
    public string? Content { get; init; }

    public long Size { get; init; }

    public string Etag { get; init; } = "";

    public long Crc { get; init; }

    public string? Sum { get; init; }

    public long ModifiedAt { get; init; }

    public string? Sealing { get; init; }
}

/// <summary>A multipart upload under way.</summary>
internal sealed record UploadRow
{
    public string Id { get; init; } = "";

    public long Bucket { get; init; }

    public string Name { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public long BegunAt { get; init; }

    public string Headers { get; init; } = "{}";

    public string? Tags { get; init; }

    public long SumKind { get; init; }

    public string? Sealing { get; init; }

    public string? LockMode { get; init; }

    public long? RetainUntil { get; init; }

    public bool LegalHold { get; init; }

    public string? Acl { get; init; }

    public ChecksumKind Checksum => (ChecksumKind)SumKind;
}
