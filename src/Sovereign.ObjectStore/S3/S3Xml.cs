using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.ObjectStore.S3;

/// <summary>XML of the S3 API: writing answers, reading bodies.</summary>
internal static class S3Xml
{
    public const string Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    public const string MediaType = "application/xml";
    private static readonly XmlWriterSettings writing = new() { Encoding = new UTF8Encoding(false), CheckCharacters = false };

    private static readonly XmlReaderSettings reading = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 4 * 1024 * 1024, IgnoreComments = true, IgnoreProcessingInstructions = true,
    };

    public static byte[] Document(string root, Action<XmlWriter> body, bool withNamespace = true)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, writing))
        {
            xml.WriteStartElement(root, withNamespace ? Namespace : "");
            body(xml);
            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    /// <summary>An element with a text; null: no element.</summary>
    public static void Text(this XmlWriter xml, string name, string? value)
    {
        if (value is not null) xml.WriteElementString(name, value);
    }

    public static void Text(this XmlWriter xml, string name, long value) => xml.Text(name, value.ToString(CultureInfo.InvariantCulture));

    public static void Text(this XmlWriter xml, string name, bool value) => xml.Text(name, value ? "true" : "false");

    public static void Open(this XmlWriter xml, string name, Action body)
    {
        xml.WriteStartElement(name);
        body();
        xml.WriteEndElement();
    }

    /// <summary>"2026-11-30T12:00:00.000Z".</summary>
    public static string Time(long micros) => Micros.ToTime(micros).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The time of a header: "Mon, 30 Nov 2026 12:00:00 GMT".</summary>
    public static string HeaderTime(long micros) => Micros.ToTime(micros).ToString("r", CultureInfo.InvariantCulture);

    /// <summary>Parses a body whose root has this name; anything else is malformed.</summary>
    public static Outcome<XElement> Parse(byte[] body, string root)
    {
        try
        {
            using var stream = new MemoryStream(body);
            using var reader = XmlReader.Create(stream, reading);
            var document = XDocument.Load(reader);
            return document.Root is { } element && element.Name.LocalName == root ? element : S3Faults.MalformedXml;
        }
        catch (Exception error) when (error is XmlException or InvalidOperationException)
        {
            return S3Faults.MalformedXml;
        }
    }

    /// <summary>The children of this name, whatever their namespace.</summary>
    public static IEnumerable<XElement> Named(this XElement element, string name) => element.Elements().Where(child => child.Name.LocalName == name);

    /// <summary>The text of the first child of this name; null: there is none.</summary>
    public static string? Value(this XElement element, string name) => element.Named(name).FirstOrDefault()?.Value;
}
