using System.Text.Json;

namespace Sovereign.Kernel.Wire;

/// <summary>Booleans in the words that the APIs take for them.</summary>
public static class Truth
{
    /// <summary>Null when the text is none of the words.</summary>
    public static bool? Of(string text) => text.Trim().ToLowerInvariant() switch
    {
        "true" or "1" or "yes" or "on" or "t" or "y" => true,
        "false" or "0" or "no" or "off" or "f" or "n" => false,
        _ => null,
    };

    /// <summary>A boolean, one of the words, or a number 0 or 1; null when it is none of these.</summary>
    /// <param name="otherwise">What a member that was not given stands for.</param>
    public static bool? Of(JsonElement? element, bool otherwise)
    {
        if (element is not { } given) return otherwise;
        return given.ValueKind switch
        {
            JsonValueKind.Null => otherwise,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => Of(given.GetString()!),
            _ => null,
        };
    }
}
