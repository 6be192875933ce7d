using System.Collections.Frozen;
using Sovereign.KeyManager.Acls;

namespace Sovereign.KeyManager.Secrets;

/// <summary>A secret; its payload is sealed with the key of its project.</summary>
internal sealed record SecretRow : IGuarded
{
    public const string Kind = "key-secret";
    public static readonly FrozenSet<string> Types = FrozenSet.Create("symmetric", "passphrase", "private", "public", "certificate", "opaque");

    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string CreatorId { get; init; } = "";

    public string? Name { get; init; }

    public string SecretType { get; init; } = "opaque";

    public string? Algorithm { get; init; }

    public long? BitLength { get; init; }

    public string? Mode { get; init; }

    /// <summary>Of the payload, in its plain form ("text/plain"); null: it has no payload yet.</summary>
    public string? ContentType { get; init; }

    public byte[]? Sealed { get; init; }

    /// <summary>Microseconds UTC; null: never.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>The user's pairs as a JSON object.</summary>
    public string Metadata { get; init; } = "{}";

    /// <summary>The resource of the cloud whose key it is and with which alone it goes ("volume ID"); null: it is the user's.</summary>
    public string? KeptFor { get; init; }

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public SecretDocument Document() =>
        new(Id, ProjectId, CreatorId, Name, SecretType, Algorithm, BitLength, Mode, ContentType, ExpiresAt, KeptFor);

    /// <summary>Without the sealed bytes.</summary>
    public override string ToString() => $"secret {Id}";
}

/// <summary>A secret as the journal keeps it: never its payload, and no user's pairs.</summary>
internal sealed record SecretDocument(
    string Id, string ProjectId, string CreatorId, string? Name, string SecretType, string? Algorithm, long? BitLength, string? Mode, string? ContentType,
    long? ExpiresAt, string? KeptFor);

/// <summary>Media types of payloads, and how they come and go.</summary>
internal static class PayloadTypes
{
    public const string Text = "text/plain";
    public const string Binary = "application/octet-stream";
    public const string Pkcs8 = "application/pkcs8";
    public const string Supported = "['text/plain', 'text/plain;charset=utf-8', 'text/plain; charset=utf-8', 'application/octet-stream', 'application/pkcs8']";

    /// <summary>The plain form of a media type; null: payloads can't have it.</summary>
    public static string? Plain(string mediaType)
    {
        var parts = mediaType.Split(';', StringSplitOptions.TrimEntries);
        var plain = parts[0].ToLowerInvariant();
        if (plain is not (Text or Binary or Pkcs8)) return null;
        if (parts.Length == 1) return plain;
        var pair = parts[1].Split('=', StringSplitOptions.TrimEntries);
        return pair.Length == 2 && pair[1].Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? plain : null;
    }

    /// <summary>The bytes of base64 text, with or without line ends; null: it is none.</summary>
    public static byte[]? FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
