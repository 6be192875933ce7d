using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Volume;

/// <summary>JSON that several rooms read and write.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(VolumeSourceSpec))]
[JsonSerializable(typeof(string))]
internal sealed partial class VolumeJson : JsonSerializerContext
{
    public static readonly VolumeJson Wire = new(WireJson.Options(refuseUnknown: false));

    public static string Text(string text) => JsonSerializer.Serialize(text, Wire.String);

    /// <summary>A JSON object of texts, its names in order, so that equal ones are equal texts.</summary>
    public static string Texts(IEnumerable<KeyValuePair<string, string>> pairs) => JsonSerializer.Serialize(
        pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal), Wire.DictionaryStringString);

    public static Dictionary<string, string> Texts(string? text) =>
        text is null ? new(StringComparer.Ordinal) : new(JsonSerializer.Deserialize(text, Wire.DictionaryStringString)!, StringComparer.Ordinal);
}
