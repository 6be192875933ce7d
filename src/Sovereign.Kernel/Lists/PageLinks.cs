using System.Globalization;
using System.Text;
using Sovereign.Kernel.Wire;

namespace Sovereign.Kernel.Lists;

/// <summary>A link of a page: {"rel": "next", "href": "..."}.</summary>
public sealed record PageLink(string Rel, string Href);

/// <summary>Links from one page of a list to the next.</summary>
public static class PageLinks
{
    /// <summary>The next page's link, with the request's own parameters and the new marker; null on the last page.</summary>
    public static string? Next<T>(Call call, ListRequest request, Page<T> page, Func<T, string> id)
    {
        if (!page.More || page.Items.Count == 0) return null;
        var marker = request.Reverse ? id(page.Items[0]) : id(page.Items[^1]);
        var query = new StringBuilder();
        foreach (var (name, values) in call.Http.Request.Query)
        {
            if (name is "marker" or "limit") continue;
            foreach (var value in values) Append(query, name, value ?? "");
        }

        Append(query, "limit", request.Limit.ToString(CultureInfo.InvariantCulture));
        Append(query, "marker", marker);
        return call.PublicUrl + call.Http.Request.Path + "?" + query;
    }

    /// <summary>As Nova and Neutron write it: a list with one entry, or null to leave the member out.</summary>
    public static IReadOnlyList<PageLink>? NextList<T>(Call call, ListRequest request, Page<T> page, Func<T, string> id) =>
        Next(call, request, page, id) is { } href ? [new PageLink("next", href)] : null;

    private static void Append(StringBuilder query, string name, string value) =>
        query.Append(query.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
}
