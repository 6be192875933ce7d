using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.KeyManager.Wire;

/// <summary>A page of a list, as asked for with limit and offset.</summary>
internal readonly record struct Page(long Offset, long Limit)
{
    private const long LimitDefault = 10;
    private const long LimitMax = 100;

    /// <summary>What is no number counts as not given, as in the original.</summary>
    public static Page Of(Call call) => new(
        Number(call.Query("offset")) is { } offset and >= 0 ? offset : 0,
        Number(call.Query("limit")) is { } limit and > 0 ? Math.Min(limit, LimitMax) : LimitDefault);

    /// <summary>A fault where a query parameter holds what the database can't.</summary>
    public static Fault? Wrong(Call call) =>
        call.Http.Request.Query.Any(pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true))
            ? new Fault.Invalid("", "URI provided invalid query string parameters.") : null;

    /// <summary>A list with its total and the links to the pages beside.</summary>
    /// <param name="path">Of the links: "secrets", or "containers/ID/consumers", which the original uses as the links' path.</param>
    public Answer List<T>(Call call, string name, string path, IReadOnlyList<T> items, long total, Action<Utf8JsonWriter, T> members)
    {
        var page = this;
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray(name);
            foreach (var item in items)
            {
                json.WriteStartObject();
                members(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (items.Count > 0 && page.Offset > 0) json.WriteString("previous", page.Link(call, path, Math.Max(0, page.Offset - page.Limit)));
            if (items.Count > 0 && total > page.Offset + page.Limit) json.WriteString("next", page.Link(call, path, page.Offset + page.Limit));
            json.WriteNumber("total", total);
            json.WriteEndObject();
        });
    }

    private string Link(Call call, string path, long offset) => call.Link(string.Create(CultureInfo.InvariantCulture, $"/{path}?limit={Limit}&offset={offset}"));

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>What every room writes.</summary>
internal static class Written
{
    /// <summary>"2026-01-02T03:04:05", as Barbican writes times.</summary>
    public static string Time(long micros) =>
        Kernel.Sources.Micros.ToTime(micros).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    public static Answer Made(int status, string name, string url) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteString(name, url);
        json.WriteEndObject();
    }).With("Location", url);

    /// <summary>The id that a reference ends in, whether it is a whole URL or the id alone.</summary>
    public static string Id(string reference)
    {
        var path = reference.TrimEnd('/');
        return path[(path.LastIndexOf('/') + 1)..];
    }
}
