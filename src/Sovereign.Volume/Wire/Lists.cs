using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Wire;

/// <summary>What the lists of this API share: whose things are listed, offset, filters by likeness, time and metadata, and the link to the next page.</summary>
internal static class Lists
{
    private static readonly string[] always =
        ["all_tenants", "offset", "project_id", "with_count", "metadata", "created_at", "updated_at", "name~", "status~", "display_name~"];

    /// <param name="alias">Alias of the table in the shape ("v").</param>
    public static Outcome<ListRequest> Request(Call call, ListShape shape, string alias, params string[] handled)
    {
        var strict = shape with { RefuseUnknown = call.Version.Has(31) };
        var parsed = ListRequest.Parse(call.Http.Request.Query, strict, [.. always, .. handled]);
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        if (call.Query("offset") is { } offset)
        {
            if (!long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var skipped) || skipped > int.MaxValue)
            {
                return new Fault.Invalid("offset", $"offset param must be an integer that is not negative, not '{offset}'.");
            }

            request.Skip(skipped);
        }

        if (Whose(call) is { } project) request.Where($"{alias}.project_id = @value", project);
        if (Metadata(call.Query("metadata"), $"{alias}.metadata", request) is { } malformed) return malformed;
        foreach (var name in new[] { "name", "status" })
        {
            if (call.Query(name + "~") is { } like && call.Version.Has(31)) request.Where($"{alias}.{name} LIKE @value ESCAPE '\\'", "%" + Escaped(like) + "%");
        }

        foreach (var name in new[] { "created_at", "updated_at" })
        {
            if (call.Query(name) is { } times && Times(name, $"{alias}.{name}", times, request) is { } unreadable) return unreadable;
        }

        return request;
    }

    /// <summary>The project whose things are listed; null: all projects', which administrators may ask for.</summary>
    public static string? Whose(Call call)
    {
        var all = call.Query("all_tenants") is { } asked && Truth.Of(asked.Length == 0 ? "1" : asked) != false;
        if (call.Access.Everything && call.Query("project_id") is { Length: > 0 } project) return project;
        return call.Access.Everything && all ? null : call.Access.Caller.ProjectId ?? "";
    }

    public static Outcome<Page<T>> Page<T>(Session session, ListRequest request, string select, Func<string, Fault> missing)
    {
        var page = ListSql.Page<T>(session, request, select);
        return page.Fault is Fault.Invalid { Field: "marker" } ? missing(request.Marker!) : page;
    }

    /// <summary>The answer of a list; from 3.45 on with the count when it is asked for.</summary>
    public static Answer Answered<T>(
        Call call, string name, ListRequest request, IReadOnlyList<T> items, Func<T, string> id, Action<Utf8JsonWriter, T> members, Func<long>? count = null)
    {
        // A full page has a link even when nothing follows, as in the original.
        var full = items.Count > 0 && items.Count == request.Limit;
        var next = full ? PageLinks.Next(call, request, new Page<T>(items, true), id) : null;
        var counted = count is not null && call.Version.Has(45) && call.Query("with_count") is { } asked && Truth.Of(asked) == true;
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
            if (next is not null)
            {
                json.WriteStartArray(name + "_links");
                Render.Link(json, "next", next);
                json.WriteEndArray();
            }

            if (counted) json.WriteNumber("count", count!());
            json.WriteEndObject();
        });
    }

    /// <summary>The self and bookmark links of a resource.</summary>
    public static void Links(Utf8JsonWriter json, Call call, string projectId, string path)
    {
        json.WriteStartArray("links");
        Render.Link(json, "self", $"{call.PublicUrl}{VolumeModule.Prefix}/{projectId}/{path}");
        Render.Link(json, "bookmark", $"{call.PublicUrl}{VolumeModule.Root}/{projectId}/{path}");
        json.WriteEndArray();
    }

    /// <summary>A time as this API writes it: of rows whole seconds with a fraction of zeros.</summary>
    public static string Time(long micros) => Micros.ToMicrosBare(micros / Micros.PerSecond * Micros.PerSecond);

    public static void TimeOrNull(this Utf8JsonWriter json, string name, long micros)
    {
        if (micros > 0) json.WriteString(name, Time(micros));
        else json.WriteNull(name);
    }

    public static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal);

    /// <summary>Clients send a dictionary as Python writes it: {'key': 'value'}.</summary>
    public static Fault.Invalid? Metadata(string? asked, string column, ListRequest request)
    {
        if (asked is null) return null;
        if (PythonDictionary.Read(asked) is not { } wanted) return new Fault.Invalid("metadata", $"'{asked}' is no dictionary of metadata.");
        foreach (var (name, value) in wanted)
        {
            // Quotes inside names and values are escaped in JSON, so this text can only be the pair itself.
            var pair = VolumeJson.Text(name) + ":" + VolumeJson.Text(value);
            request.Where($"{column} LIKE @value ESCAPE '\\'", "%" + Escaped(pair) + "%");
        }

        return null;
    }

    /// <summary>From 3.60 on: "gt:2026-01-02T03:04:05,lte:…"; without a word exactly that time.</summary>
    private static Fault.Invalid? Times(string name, string column, string asked, ListRequest request)
    {
        foreach (var part in asked.Split(','))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            var (word, text) = colon is 2 or 3 && char.IsLetter(part[0]) ? (part[..colon], part[(colon + 1)..]) : ("eq", part);
            var sign = word switch { "gt" => ">", "gte" => ">=", "lt" => "<", "lte" => "<=", "eq" => "=", "neq" => "<>", _ => null };
            if (sign is null || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return new Fault.Invalid(name, $"The value of {name} is no comparison with a time: '{part}'.");
            }

            // Times are shown in whole seconds, so they are compared so.
            request.Where($"{column} / {Micros.PerSecond} {sign} @value", Micros.Of(time) / Micros.PerSecond);
        }

        return null;
    }
}
