using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

/// <summary>Checks that many resources share.</summary>
internal static class Attributes
{
    public const int TextCharactersMax = 255;

    /// <summary>The first fault among texts that were given: null or longer than 255 characters.</summary>
    public static Fault? Texts(params ReadOnlySpan<(string Name, Optional<string> Value)> texts) => Texts(texts, TextCharactersMax);

    /// <summary>The same with another limit.</summary>
    public static Fault? Texts(ReadOnlySpan<(string Name, Optional<string> Value)> texts, int charactersMax)
    {
        foreach (var (name, value) in texts)
        {
            if (!value.Given) continue;
            if (value.Value is null) return NetworkFaults.Attribute(name, "'None' is not a valid string");
            if (value.Value.Length > charactersMax) return NetworkFaults.Attribute(name, $"'{value.Value}' exceeds maximum length of {charactersMax}");
            // PostgreSQL has no NUL in text; nobody has it in a name.
            if (value.Value.Contains('\0', StringComparison.Ordinal)) return NetworkFaults.Attribute(name, "A NUL character is not a valid string");
        }

        return null;
    }

    /// <summary>The first fault among booleans that were given as null.</summary>
    public static Fault? Booleans(params ReadOnlySpan<(string Name, Optional<bool?> Value)> values)
    {
        foreach (var (name, value) in values)
        {
            if (value is { Given: true, Value: null }) return NetworkFaults.Attribute(name, "'None' is not a valid boolean value");
        }

        return null;
    }

    /// <summary>A project named in a body: admins may create for others, everybody else only for themselves.</summary>
    public static Outcome<string> Project(Kernel.Access.AccessGrant access, string rule, Optional<string> projectId, Optional<string> tenantId)
    {
        var named = projectId.Or(null) ?? tenantId.Or(null);
        if (named is null || named.Length == 0) return access.Caller.ProjectId ?? "";
        if (named.Length > TextCharactersMax) return NetworkFaults.Attribute("project_id", $"'{named}' exceeds maximum length of {TextCharactersMax}");
        return access.Everything || named == access.Caller.ProjectId ? named : NetworkFaults.NotAuthorized(rule, "project_id");
    }

    public static bool OrTrue(this Optional<bool?> value) => value.Or(true) ?? true;

    public static bool OrFalse(this Optional<bool?> value) => value.Or(false) ?? false;
}
