using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Contents;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Objects;

/// <summary>Headers of objects: what a request gives an object, and what an answer tells of it.</summary>
internal static class ObjectHeaders
{
    private const int TagsMax = 10;
    private const int TagNameCharactersMax = 128;
    private const int TagValueCharactersMax = 256;
    private static readonly string[] classes = ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];

    /// <summary>The headers to keep.</summary>
    public static Outcome<Dictionary<string, string>> Read(S3Call call)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        var bytes = 0;
        foreach (var (name, values) in call.Request.Headers)
        {
            var lower = name.ToLowerInvariant();
            if (lower.StartsWith(KeptHeaders.MetaPrefix, StringComparison.Ordinal))
            {
                var value = values.ToString();
                bytes += Encoding.UTF8.GetByteCount(lower) - KeptHeaders.MetaPrefix.Length + Encoding.UTF8.GetByteCount(value);
                kept[lower] = value;
            }
            else if (KeptHeaders.Standard.Contains(lower))
            {
                kept[lower] = values.ToString();
            }
        }

        if (bytes > KeptHeaders.MetaBytesMax) return S3Faults.MetadataTooLarge;
        if (kept.TryGetValue(KeptHeaders.StorageClass, out var storage) && !classes.Contains(storage))
        {
            return new S3Fault(400, "InvalidStorageClass", "The storage class you specified is not valid");
        }

        if (storage == "STANDARD") kept.Remove(KeptHeaders.StorageClass);
        // The framing of a chunked body is not part of its representation.
        if (kept.TryGetValue("content-encoding", out var encoding) && encoding.Contains("aws-chunked", StringComparison.Ordinal))
        {
            var rest = string.Join(',', encoding.Split(',', StringSplitOptions.TrimEntries).Where(part => part is not ("aws-chunked" or "")));
            if (rest.Length == 0) kept.Remove("content-encoding");
            else kept["content-encoding"] = rest;
        }

        return kept;
    }

    /// <summary>Tags of the header, a query string; null: none are given.</summary>
    public static Outcome<string?> Tags(string? header)
    {
        if (string.IsNullOrEmpty(header)) return Outcome.Of<string?>(null);
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var part in header.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = S3Request.Decode((equals < 0 ? part : part[..equals]).Replace('+', ' '));
            var value = equals < 0 ? "" : S3Request.Decode(part[(equals + 1)..].Replace('+', ' '));
            if (name is null || value is null)
                return S3Faults.InvalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.");
            pairs.Add(new(name, value));
        }

        return Tags(pairs, TagsMax);
    }

    /// <summary>Tags as they are kept, or what is wrong with them.</summary>
    /// <param name="tagsMax">10 for objects, 50 for buckets.</param>
    public static Outcome<string?> Tags(IReadOnlyList<KeyValuePair<string, string>> pairs, int tagsMax)
    {
        if (pairs.Count > tagsMax) return new S3Fault(400, "BadRequest", $"Object tags cannot be greater than {tagsMax}");
        if (pairs.Select(pair => pair.Key).Distinct(StringComparer.Ordinal).Count() < pairs.Count) return Invalid("Cannot provide multiple Tags with the same key");
        foreach (var (name, value) in pairs)
        {
            if (name.Length is 0 or > TagNameCharactersMax) return Invalid("The TagKey you have provided is invalid");
            if (value.Length > TagValueCharactersMax) return Invalid("The TagValue you have provided is invalid");
        }

        return Outcome.Of<string?>(string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")));

        static S3Fault Invalid(string message) => new(400, "InvalidTag", message);
    }

    /// <summary>Kept tags as pairs, in their order.</summary>
    public static List<KeyValuePair<string, string>> TagPairs(string? kept) => (kept ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part =>
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return new KeyValuePair<string, string>(Uri.UnescapeDataString(part[..equals]), Uri.UnescapeDataString(part[(equals + 1)..]));
    }).ToList();

    /// <summary>What an answer tells of an object.</summary>
    public static S3Answer Describe(this S3Answer answer, ObjectRow row, bool withSum)
    {
        answer.With("ETag", $"\"{row.Etag}\"").With("Last-Modified", S3Xml.HeaderTime(row.ModifiedAt)).With("Accept-Ranges", "bytes").Version(row);
        foreach (var (name, value) in KeptHeaders.Of(row.Headers))
        {
            var isOwn = KeptHeaders.Standard.Contains(name) || name.StartsWith(KeptHeaders.MetaPrefix, StringComparison.Ordinal);
            if (isOwn && name != KeptHeaders.ContentType) answer.With(name, value);
        }

        if (row.Tags is { Length: > 0 }) answer.With("x-amz-tagging-count", TagPairs(row.Tags).Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (withSum && row.Sum is { } sum) answer.With(row.Checksum.Header(), sum);
        if (row.LockMode is { } mode) answer.With("x-amz-object-lock-mode", mode);
        if (row.RetainUntil is { } until) answer.With("x-amz-object-lock-retain-until-date", S3Xml.Time(until));
        if (row.LegalHold) answer.With("x-amz-object-lock-legal-hold", "ON");
        return answer;
    }

    /// <summary>The version's id, where versions are or were kept.</summary>
    public static S3Answer Version(this S3Answer answer, ObjectRow row) => row.VersionId == ObjectRow.NullVersion ? answer
        : answer.With("x-amz-version-id", row.VersionId);
}
