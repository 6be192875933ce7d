using System.Text.Json;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Images;

/// <summary>An image while a request changes it: members by name, checked one by one. Creation and patches share these rules.</summary>
internal sealed class ImageDraft(ImageWhole before, AccessGrant access, bool mayPublicize)
{
    private const int PropertiesMax = 128;
    private const int TagsMax = 128;
    private const int ValueLengthMax = 65_535;

    private static readonly HashSet<string> readOnly = new(StringComparer.Ordinal)
    {
        "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file", "schema", "id", "os_hash_algo", "os_hash_value",
        "locations", "stores",
    };

    /// <summary>Properties that only the service itself sets.</summary>
    public const string OwnNamespace = "os_glance";

    private static readonly HashSet<string> reserved = new(StringComparer.Ordinal) { "location", "deleted", "deleted_at", "first", "next", "properties" };

    private static readonly HashSet<string> known = new(StringComparer.Ordinal)
    {
        "name", "visibility", "protected", "tags", "min_disk", "min_ram", "os_hidden", "disk_format", "container_format", "owner",
    };

    private readonly Dictionary<string, string> properties = new(before.Properties, StringComparer.Ordinal);
    private ImageRow row = before.Row;
    private IReadOnlyList<string> tags = before.Tags;

    public static bool IsKnown(string name) => known.Contains(name) || readOnly.Contains(name) || reserved.Contains(name);

    private static bool IsReserved(string name) => reserved.Contains(name) || name.StartsWith(OwnNamespace, StringComparison.Ordinal);

    public bool HasProperty(string name) => properties.ContainsKey(name);

    public Outcome<ImageWhole> Finish()
    {
        var count = properties.Keys.Count(name => !name.StartsWith(OwnNamespace, StringComparison.Ordinal));
        if (count > PropertiesMax)
        {
            return new Fault.TooLarge($"The limit has been exceeded on the number of allowed image properties. Attempted: {count}, Maximum: {PropertiesMax}");
        }

        return tags.Count > TagsMax
            ? new Fault.TooLarge($"The limit has been exceeded on the number of allowed image tags. Attempted: {tags.Count}, Maximum: {TagsMax}")
            : new ImageWhole(row, properties, tags);
    }

    public Fault? Remove(string name)
    {
        if (IsReserved(name)) return new Fault.Forbidden($"Attribute '{name}' is reserved.");
        if (IsKnown(name)) return new Fault.Forbidden($"Property {name} may not be removed.");
        return properties.Remove(name) ? null : new Fault.Conflict($"Property {name} does not exist.");
    }

    public Fault? Set(string name, JsonElement value)
    {
        if (readOnly.Contains(name)) return new Fault.Forbidden($"Attribute '{name}' is read-only.");
        if (IsReserved(name)) return new Fault.Forbidden($"Attribute '{name}' is reserved.");
        return name switch
        {
            "name" => Text(name, value, ImageRow.NameLengthMax, text => row = row with { Name = text }, nullable: true),
            "visibility" => OneOf(name, value, ImageRow.Visibilities, Visibility),
            "protected" => Truth(name, value, truth => row = row with { Protected = truth }),
            "os_hidden" => Truth(name, value, truth => row = row with { OsHidden = truth }),
            "min_disk" => Number(name, value, number => row = row with { MinDisk = number }),
            "min_ram" => Number(name, value, number => row = row with { MinRam = number }),
            "disk_format" => Format(name, value, ImageRow.DiskFormats, text => row = row with { DiskFormat = text }),
            "container_format" => Format(name, value, ImageRow.ContainerFormats, text => row = row with { ContainerFormat = text }),
            "owner" => Owner(value),
            "tags" => Tags(value),
            _ => Property(name, value),
        };
    }

    private Fault? Visibility(string wanted)
    {
        if (wanted == "public" && row.Visibility != "public" && !mayPublicize) return new Fault.Forbidden("You are not authorized to complete publicize_image action.");
        row = row with { Visibility = wanted };
        return null;
    }

