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
        if (asked is null) return table.Min;
        if (asked == "latest") return table.Max;
        if (Microversion.TryParse(asked) is not { } version)
        {
            return new Fault.Invalid(MicroversionTable.Header, $"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.");
        }

        return version >= table.Min && version <= table.Max
            ? version
            : new Fault.NotAcceptable($"Version {asked} is not supported by the API. Minimum is {table.Min} and maximum is {table.Max}.");
    }

    private static string? Asked(HttpContext http, MicroversionTable table)
    {
        if (http.Request.Headers.TryGetValue(MicroversionTable.Header, out var values))
        {
            foreach (var value in values)
            {
                if (Asked(value, table.ServiceType) is { } version) return version;
            }
        }

        return table.LegacyHeader is not null && http.Request.Headers.TryGetValue(table.LegacyHeader, out var legacy)
            ? legacy.ToString().Trim().ToLowerInvariant()
            : null;
    }

    /// <summary>The version for this service in "compute 2.96, placement 1.39"; null when it is not named there.</summary>
    private static string? Asked(ReadOnlySpan<char> header, string serviceType)
    {
        foreach (var range in header.Split(','))
        {
            var one = header[range].Trim();
            var space = one.IndexOf(' ');
            if (space > 0 && one[..space].Equals(serviceType, StringComparison.OrdinalIgnoreCase)) return one[(space + 1)..].Trim().ToString().ToLowerInvariant();
        }

        return null;
    }
}
