using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.ObjectStore.Swift;

/// <summary>One line of a list: its members in the order in which they are written; a line with only "subdir" is a rolled-up prefix.</summary>
internal sealed record ListedLine(string Name, IReadOnlyList<(string Name, object Value)> Members, bool IsPrefix = false);

/// <summary>How lists are asked for and written: text, JSON or XML.</summary>
/// <param name="Format">"plain", "json" or "xml".</param>
internal sealed record ListForm(string Format, int ItemsMax, string Marker, string EndMarker, string Prefix, string Delimiter, bool Reverse)
{
    private const int ItemsDefault = 10_000;

    public static Outcome<ListForm> Of(SwiftCall call)
    {
        var items = ItemsDefault;
        if (call.Query("limit") is { Length: > 0 } limit && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out items) || items > ItemsDefault))
        {
            return SwiftFaults.PreconditionFailed($"Maximum limit is {ItemsDefault}");
        }

        var format = call.Query("format") ?? Accepted(call.Header("Accept") ?? "");
        if (format is null) return new Fault.NotAcceptable("The resource identified is only capable of generating: text/plain, application/json, application/xml.");
        return new ListForm(
            format is "json" or "xml" ? format : "plain", items, call.Query("marker") ?? "", call.Query("end_marker") ?? "", call.Query("prefix") ?? "",
                call.Query("delimiter") ?? "",
            call.Query("reverse") is "true" or "1" or "yes" or "on" or "t");
    }

    /// <summary>The list as it is asked for; an empty one as text is no content.</summary>
    public Answer Answer(IReadOnlyList<ListedLine> lines, string root, string rootName, string element) => Format switch
    {
        "json" => Kernel.Wire.Answer.Bytes(200, Json(lines), "application/json; charset=utf-8"),
        "xml" => Kernel.Wire.Answer.Bytes(200, Xml(lines, root, rootName, element), "application/xml; charset=utf-8"),
        _ when lines.Count == 0 => Kernel.Wire.Answer.Empty(204),
        _ => Kernel.Wire.Answer.Bytes(200, Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line.Name + "\n"))), "text/plain; charset=utf-8"),
    };

    /// <summary>"2026-11-30T12:00:00.000000", the time of lists.</summary>
    public static string Time(long micros) => Micros.ToMicrosBare(micros);

    private static string? Accepted(string accept)
    {
        if (accept.Length == 0 || accept.Contains("*/*", StringComparison.Ordinal) || accept.Contains("text/plain", StringComparison.Ordinal)
            || accept.Contains("text/*", StringComparison.Ordinal)) return "plain";
        if (accept.Contains("application/json", StringComparison.Ordinal)) return "json";
        return accept.Contains("/xml", StringComparison.Ordinal) ? "xml" : accept.Contains("application/*", StringComparison.Ordinal) ? "json" : null;
    }

    private static byte[] Json(IReadOnlyList<ListedLine> lines)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var line in lines)
            {
                json.WriteStartObject();
                foreach (var (name, value) in line.Members)
                {
                    if (value is long number) json.WriteNumber(name, number);
                    else if (value is bool flag) json.WriteBoolean(name, flag);
                    else json.WriteString(name, (string)value);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return bytes.ToArray();
    }

    private static byte[] Xml(IReadOnlyList<ListedLine> lines, string root, string rootName, string element)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false }))
        {
            xml.WriteStartElement(root);
            xml.WriteAttributeString("name", rootName);
            foreach (var line in lines)
            {
                xml.WriteStartElement(line.IsPrefix ? "subdir" : element);
                if (line.IsPrefix) xml.WriteAttributeString("name", line.Name);
                foreach (var (name, value) in line.Members) xml.WriteElementString(line.IsPrefix ? "name" : name, Convert.ToString(value, CultureInfo.InvariantCulture));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }
}
