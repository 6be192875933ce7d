using System.Text.Json;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Metadefs;

/// <summary>One definition as a request says it.</summary>
/// <param name="Body">A JSON object without the name.</param>
internal sealed record DefinitionWish(DefinitionKind Kind, string Name, string Body)
{
    private static readonly HashSet<string> readOnly = new(StringComparer.Ordinal) { "created_at", "updated_at", "self", "schema" };

    /// <param name="name">Its name, where the path or an outer member says it.</param>
    public static Outcome<DefinitionWish> Read(DefinitionKind kind, JsonElement said, string? name = null)
    {
        if (said.ValueKind != JsonValueKind.Object) return Wrong(kind, "it is no object");
        var kept = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in said.EnumerateObject())
        {
            if (member.Name == "name")
            {
                if (member.Value.ValueKind != JsonValueKind.String) return Wrong(kind, "'name' is no string");
                name ??= member.Value.GetString();
            }
            else if (kind.Members.TryGetValue(member.Name, out var right))
            {
                if (!right(member.Value)) return Wrong(kind, $"'{member.Name}' has no value of its type");
                kept[member.Name] = member.Value;
            }
            else if (!readOnly.Contains(member.Name))
            {
                return Wrong(kind, $"Additional properties are not allowed ('{Short(member.Name)}' was unexpected)");
            }
        }

        if (name is null) return Wrong(kind, "'name' is a required property");
        if (name.Length == 0 || name.Length > kind.NameMax) return Wrong(kind, $"'name' has 1 to {kind.NameMax} characters");
        if (kind == DefinitionKind.Property && !DefinitionMembers.IsProperty(said)) return Wrong(kind, "'title' and 'type' are required properties");
        return new DefinitionWish(kind, name, JsonSerializer.Serialize(kept, Images.ImageJson.Wire.DictionaryStringJsonElement));
    }

    public static Fault.Invalid Wrong(DefinitionKind kind, string why) => new(kind.Name, $"Provided object does not match schema '{kind.Name}': {why}.");

    private static string Short(string name) => name.Length > 80 ? name[..80] : name;
}

/// <summary>A namespace as a request says it, with the definitions that came along.</summary>
internal sealed record NamespaceWish(NamespaceRow Row, IReadOnlyList<DefinitionWish> Definitions)
{
    public const int TextMax = 500;
    public const int NameMax = 80;
    private static readonly HashSet<string> readOnly = new(StringComparer.Ordinal) { "created_at", "updated_at", "self", "schema" };

    /// <param name="owner">Whose it is unless the request says another.</param>
    public static Outcome<NamespaceWish> Read(IReadOnlyDictionary<string, JsonElement> body, string owner)
    {
        var row = new NamespaceRow { Owner = owner };
        var definitions = new List<DefinitionWish>();
        foreach (var (name, value) in body)
        {
            var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            switch (name)
            {
                case "namespace" when text is { Length: > 0 and <= NameMax }: row = row with { Namespace = text }; break;
                case "display_name" when text is null or { Length: <= NameMax }: row = row with { DisplayName = text }; break;
                case "description" when text is null or { Length: <= TextMax }: row = row with { Description = text }; break;
                case "visibility" when text is "public" or "private": row = row with { Visibility = text }; break;
                case "protected" when value.ValueKind is JsonValueKind.True or JsonValueKind.False: row = row with { Protected = value.GetBoolean() }; break;
                case "owner" when text is { Length: > 0 and <= 255 }: row = row with { Owner = text }; break;
                case "properties" when value.ValueKind == JsonValueKind.Object:
                    var properties = value.EnumerateObject().Select(one => DefinitionWish.Read(DefinitionKind.Property, one.Value, one.Name));
                    if (Add(definitions, properties) is { } wrong) return wrong;
                    break;
                default:
                    if (readOnly.Contains(name)) return new Fault.Forbidden($"Attribute '{name}' is read-only.");
                    var kind = DefinitionKind.All.FirstOrDefault(one => one.Collection == name && one != DefinitionKind.Property);
                    if (kind is null || value.ValueKind != JsonValueKind.Array)
                    {
                        var member = name.Length > NameMax ? name[..NameMax] : name;
                        return new Fault.Invalid(member, $"Provided object does not match schema 'namespace': '{member}' is unknown or has no value of its type.");
                    }

                    if (Add(definitions, value.EnumerateArray().Select(one => DefinitionWish.Read(kind, one))) is { } refused) return refused;
                    break;
            }
        }

        return row.Namespace.Length == 0
            ? new Fault.Invalid("namespace", "Provided object does not match schema 'namespace': 'namespace' is a required property.")
            : new NamespaceWish(row, definitions);
    }

    private static Fault? Add(List<DefinitionWish> all, IEnumerable<Outcome<DefinitionWish>> read)
    {
        foreach (var one in read)
        {
            if (one.Fault is { } wrong) return wrong;
            all.Add(one.Value);
        }

        return null;
    }
}
