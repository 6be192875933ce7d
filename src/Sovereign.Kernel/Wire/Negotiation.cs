using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Wire;

/// <summary>Microversion negotiation by header, as the API working group's guideline and Nova have it.</summary>
internal static class Negotiation
{
    public static Outcome<Microversion> Of(HttpContext http, MicroversionTable? table)
    {
        if (table is null) return default(Microversion);
        var asked = Asked(http, table);
        if (asked is null) return Remember(http, table.Min);
        if (asked == "latest") return Remember(http, table.Max);
        if (Microversion.TryParse(asked) is not { } version)
        {
            return new Fault.Invalid(MicroversionTable.Header, $"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.");
        }

        return version >= table.Min && version <= table.Max
            ? Remember(http, version)
            : new Fault.NotAcceptable($"Version {asked} is not supported by the API. Minimum is {table.Min} and maximum is {table.Max}.");
    }

    public static void Announce(HttpContext http, MicroversionTable? table)
    {
        if (table is null || !http.Items.TryGetValue(typeof(Negotiation), out var version)) return;
        var headers = http.Response.Headers;
        headers[MicroversionTable.Header] = $"{table.ServiceType} {version}";
        headers.Vary = table.LegacyHeader is null ? MicroversionTable.Header : $"{MicroversionTable.Header}, {table.LegacyHeader}";
        if (table.LegacyHeader is not null) headers[table.LegacyHeader] = version!.ToString();
    }

    private static Outcome<Microversion> Remember(HttpContext http, Microversion version)
    {
        http.Items[typeof(Negotiation)] = version;
        return version;
    }

    private static string? Asked(HttpContext http, MicroversionTable table)
    {
        if (http.Request.Headers.TryGetValue(MicroversionTable.Header, out var values))
        {
            foreach (var one in values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
            {
                var space = one.IndexOf(' ', StringComparison.Ordinal);
                if (space > 0 && one[..space].Equals(table.ServiceType, StringComparison.OrdinalIgnoreCase)) return one[(space + 1)..].Trim().ToLowerInvariant();
            }
        }

        return table.LegacyHeader is not null && http.Request.Headers.TryGetValue(table.LegacyHeader, out var legacy)
            ? legacy.ToString().Trim().ToLowerInvariant()
            : null;
    }
}
