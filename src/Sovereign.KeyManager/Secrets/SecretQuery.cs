using System.Globalization;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.KeyManager.Secrets;

/// <summary>Reads what a list of secrets asks for.</summary>
internal static class SecretQuery
{
    private static readonly Dictionary<string, string> sortable = new(StringComparer.Ordinal)
    {
        ["algorithm"] = "algorithm", ["bit_length"] = "bit_length", ["created"] = "created_at", ["expiration"] = "expires_at", ["mode"] = "mode",
        ["name"] = "name", ["secret_type"] = "secret_type", ["status"] = "id", ["updated"] = "updated_at",
    };

    public static Outcome<SecretFilter> Of(Call call)
    {
        var times = new List<TimeBound>();
        foreach (var (name, column) in new[] { ("created", "created_at"), ("updated", "updated_at"), ("expiration", "expires_at") })
        {
            if (call.Query(name) is not { Length: > 0 } text) continue;
            if (Times(column, text) is not { } bounds) return Bad();
            times.AddRange(bounds);
        }

        if (Order(call.Query("sort") ?? "") is not { } order) return Bad();
        var bits = long.TryParse(call.Query("bits"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : (long?)null;
        var aclOnly = string.Equals(call.Query("acl_only"), "true", StringComparison.OrdinalIgnoreCase);
        return new SecretFilter(
            Given(call, "name"), Given(call, "alg"), Given(call, "mode"), bits, Given(call, "secret_type"), aclOnly ? call.Access.Caller.UserId : null, times, order);
    }

    /// <summary>"gt:2026-01-01T00:00:00,lte:…": each sign at most once, and no more than one bound of a side; null: it is none.</summary>
    private static List<TimeBound>? Times(string column, string text)
    {
        var bounds = new List<TimeBound>();
        foreach (var part in text.Split(','))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            var (sign, time) = colon > 0 && part[..colon] switch { "gt" => ">", "gte" => ">=", "lt" => "<", "lte" => "<=", _ => null } is { } known
                ? (known, part[(colon + 1)..]) : ("=", part);
            if (bounds.Any(bound => bound.Sign[0] == sign[0]) || (sign == "=" && bounds.Any(bound => bound.Sign.Length == 2))) return null;
            if (Time(time) is not { } micros) return null;
            bounds.Add(new TimeBound(column, sign, micros));
        }

        return bounds;
    }

    /// <summary>An ISO 8601 time, UTC where it names no zone; null: it is none.</summary>
    public static long? Time(string text) => text.Length >= 8 && DateTimeOffset.TryParse(
        text.Trim(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? Micros.Of(time) : null;

    private static string? Order(string sort)
    {
        var keys = new List<string>();
        foreach (var part in sort.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split(':');
            if (pair.Length > 2 || !sortable.TryGetValue(pair[0], out var column)) return null;
            if (pair.Length == 2 && pair[1] is not ("asc" or "desc")) return null;
            if (keys.Any(key => key.StartsWith($"r.{column} ", StringComparison.Ordinal))) return null;
            // Both engines put what is null on the same side.
            keys.Add($"r.{column} {(pair.Length == 2 ? pair[1] : "asc")} NULLS LAST");
        }

        if (keys.Count == 0) keys.Add("r.created_at asc");
        return string.Join(", ", keys.Append("r.id asc"));
    }

    private static string? Given(Call call, string name) => call.Query(name) is { Length: > 0 } text ? text : null;

    private static Fault.Invalid Bad() => new("", "URI provided invalid query string parameters.");
}
