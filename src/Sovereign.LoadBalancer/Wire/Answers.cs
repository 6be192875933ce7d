using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>Octavia's envelopes: {"pool": {…}}, {"pools": […], "pools_links": […]}, with sparse fields.</summary>
internal static class Answers
{
    public static Answer One<T>(Call call, int status, string singular, T view, JsonTypeInfo<T> type)
    {
        var fields = call.Http.Request.Query.TryGetValue("fields", out var named)
            ? named.SelectMany(f => (f ?? "").Split(',')).Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal) : [];
        return Bytes(status, json =>
        {
            json.WritePropertyName(singular);
            Value(json, view, type, fields);
        });
    }

    public static Answer Page<TRow, TView>(Call call, ListRequest request, string plural, Page<TRow> page, IReadOnlyList<TView> views, JsonTypeInfo<TView> type)
        where TRow : IRow
    {
        var fields = request.Fields.ToHashSet(StringComparer.Ordinal);
        return Bytes(200, json =>
        {
            json.WriteStartArray(plural);
            foreach (var view in views) Value(json, view, type, fields);
            json.WriteEndArray();
            json.WriteStartArray(plural + "_links");
            foreach (var link in PageLinks.NextList(call, request, page, row => row.Id) ?? [])
            {
                json.WriteStartObject();
                json.WriteString("rel", link.Rel);
                json.WriteString("href", link.Href);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static Answer Bytes(int status, Action<Utf8JsonWriter> write) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    });

    private static void Value<T>(Utf8JsonWriter json, T view, JsonTypeInfo<T> type, HashSet<string> fields)
    {
        if (fields.Count == 0)
        {
            JsonSerializer.Serialize(json, view, type);
            return;
        }

        json.WriteStartObject();
        foreach (var (name, value) in (JsonObject)JsonSerializer.SerializeToNode(view, type)!)
        {
            if (!fields.Contains(name)) continue;
            json.WritePropertyName(name);
            if (value is null) json.WriteNullValue();
            else value.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