    private Fault? Owner(JsonElement value)
    {
        if (Text("owner", value, ImageRow.NameLengthMax, text => row = row with { Owner = text ?? row.Owner }, nullable: false) is { } wrong) return wrong;
        if (row.Owner == before.Row.Owner) return null;
        if (!access.Everything) return new Fault.Forbidden($"You are not permitted to create images owned by '{row.Owner}'.");
        return ImageStatus.TakesBytes(row.Status) ? new Fault.Conflict($"The owner can't change while the image is {row.Status}.") : null;
    }

    private Fault? Format(string name, JsonElement value, IReadOnlySet<string> allowed, Action<string?> set)
    {
        if (row.Status != ImageStatus.Queued) return new Fault.Forbidden($"Attribute {name} can be only replaced for a queued image.");
        if (value.ValueKind != JsonValueKind.Null)
        {
            return OneOf(name, value, allowed, text =>
            {
                set(text);
                return null;
            });
        }

        set(null);
        return null;
    }

    private Fault? Property(string name, JsonElement value)
    {
        if (name.Length is 0 or > ImageRow.NameLengthMax || name.Contains('\0', StringComparison.Ordinal)) return new Fault.Invalid(name, "The name of a property has 1 to 255 characters.");
        return Text(name, value, ValueLengthMax, text => properties[name] = text!, nullable: false);
    }

    private Fault? Tags(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return Wrong("tags", value, "array");
        var wanted = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var item in value.EnumerateArray())
        {
            if (Text("tags", item, ImageRow.NameLengthMax, text => wanted.Add(text!), nullable: false) is { } wrong) return wrong;
        }

        tags = wanted.ToList();
        return null;
    }

    private static Fault? OneOf(string name, JsonElement value, IReadOnlySet<string> allowed, Func<string, Fault?> set)
    {
        Fault? refused = null;
        return Text(
            name, value, ImageRow.NameLengthMax,
            text => refused = allowed.Contains(text!)
                ? set(text!)
                : new Fault.Invalid(name, $"Provided object does not match schema 'image': '{text}' is not one of [{string.Join(", ", allowed.Order(StringComparer.Ordinal))}] (in {name})."),
            nullable: false) ?? refused;
    }

    private static Fault? Truth(string name, JsonElement value, Action<bool> set)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return Wrong(name, value, "boolean");
        set(value.GetBoolean());
        return null;
    }

    private static Fault? Number(string name, JsonElement value, Action<long> set)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number)) return Wrong(name, value, "integer");
        if (number is < 0 or > ImageRow.NumberMax) return new Fault.Invalid(name, $"Provided object does not match schema 'image': {number} is less than 0 or more than {ImageRow.NumberMax} (in {name}).");
        set(number);
        return null;
    }

    private static Fault? Text(string name, JsonElement value, int lengthMax, Action<string?> set, bool nullable)
    {
        if (value.ValueKind == JsonValueKind.Null && nullable)
        {
            set(null);
            return null;
        }

        if (value.ValueKind != JsonValueKind.String) return Wrong(name, value, "string");
        if (JsonText.Read(value) is not { } text) return new Fault.Invalid(name, $"The value of {name} is no valid text.");
        if (text.Length > lengthMax) return new Fault.Invalid(name, $"Provided object does not match schema 'image': the value of {name} is too long: at most {lengthMax} characters.");
        set(text);
        return null;
    }

    private static Fault.Invalid Wrong(string name, JsonElement value, string wanted) =>
        new(name, $"Provided object does not match schema 'image': a {value.ValueKind.ToString().ToLowerInvariant()} is not of type '{wanted}' (in {name}).");
}

internal static class JsonText
{
    /// <summary>The text of a JSON string; null when it has no valid form in the store: half a surrogate pair, or a NUL.</summary>
    public static string? Read(JsonElement value)
    {
        try
        {
            var text = value.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
