using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sovereign.Image.Metadefs;

/// <summary>Which members a definition may have, and what each must be (Image API reference, "Metadata definition schemas").</summary>
internal static class DefinitionMembers
{
    private const int TextMax = 255;
    private static readonly string[] types = ["array", "boolean", "integer", "number", "object", "string"];

    public static readonly FrozenDictionary<string, Func<JsonElement, bool>> Property = new Dictionary<string, Func<JsonElement, bool>>
    {
        ["title"] = IsText,
        ["description"] = IsText,
        ["type"] = value => value.ValueKind == JsonValueKind.String && types.Contains(value.GetString()),
        ["operators"] = IsTexts,
        ["enum"] = value => value.ValueKind == JsonValueKind.Array,
        ["default"] = _ => true,
        ["minimum"] = value => value.ValueKind == JsonValueKind.Number,
        ["maximum"] = value => value.ValueKind == JsonValueKind.Number,
        ["minLength"] = IsCount,
        ["maxLength"] = IsCount,
        ["minItems"] = IsCount,
        ["maxItems"] = IsCount,
        ["pattern"] = IsPattern,
        ["items"] = value => value.ValueKind == JsonValueKind.Object,
        ["uniqueItems"] = IsTruth,
        ["additionalItems"] = IsTruth,
        ["readonly"] = IsTruth,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static readonly FrozenDictionary<string, Func<JsonElement, bool>> Object = new Dictionary<string, Func<JsonElement, bool>>
    {
        ["description"] = IsText,
        ["required"] = IsTexts,
        ["properties"] = value => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(one => IsProperty(one.Value)),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static readonly FrozenDictionary<string, Func<JsonElement, bool>> Tag =
        new Dictionary<string, Func<JsonElement, bool>>().ToFrozenDictionary(StringComparer.Ordinal);

    public static readonly FrozenDictionary<string, Func<JsonElement, bool>> ResourceType = new Dictionary<string, Func<JsonElement, bool>>
    {
        ["prefix"] = value => IsShort(value, 80),
        ["properties_target"] = value => IsShort(value, 80),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>True for a property with the two members that it must have and no unknown one.</summary>
    public static bool IsProperty(JsonElement value) => value.ValueKind == JsonValueKind.Object
        && value.TryGetProperty("title", out _) && value.TryGetProperty("type", out _)
        && value.EnumerateObject().All(member => member.Name == "name" || (Property.TryGetValue(member.Name, out var right) && right(member.Value)));

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsShort(JsonElement value, int max) => value.ValueKind == JsonValueKind.String && value.GetString()!.Length <= max;

    private static bool IsTruth(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False;

    private static bool IsCount(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0;

    private static bool IsTexts(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => IsShort(one, TextMax));

    private static bool IsPattern(JsonElement value)
    {
        if (!IsText(value)) return false;
        try
        {
            _ = new Regex(value.GetString()!);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
