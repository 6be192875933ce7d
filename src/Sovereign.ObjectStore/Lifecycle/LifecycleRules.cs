using System.Globalization;
using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.ObjectStore.Objects;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Lifecycle;

/// <summary>One rule of what ends by itself ("Managing the lifecycle of objects"). Days count from midnight UTC after the event, as the original counts them.</summary>
internal sealed record LifecycleRule
{
    private const long MicrosPerDay = 24 * 60 * 60 * Micros.PerSecond;

    public string Id { get; init; } = "";

    public bool Enabled { get; init; }

    public string Prefix { get; init; } = "";

    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Bytes.</summary>
    public long? LargerThan { get; init; }

    /// <summary>Bytes.</summary>
    public long? SmallerThan { get; init; }

    public int? ExpirationDays { get; init; }

    /// <summary>Microseconds UTC.</summary>
    public long? ExpirationDate { get; init; }

    public bool ExpiresMarkers { get; init; }

    public int? NoncurrentDays { get; init; }

    /// <summary>How many noncurrent versions stay whatever their age.</summary>
    public int NewerNoncurrent { get; init; }

    public int? AbortDays { get; init; }

    public bool Covers(string name, long size, string? tags) => name.StartsWith(Prefix, StringComparison.Ordinal) && !(size <= LargerThan) && !(size >= SmallerThan)
        && (Tags.Count == 0 || Tags.All(ObjectHeaders.TagPairs(tags).Contains));

    public bool ExpiresCurrent(long modifiedAt, long now) => (ExpirationDays is { } days && DaysAfter(modifiedAt, days) <= now) || ExpirationDate <= now;

    /// <summary>Midnight UTC after so many days.</summary>
    public static long DaysAfter(long time, int days) => (time + days * MicrosPerDay + MicrosPerDay - 1) / MicrosPerDay * MicrosPerDay;
}

/// <summary>The rules of a bucket's lifecycle document.</summary>
internal static class LifecycleRules
{
    private const int RulesMax = 1000;
    private const int IdCharactersMax = 255;

    public static List<LifecycleRule> Of(string document) => Parse(XElement.Parse(document)).Value;

    public static Fault? Fault(XElement xml) => Parse(xml).Fault;

    private static Outcome<List<LifecycleRule>> Parse(XElement xml)
    {
        var rules = new List<LifecycleRule>();
        foreach (var element in xml.Named("Rule"))
        {
            var rule = Rule(element);
            if (rule.Fault is { } wrong) return wrong;
            rules.Add(rule.Value);
        }

        if (rules.Count is 0 or > RulesMax) return S3Faults.MalformedXml;
        return rules.Where(rule => rule.Id.Length > 0).GroupBy(rule => rule.Id, StringComparer.Ordinal).Any(group => group.Count() > 1)
            ? S3Faults.InvalidArgument("Rule ID must be unique. Found same ID for more than one rule") : rules;
    }

    private static Outcome<LifecycleRule> Rule(XElement element)
    {
        if (element.Named("Transition").Concat(element.Named("NoncurrentVersionTransition")).Any()) return S3Faults.NotImplemented("Transition to another storage class");
        var status = element.Value("Status");
        if (status is not ("Enabled" or "Disabled")) return S3Faults.MalformedXml;
        if (element.Value("ID") is { Length: > IdCharactersMax }) return S3Faults.InvalidArgument($"ID length should not exceed allowed limit of {IdCharactersMax}");
        var filter = element.Named("Filter").FirstOrDefault();
        var inner = filter?.Named("And").FirstOrDefault() ?? filter;
        var (expiration, noncurrent, abort) = (First("Expiration"), First("NoncurrentVersionExpiration"), First("AbortIncompleteMultipartUpload"));
        if (expiration is null && noncurrent is null && abort is null) return S3Faults.InvalidRequest("At least one action needs to be specified in a rule.");
        if (!Days(expiration, "Days", out var days) || !Days(noncurrent, "NoncurrentDays", out var noncurrentDays)
            || !Days(abort, "DaysAfterInitiation", out var abortDays))
        {
            return S3Faults.InvalidArgument("'Days' for an action must be a positive integer");
        }

        long? date = null;
        if (expiration?.Value("Date") is { } text && (date = ObjectLocks.Time(text)) is null) return S3Faults.MalformedXml;
        if (date is not null && days is not null) return S3Faults.MalformedXml;
        if (date is { } time && time % (24 * 60 * 60 * Micros.PerSecond) != 0) return S3Faults.InvalidArgument("'Date' must be at midnight GMT");
        return new LifecycleRule
        {
            Id = element.Value("ID") ?? "", Enabled = status == "Enabled", Prefix = inner?.Value("Prefix") ?? element.Value("Prefix") ?? "",
            Tags = (inner?.Named("Tag") ?? []).Select(tag => new KeyValuePair<string, string>(tag.Value("Key") ?? "", tag.Value("Value") ?? "")).ToList(),
            LargerThan = Size("ObjectSizeGreaterThan"), SmallerThan = Size("ObjectSizeLessThan"), ExpirationDays = days, ExpirationDate = date,
            ExpiresMarkers = expiration?.Value("ExpiredObjectDeleteMarker") == "true", NoncurrentDays = noncurrentDays,
            NewerNoncurrent = int.TryParse(noncurrent?.Value("NewerNoncurrentVersions"), NumberStyles.None, CultureInfo.InvariantCulture, out var newer) ? newer
                : 0, AbortDays = abortDays,
        };

        XElement? First(string name) => element.Named(name).FirstOrDefault();

        long? Size(string name) => long.TryParse(inner?.Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;
    }

    private static bool Days(XElement? action, string name, out int? days)
    {
        days = null;
        if (action?.Value(name) is not { } text) return true;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return false;
        days = number;
        return true;
    }
}
