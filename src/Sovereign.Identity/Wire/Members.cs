using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Wire;

/// <summary>Members that most resources have, as they are stored; options and tags stay empty where a resource has none.</summary>
internal readonly record struct Kept(string Name, string Extra, string Options = "{}", string Tags = "[]");

/// <summary>Checks and stored forms of members that several resources share: names, options, tags, and the members that only the client knows.</summary>
internal static class Members
{
    public const int NameMax = 255;
    public const int ShortNameMax = 64;
    public const int DescriptionMax = 4096;
    private const int ExtraBytesMax = 16 * 1024;
    private const int TagsMax = 80;
    private static readonly HashSet<string> ours = new(StringComparer.Ordinal) { "id", "links", "extra", "password_expires_at" };

    /// <summary>Takes what was given over what is kept; a fault at the first member that is wrong.</summary>
    /// <param name="name">Null: left out, which is wrong where none is kept.</param>
    public static Outcome<Kept> Merge(
        Kept kept, int nameMax, string? name, string? description, IReadOnlyDictionary<string, JsonElement>? others,
        JsonElement? options = null, IReadOnlyList<string>? tags = null)
    {
        name ??= kept.Name.Length == 0 ? null : kept.Name;
        if ((CheckName("name", name, nameMax) ?? CheckText("description", description)) is { } bad) return bad;
        return Extra(kept.Extra, others).Then(extra => Options(kept.Options, options).Then(merged =>
            (tags is null ? Outcome.Of(kept.Tags) : Tags(tags)).Map(tagged => new Kept(name!, extra, merged, tagged))));
    }

    /// <summary>Null when the name is good: not blank, without control characters, not over the limit.</summary>
    public static Fault? CheckName(string field, string? name, int lengthMax)
    {
        if (name is null) return new Fault.Invalid(field, $"'{field}' is a required property");
        if (string.IsNullOrWhiteSpace(name)) return new Fault.Invalid(field, $"Invalid input for field '{field}': a name is not blank.");
        if (name.Length > lengthMax) return new Fault.Invalid(field, $"Invalid input for field '{field}': at most {lengthMax} characters.");
        return name.Any(char.IsControl) ? new Fault.Invalid(field, $"Invalid input for field '{field}': control characters are not allowed.") : null;
    }

    /// <summary>Null when the text is good for the store: no NUL (PostgreSQL holds none) and not over the limit.</summary>
    public static Fault? CheckText(string field, string? text, int lengthMax = DescriptionMax)
    {
        if (text is null) return null;
        if (text.Length > lengthMax) return new Fault.Invalid(field, $"Invalid input for field '{field}': at most {lengthMax} characters.");
        return text.Contains('\0', StringComparison.Ordinal) ? new Fault.Invalid(field, $"Invalid input for field '{field}': NUL is not allowed.") : null;
    }

    /// <summary>Keeps members that the API does not know, merged over the kept ones; a fault past the bound.</summary>
    public static Outcome<string> Extra(string kept, IReadOnlyDictionary<string, JsonElement>? given)
    {
        if (given is null || given.Keys.All(ours.Contains)) return kept;
        var merged = (JsonObject)JsonNode.Parse(kept)!;
        foreach (var (name, value) in given)
        {
            if (ours.Contains(name)) continue;
            if (name.Length is 0 or > NameMax || name.Contains('\0', StringComparison.Ordinal)) return new Fault.Invalid(name, "A member's name has 1 to 255 characters.");
            merged[name] = JsonNode.Parse(value.GetRawText());
        }

        // The default encoder escapes all but ASCII letters, so that no stored text holds a NUL.
        var text = merged.ToJsonString();
        return text.Length > ExtraBytesMax ? new Fault.Invalid("", $"Additional members take more than {ExtraBytesMax} bytes.") : text;
    }

    /// <summary>What a view shows of the kept members.</summary>
    /// <param name="inside">True after an update, when the original repeats them in a member "extra".</param>
    public static Dictionary<string, JsonElement> Show(string kept, bool inside = false)
    {
        var shown = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (kept == "{}" && !inside) return shown;
        var all = Parse(kept);
        foreach (var member in all.EnumerateObject()) shown[member.Name] = member.Value;
        if (inside) shown["extra"] = all;
        return shown;
    }

    public static Outcome<string> Options(string kept, JsonElement? given)
    {
        if (given is not { } options) return kept;
        if (options.ValueKind != JsonValueKind.Object) return new Fault.Invalid("options", "Invalid input for field 'options': an object is expected.");
        var merged = (JsonObject)JsonNode.Parse(kept)!;
        foreach (var option in options.EnumerateObject())
        {
            if (option.Name == "immutable" && option.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
            {
                return new Fault.Invalid("options/immutable", "Invalid input for field 'options/immutable': a boolean is expected.");
            }

            if (option.Value.ValueKind == JsonValueKind.Null) merged.Remove(option.Name);
            else merged[option.Name] = JsonNode.Parse(option.Value.GetRawText());
        }

        var text = merged.ToJsonString();
        return text.Length > ExtraBytesMax ? new Fault.Invalid("options", $"Options take more than {ExtraBytesMax} bytes.") : text;
    }

    public static bool IsImmutable(string options) => options != "{}" && Parse(options).TryGetProperty("immutable", out var value) && value.ValueKind == JsonValueKind.True;

    public static Outcome<string> Tags(IReadOnlyList<string>? tags)
    {
        if (tags is null || tags.Count == 0) return "[]";
        if (tags.Count > TagsMax) return new Fault.Invalid("tags", $"Invalid input for field 'tags': at most {TagsMax} tags.");
        foreach (var tag in tags)
        {
            if (tag.Length is 0 or > NameMax || tag.AsSpan().IndexOfAny('/', ',', '\0') >= 0)
            {
                return new Fault.Invalid("tags", "Invalid input for field 'tags': a tag has 1 to 255 characters, no '/' and no ','.");
            }
        }

        return JsonSerializer.Serialize(tags.Distinct(StringComparer.Ordinal).ToArray(), MembersJson.Default.StringArray);
    }

    public static string[] ShowTags(string kept) => kept == "[]" ? [] : JsonSerializer.Deserialize(kept, MembersJson.Default.StringArray)!;

    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class MembersJson : System.Text.Json.Serialization.JsonSerializerContext;
