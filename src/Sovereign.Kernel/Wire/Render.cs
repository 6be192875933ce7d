using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sovereign.Kernel.Wire;

/// <summary>Answers whose members depend on the microversion are written member by member.</summary>
public static class Render
{
    private static readonly JsonWriterOptions options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What is written, as UTF-8.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, options)) write(json);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An answer of what is written.</summary>
    public static Answer Json(int status, Action<Utf8JsonWriter> write) => Answer.Bytes(status, Bytes(write));

    /// <summary>An answer of one object with one member that holds an object.</summary>
#pragma warning disable CA1720 // It is JSON's word for it.
    public static Answer Object(int status, string name, Action<Utf8JsonWriter> members) => Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject(name);
        members(json);
        json.WriteEndObject();
        json.WriteEndObject();
    });
#pragma warning restore CA1720

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

    /// <summary>A member that holds an object of texts.</summary>
    public static void Texts(this Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, string>> members)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in members) json.WriteString(key, value);
        json.WriteEndObject();
    }

    /// <summary>A number, or null.</summary>
    public static void NumberOrNull(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    /// <summary>One link of a list of links.</summary>
    public static void Link(Utf8JsonWriter json, string rel, string href)
    {
        json.WriteStartObject();
        json.WriteString("rel", rel);
        json.WriteString("href", href);
        json.WriteEndObject();
    }
}
