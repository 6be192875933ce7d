using System.Net;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>Checks of attributes that rooms share.</summary>
internal static class Checks
{
    public const int TextCharsMax = 255;
    public const int TagsMax = 50;
    private const int PortMax = 65535;

    /// <summary>The first fault of several checks; null: all is right.</summary>
    public static Fault? First(params ReadOnlySpan<Fault?> faults)
    {
        foreach (var fault in faults)
        {
            if (fault is not null) return fault;
        }

        return null;
    }

    public static Fault? Text(string name, Optional<string> text, int charsMax = TextCharsMax) => text.Value is { } value
        ? value.Length > charsMax ? Faults.Attribute(name, value[..32] + "…", $"Value should have a maximum character requirement of {charsMax}")
        : value.Any(char.IsControl) ? Faults.Attribute(name, "…", "Control characters are not allowed.") : null
        : null;

    public static Fault? Number(string name, Optional<long?> number, long least, long most) => number.Value is { } value && (value < least || value > most)
        ? Faults.Attribute(name, value, $"Value should be greater or equal to {least} and lower or equal to {most}.") : null;

    public static Fault? Port(string name, Optional<long?> port) => Number(name, port, 1, PortMax);

    public static Fault? OneOf(string name, string? value, params ReadOnlySpan<string> allowed) => value is null || allowed.Contains(value)
        ? null : Faults.Attribute(name, value, $"Value should be one of: {string.Join(", ", allowed!)}");

    /// <summary>True where the fault is that nothing was given.</summary>
    public static Fault? Given(string name, bool given) => given ? null : Faults.Required(name);

    public static Fault? Address(string name, string? address) =>
        address is null || IPAddress.TryParse(address, out var ip) && Canonical(address, ip) ? null
            : Faults.Attribute(name, address, "Value should be IPv4 or IPv6 format");

    public static Fault? Tags(Optional<IReadOnlyList<string>> tags)
    {
        if (tags.Value is not { } list) return null;
        if (list.Count > TagsMax) return Faults.Attribute("tags", list.Count, $"At most {TagsMax} tags are kept.");
        return list.Any(tag => tag is null or "" || tag.Length > TextCharsMax || tag.Any(c => char.IsControl(c) || c == ','))
            ? Faults.Attribute("tags", "…", $"A tag has 1 to {TextCharsMax} characters, none of them a comma or a control character.") : null;
    }

    public static string TagsText(IEnumerable<string> tags) =>
        JsonSerializer.Serialize(tags.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList(), BalancerJson.Wire.IReadOnlyListString);

    public static IReadOnlyList<string> Texts(string json) => JsonSerializer.Deserialize(json, BalancerJson.Wire.IReadOnlyListString)!;

    // "1" and "0x7f.1" are addresses to the parser and to nobody else.
    private static bool Canonical(string text, IPAddress ip) => text.Contains(':', StringComparison.Ordinal)
        ? !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal) : ip.ToString() == text;
}
