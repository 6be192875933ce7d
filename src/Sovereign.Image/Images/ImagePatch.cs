using System.Text.Json;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Images;

internal enum PatchOperation
{
    Add,
    Replace,
    Remove,
}

/// <summary>One change of a patch: an operation on a member of the image.</summary>
internal sealed record PatchChange(PatchOperation Operation, string Member, JsonElement Value);

/// <summary>Reads the two media types of patches.</summary>
internal static class ImagePatch
{
    public const string Media = "application/openstack-images-v2.1-json-patch";
    public const string OldMedia = "application/openstack-images-v2.0-json-patch";
    private const int ChangesMax = 1_000;

    public static Outcome<IReadOnlyList<PatchChange>> Read(IReadOnlyList<JsonElement> items, bool old)
    {
        if (items.Count > ChangesMax) return new Fault.Invalid("", $"A patch has at most {ChangesMax} operations.");
        var changes = new List<PatchChange>(items.Count);
        foreach (var item in items)
        {
            if (item.ValueKind != JsonValueKind.Object) return new Fault.Invalid("", "Operations must be JSON objects.");
            var change = old ? ReadOld(item) : ReadNew(item);
            if (change.Fault is { } wrong) return wrong;
            changes.Add(change.Value);
        }

        return changes;
    }

    public static Fault? Apply(ImageDraft draft, PatchChange change) => change.Operation switch
    {
        PatchOperation.Remove => draft.Remove(change.Member),
        PatchOperation.Replace when !ImageDraft.IsKnown(change.Member) && !draft.HasProperty(change.Member) =>
            new Fault.Conflict($"Property {change.Member} does not exist."),
        _ => draft.Set(change.Member, change.Value),
    };

    private static Outcome<PatchChange> ReadNew(JsonElement item)
    {
        if (!item.TryGetProperty("op", out var op) || Text(op) is not { } name) return new Fault.Invalid("op", "Unable to find 'op' in JSON Schema change");
        if (!item.TryGetProperty("path", out var path) || Text(path) is not { } pointer) return new Fault.Invalid("path", "Unable to find 'path' in JSON Schema change");
        return Change(name, pointer, item);
    }

    private static Outcome<PatchChange> ReadOld(JsonElement item)
    {
        foreach (var name in new[] { "add", "replace", "remove" })
        {
            if (item.TryGetProperty(name, out var path) && Text(path) is { } pointer) return Change(name, pointer, item);
        }

        return new Fault.Invalid("", "Operation objects must contain exactly one member named \"add\", \"remove\", or \"replace\".");
    }

    private static Outcome<PatchChange> Change(string name, string pointer, JsonElement item)
    {
        PatchOperation? operation = name switch
        {
            "add" => PatchOperation.Add,
            "replace" => PatchOperation.Replace,
            "remove" => PatchOperation.Remove,
            _ => null,
        };
        if (operation is null) return new Fault.Invalid("op", $"Operations must be add, replace or remove, not '{name}'.");
        var member = Member(pointer);
        if (member.Fault is { } wrong) return wrong;
        if (operation == PatchOperation.Remove) return new PatchChange(operation.Value, member.Value, default);
        return item.TryGetProperty("value", out var value)
            ? new PatchChange(operation.Value, member.Value, value)
            : new Fault.Invalid("value", $"Operation \"{name}\" requires a member named \"value\".");
    }

    /// <summary>The one member that a JSON pointer names; nothing here has members of its own.</summary>
    private static Outcome<string> Member(string pointer)
    {
        if (pointer.Length < 2 || pointer[0] != '/') return new Fault.Invalid("path", $"Pointer `{pointer}` does not start with \"/\".");
        var token = pointer[1..];
        // Each location is a member of its own in the original; that none may be changed is said by the member.
        if (token.StartsWith("locations/", StringComparison.Ordinal)) return "locations";
        if (token.Contains('/', StringComparison.Ordinal)) return new Fault.Invalid("path", $"Invalid JSON pointer for this resource: '{pointer}'");
        for (var i = token.IndexOf('~', StringComparison.Ordinal); i >= 0; i = token.IndexOf('~', i + 1))
        {
            if (i + 1 >= token.Length || token[i + 1] is not ('0' or '1')) return new Fault.Invalid("path", $"Pointer `{pointer}` contains \"~\" not part of a recognized escape sequence.");
        }

        return token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? JsonText.Read(value) : null;
}
