using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Policies;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Settings;

/// <summary>One rule that lets pages of other origins use a bucket ("Using cross-origin resource sharing").</summary>
internal sealed record CorsRule(IReadOnlyList<string> Origins, IReadOnlyList<string> Methods, IReadOnlyList<string> Headers, IReadOnlyList<string> Exposed,
    int? SecondsMax)
{
    /// <summary>The allowed origin that fits; null: none does.</summary>
    public string? OriginFor(string origin) => Origins.FirstOrDefault(allowed => Fits(allowed, origin));

    public bool AllowsHeaders(IEnumerable<string> names) => names.All(name => Headers.Any(allowed => Fits(allowed.ToLowerInvariant(), name.ToLowerInvariant())));

    private static bool Fits(string pattern, string text) =>
        Regex.IsMatch(text, PolicyDocument.Wildcard(pattern), RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}

/// <summary>The rules of a bucket.</summary>
internal static class CorsRules
{
    private const int RulesMax = 100;
    private static readonly string[] methods = ["GET", "PUT", "POST", "DELETE", "HEAD"];

    public static List<CorsRule> Of(string? document) => document is null ? [] : Parse(XElement.Parse(document)).Value;

    public static Fault? Fault(XElement xml) => Parse(xml).Fault;

    /// <summary>The first rule that fits a request; null: none does.</summary>
    /// <param name="headers">Names that a preflight asks for.</param>
    public static CorsRule? For(string? document, string origin, string method, IReadOnlyList<string> headers) =>
        Of(document).Find(rule => rule.OriginFor(origin) is not null && rule.Methods.Contains(method) && rule.AllowsHeaders(headers));

    /// <summary>Tells the browser what the rule allows.</summary>
    public static void Tell(S3Answer answer, CorsRule rule, string origin)
    {
        var allowed = rule.OriginFor(origin)!;
        answer.With("Access-Control-Allow-Origin", allowed == "*" ? "*" : origin).With("Access-Control-Allow-Methods", string.Join(", ", rule.Methods));
        if (allowed != "*") answer.With("Access-Control-Allow-Credentials", "true");
        if (rule.Exposed.Count > 0) answer.With("Access-Control-Expose-Headers", string.Join(", ", rule.Exposed));
        if (rule.SecondsMax is { } seconds) answer.With("Access-Control-Max-Age", seconds.ToString(CultureInfo.InvariantCulture));
        answer.With("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    }

    private static Outcome<List<CorsRule>> Parse(XElement xml)
    {
        var rules = new List<CorsRule>();
        foreach (var element in xml.Named("CORSRule"))
        {
            var (origins, allowed, headers, exposed) = (Texts(element, "AllowedOrigin"), Texts(element, "AllowedMethod"), Texts(element, "AllowedHeader"),
                Texts(element, "ExposeHeader"));
            if (origins.Count == 0 || allowed.Count == 0) return S3Faults.MalformedXml;
            if (allowed.Find(method => !methods.Contains(method)) is { } unknown)
                return S3Faults.InvalidRequest($"Found unsupported HTTP method in CORS config. Unsupported method is {unknown}");
            if (origins.Concat(headers).FirstOrDefault(text => text.Count(character => character == '*') > 1) is { } wild)
            {
                return S3Faults.InvalidRequest($"AllowedOrigin or AllowedHeader \"{wild}\" can not have more than one wildcard.");
            }

            int? seconds = null;
            if (element.Value("MaxAgeSeconds") is { } text)
            {
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return S3Faults.MalformedXml;
                seconds = number;
            }

            rules.Add(new CorsRule(origins, allowed, headers, exposed, seconds));
        }

        return rules.Count is 0 or > RulesMax ? S3Faults.MalformedXml : rules;
    }

    private static List<string> Texts(XElement element, string name) => element.Named(name).Select(child => child.Value).ToList();
}
