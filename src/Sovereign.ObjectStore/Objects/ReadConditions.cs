using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Objects;

/// <summary>Conditional requests (RFC 9110, section 13; the headers of a copy's source have a prefix).</summary>
internal static class ReadConditions
{
    /// <param name="prefix">"" or "x-amz-copy-source-".</param>
    /// <returns>Null when the object is to be sent.</returns>
    public static Fault? Refusal(Func<string, string?> header, string prefix, ObjectRow row)
    {
        var isCopy = prefix.Length > 0;
        var ifMatch = header(prefix + "if-match");
        if (ifMatch is not null && !Matches(ifMatch, row.Etag)) return S3Faults.PreconditionFailed;
        if (ifMatch is null && Time(header(prefix + "if-unmodified-since")) is { } unmodified && Seconds(row.ModifiedAt) > unmodified) return S3Faults.PreconditionFailed;
        var ifNoneMatch = header(prefix + "if-none-match");
        if (ifNoneMatch is not null && Matches(ifNoneMatch, row.Etag)) return isCopy ? S3Faults.PreconditionFailed : S3Faults.NotModified;
        if (ifNoneMatch is null && Time(header(prefix + "if-modified-since")) is { } modified && Seconds(row.ModifiedAt) <= modified)
        {
            return isCopy ? S3Faults.PreconditionFailed : S3Faults.NotModified;
        }

        return null;
    }

    /// <summary>Whether a range may be sent: If-Range names this object (RFC 9110, section 13.1.5).</summary>
    public static bool RangeStands(string? ifRange, ObjectRow row) =>
        ifRange is null || ifRange.Trim('"') == row.Etag || (Time(ifRange) is { } time && Seconds(row.ModifiedAt) == time);

    private static bool Matches(string list, string etag) =>
        list.Split(',').Any(item => item.Trim() is var tag && (tag == "*" || tag.Replace("W/", "", StringComparison.Ordinal).Trim('"') == etag));

    private static long Seconds(long micros) => micros / Micros.PerSecond;

    private static long? Time(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? time.ToUnixTimeSeconds() : null;
}

/// <summary>A range of bytes (RFC 9110, section 14).</summary>
internal readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>Null: no range that is known (then the whole object is sent). A fault: none of the object's bytes.</summary>
    public static Outcome<ByteRange?> Of(string? header, long size)
    {
        const string Unit = "bytes=";
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase)
            || header.Contains(',', StringComparison.Ordinal)) return Outcome.Of<ByteRange?>(null);
        var text = header[Unit.Length..].Trim();
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0) return Outcome.Of<ByteRange?>(null);
        var (first, last) = (text[..dash].Trim(), text[(dash + 1)..].Trim());
        long to = size - 1;
        if (first.Length == 0)
        {
            if (!TryNumber(last, out var count)) return Outcome.Of<ByteRange?>(null);
            return count == 0 || size == 0 ? S3Faults.InvalidRange : Outcome.Of<ByteRange?>(new ByteRange(Math.Max(0, size - count), Math.Min(count, size)));
        }

        if (!TryNumber(first, out var from) || (last.Length > 0 && !TryNumber(last, out to))) return Outcome.Of<ByteRange?>(null);
        if (last.Length > 0 && to < from) return Outcome.Of<ByteRange?>(null);
        return from >= size ? S3Faults.InvalidRange : Outcome.Of<ByteRange?>(new ByteRange(from, Math.Min(to, size - 1) - from + 1));
    }

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
