using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

/// <summary>Neutron's envelopes: {"port": {…}}, {"ports": […], "ports_links": […]}, with sparse fields.</summary>
internal static class NeutronAnswers
{
    public static Answer One<T>(Call call, int status, string singular, T view, JsonTypeInfo<T> type)
    {
        var fields = call.Http.Request.Query.TryGetValue("fields", out var named)
            ? named.SelectMany(f => (f ?? "").Split(',')).Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal) : [];
        return Bytes(status, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName(singular);
            Value(writer, view, type, fields);
            writer.WriteEndObject();
        });
    }

    public static Answer Many<T>(int status, string plural, IEnumerable<T> views, JsonTypeInfo<T> type) => Bytes(status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray(plural);
        foreach (var view in views) JsonSerializer.Serialize(writer, view, type);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <param name="views">The page's rows as they are shown.</param>
    public static Answer Page<TRow, TView>(
        Call call, ListRequest request, string plural, Page<TRow> page, IReadOnlyList<TView> views, JsonTypeInfo<TView> type)
        where TRow : IRow
    {
        var fields = request.Fields.ToHashSet(StringComparer.Ordinal);
        return Bytes(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray(plural);
            foreach (var view in views) Value(writer, view, type, fields);
            writer.WriteEndArray();
            Links(writer, call, request, plural, page);
            writer.WriteEndObject();
        });
    }

    private static Answer Bytes(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(writer);
        }

        return Answer.Bytes(status, buffer.WrittenMemory);
    }

    private static void Value<T>(Utf8JsonWriter writer, T view, JsonTypeInfo<T> type, HashSet<string> fields)
    {
        if (fields.Count == 0)
        {
            JsonSerializer.Serialize(writer, view, type);
            return;
        }

        writer.WriteStartObject();
        foreach (var (name, value) in (JsonObject)JsonSerializer.SerializeToNode(view, type)!)
        {
            if (!fields.Contains(name)) continue;
            writer.WritePropertyName(name);
            if (value is null) writer.WriteNullValue();
            else value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static void Links<T>(Utf8JsonWriter writer, Call call, ListRequest request, string plural, Page<T> page)
        where T : IRow
    {
        if (page.Items.Count == 0) return;
        var (next, previous) = request.Reverse ? (request.Marker is not null, page.More) : (page.More, request.Marker is not null);
        if (!next && !previous) return;
        writer.WriteStartArray(plural + "_links");
        if (next) Link(writer, call, request, "next", page.Items[^1].Id, reverse: false);
        if (previous) Link(writer, call, request, "previous", page.Items[0].Id, reverse: true);
        writer.WriteEndArray();
    }

    private static void Link(Utf8JsonWriter writer, Call call, ListRequest request, string rel, string marker, bool reverse)
    {
        var query = new StringBuilder();
        foreach (var (name, values) in call.Http.Request.Query)
        {
            if (name is "marker" or "limit" or "page_reverse") continue;
            foreach (var value in values) Append(query, name, value ?? "");
        }

        Append(query, "limit", request.Limit.ToString(CultureInfo.InvariantCulture));
        Append(query, "marker", marker);
        if (reverse) Append(query, "page_reverse", "True");
        writer.WriteStartObject();
        writer.WriteString("href", call.PublicUrl + call.Http.Request.Path + "?" + query);
        writer.WriteString("rel", rel);
        writer.WriteEndObject();
    }

    private static void Append(StringBuilder query, string name, string value) =>
        query.Append(query.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
}
