using System.Text.Json;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Users;

/// <summary>The options that a user may have.</summary>
internal static class UserOptions
{
    public const string IgnoreFirstUse = "ignore_change_password_upon_first_use";
    public const string IgnoreExpiry = "ignore_password_expiry";
    public const string IgnoreLockout = "ignore_lockout_failure_attempts";
    public const string LockPassword = "lock_password";
    private const string FactorsEnabled = "multi_factor_auth_enabled";
    private const string FactorsRules = "multi_factor_auth_rules";
    private const int RulesMax = 32;

    private static readonly HashSet<string> flags = new(StringComparer.Ordinal)
    {
        IgnoreFirstUse, IgnoreExpiry, IgnoreLockout, LockPassword, FactorsEnabled, "ignore_user_inactivity", "immutable",
    };

    /// <summary>Null when each option is one of ours and of its type.</summary>
    public static Fault.Invalid? Check(JsonElement? given)
    {
        if (given is not { ValueKind: JsonValueKind.Object } options) return null;
        foreach (var option in options.EnumerateObject())
        {
            var kind = option.Value.ValueKind;
            var good = option.Name == FactorsRules ? kind == JsonValueKind.Null || AreRules(option.Value)
                : flags.Contains(option.Name) && kind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null;
            if (!good) return new Fault.Invalid("options/" + option.Name, $"Invalid input for field 'options/{option.Name}'.");
        }

        return null;
    }

    public static bool Has(string options, string name) =>
        options != "{}" && Members.Parse(options).TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>Sets of methods, one of which the user must use together; empty when it may use any.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> FactorRules(string options)
    {
        if (!Has(options, FactorsEnabled) || !Members.Parse(options).TryGetProperty(FactorsRules, out var rules) || !AreRules(rules)) return [];
        return [.. rules.EnumerateArray().Select(rule => rule.EnumerateArray().Select(method => method.GetString()!).ToArray()).Where(rule => rule.Length > 0)];
    }

    private static bool AreRules(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= RulesMax
        && value.EnumerateArray().All(rule => rule.ValueKind == JsonValueKind.Array && rule.GetArrayLength() <= RulesMax
            && rule.EnumerateArray().All(method => method.ValueKind == JsonValueKind.String));
}
