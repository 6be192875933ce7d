using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Volume.Wire;

/// <summary>Members of requests as Cinder reads them, with its words for what is wrong.</summary>
internal static class Reading
{
    public const int TextLengthMax = 255;
    private const long SizeGibMax = int.MaxValue;

    /// <summary>True when the call negotiated 3.minor or later.</summary>
    public static bool Has(this Microversion version, int minor) => version.Minor >= minor;

    /// <summary>A route that the negotiated version does not have answers as if it were not there.</summary>
    public static Answer Unrouted(Call call) => Answer.Bytes(
        404, call.Face.Dialect.Body("The resource could not be found.", 404, call.RequestId), call.Face.Dialect.ContentType);

    public static Fault.Invalid Wrong(string field, JsonElement? value, string why) => Wrong(field, Shown(value), why);

    public static Fault.Invalid Wrong(string field, string value, string why) =>
        new(field, $"Invalid input for field/attribute {field}. Value: {(value.Length > TextLengthMax ? value[..TextLengthMax] : value)}. {why}");

    /// <summary>A size in GiB: a number, or one as text.</summary>
    public static Outcome<long> Size(string field, JsonElement? value)
    {
        if (Whole(value) is not { } size) return Wrong(field, value, $"{Shown(value)} is not of type 'integer'");
        if (size < 1) return Wrong(field, value, $"{size} is less than the minimum of 1");
        return size <= SizeGibMax ? size : Wrong(field, value, $"{size} is greater than the maximum of {SizeGibMax}");
    }

    /// <summary>A whole number, or one as text; null when it is none.</summary>
    public static long? Whole(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var whole) => whole,
        { ValueKind: JsonValueKind.String } text
            when long.TryParse(text.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        _ => null,
    };

    public static Fault.Invalid? TooLong(string field, string? text) =>
        text?.Length > TextLengthMax ? Wrong(field, text, $"'{field}' is too long: it has at most {TextLengthMax} characters.") : null;

    /// <summary>Names and values of metadata: names of 1 to 255 characters, values of at most 255.</summary>
    public static Fault.Invalid? WrongMetadata(string field, IReadOnlyDictionary<string, string?> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            if (name.Length is 0 or > TextLengthMax) return new Fault.Invalid(field, "Metadata property key has to have 1 to 255 characters.");
            if (value is null) return Wrong(field, name, "None is not of type 'string'");
            if (value.Length > TextLengthMax) return new Fault.Invalid(field, "Metadata property value greater than 255 characters.");
        }

        return null;
    }

    /// <summary>A boolean where the original takes its words too.</summary>
    public static Outcome<bool> Flag(string field, JsonElement? value, bool otherwise = false) =>
        Truth.Of(value, otherwise) is { } truth ? truth : Wrong(field, value, "It is not a boolean.");

    private static string Shown(JsonElement? value) => value?.ToString() is { Length: > 0 } text ? text : "None";
}
