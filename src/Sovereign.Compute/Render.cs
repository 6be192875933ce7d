using System.Text.Encodings.Web;
using System.Text.Json;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute;

/// <summary>Answers whose members depend on the microversion are written member by member.</summary>
internal static class Render
{
    private static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, options)) write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static Answer Json(int status, Action<Utf8JsonWriter> write) => Answer.Bytes(status, Bytes(write));

    /// <summary>An answer of one object with one member that holds an object.</summary>
    public static Answer Object(int status, string name, Action<Utf8JsonWriter> members) => Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject(name);
        members(json);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>An answer of one object with one member that holds a list of objects, and the next page's link.</summary>
    public static Answer List<T>(string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> members, string? next = null) => Json(200, json =>
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
            Link(json, "next", next);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    });

    /// <summary>The self and bookmark links of a resource, as a member of the object being written.</summary>
    public static void Links(this Utf8JsonWriter json, string publicUrl, string path)
    {
        json.WriteStartArray("links");
        Link(json, "self", publicUrl + ComputeModule.Prefix + path);
        Link(json, "bookmark", publicUrl + ComputeModule.Root + path);
        json.WriteEndArray();
    }

    public static void Bookmark(this Utf8JsonWriter json, string publicUrl, string path)
    {
        json.WriteStartArray("links");
        Link(json, "bookmark", publicUrl + ComputeModule.Root + path);
        json.WriteEndArray();
    }

    public static void Texts(this Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string>> members)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in members) json.WriteString(key, value);
        json.WriteEndObject();
    }

    public static void NumberOrNull(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    public static void Link(Utf8JsonWriter json, string rel, string href)
    {
        json.WriteStartObject();
        json.WriteString("rel", rel);
        json.WriteString("href", href);
        json.WriteEndObject();
    }
}
