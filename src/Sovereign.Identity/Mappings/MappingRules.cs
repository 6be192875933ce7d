using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Mappings;

/// <summary>The form that the rules of a mapping must have: the schemas 1.0 and 2.0 of the API reference.</summary>
internal static class MappingRules
{
    public const string FirstVersion = "1.0";
    private const string SecondVersion = "2.0";
    private static readonly string[] conditions = ["any_one_of", "not_any_of", "blacklist", "whitelist"];

    private delegate Fault.Invalid? Checked(JsonElement value, string path);

    /// <returns>The first thing that is wrong; null when the rules may be kept.</returns>
    public static Fault.Invalid? Check(JsonElement rules, string version)
    {
        if (version is not (FirstVersion or SecondVersion)) return Wrong("schema_version", $"'{FirstVersion}' or '{SecondVersion}' is expected");
        return Items(rules, "rules", least: 1, (rule, path) => Members(
            rule, path, ["local", "remote"],
            ("local", (local, at) => Items(local, at, least: 0, (one, here) => Local(one, here, version))),
            ("remote", (remote, at) => Items(remote, at, least: 1, Remote))));
    }

    private static Fault.Invalid? Local(JsonElement local, string path, string version) => Members(
        local, path, [],
        ("user", User), ("projects", (projects, at) => Items(projects, at, least: 0, (project, here) => Project(project, here, version))),
        ("group", Group), ("groups", Text), ("group_ids", Text), ("domain", Domain));

    private static Fault.Invalid? User(JsonElement user, string path) => Members(
        user, path, [], ("id", Text), ("name", Text), ("email", Text), ("domain", Domain),
        ("type", (type, at) => Text(type, at) ?? (type.GetString() is "ephemeral" or "local" ? null : Wrong(at, "'ephemeral' or 'local' is expected"))));

    private static Fault.Invalid? Project(JsonElement project, string path, string version)
    {
        Checked roles = (list, at) => Items(list, at, least: 0, (role, here) => Members(role, here, ["name"], ("name", Text)));
        return version == FirstVersion
            ? Members(project, path, ["name", "roles"], ("name", Text), ("roles", roles))
            : Members(project, path, ["name", "roles"], ("name", Text), ("roles", roles), ("domain", Domain));
    }

    /// <summary>By its id alone, or by its name with its domain.</summary>
    private static Fault.Invalid? Group(JsonElement group, string path) => group.ValueKind == JsonValueKind.Object && group.TryGetProperty("id", out _)
        ? Members(group, path, ["id"], ("id", Text))
        : Members(group, path, ["name", "domain"], ("name", Text), ("domain", Domain));

    private static Fault.Invalid? Domain(JsonElement domain, string path) => Members(domain, path, [], ("id", Text), ("name", Text));

    /// <summary>An attribute of the assertion, with one condition or none.</summary>
    private static Fault.Invalid? Remote(JsonElement remote, string path)
    {
        if (remote.ValueKind != JsonValueKind.Object) return Wrong(path, "an object is expected");
        var given = conditions.Where(name => remote.TryGetProperty(name, out _)).ToList();
        if (given.Count > 1) return Wrong(path, $"{given[0]} and {given[1]} exclude each other");
        if (given.Count == 0) return Members(remote, path, ["type"], ("type", Text));
        return Members(
                remote, path, ["type", given[0]], ("type", Text), (given[0], (values, at) => Items(values, at, least: 0, (_, _) => null)),
                ("regex", (value, at) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : Wrong(at, "a boolean is expected")))
            ?? Patterns(remote, given[0], path);
    }

    /// <summary>A pattern that would fail at a login fails here. Patterns that backtrack could take a login hostage, so none is taken.</summary>
    private static Fault.Invalid? Patterns(JsonElement remote, string condition, string path)
    {
        if (!remote.TryGetProperty("regex", out var regex) || regex.ValueKind != JsonValueKind.True) return null;
        foreach (var value in remote.GetProperty(condition).EnumerateArray())
        {
            if (value.ValueKind != JsonValueKind.String) return Wrong($"{path}/{condition}", "a pattern is a text");
            try
            {
                _ = new Regex(value.GetString()!, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (Exception error) when (error is ArgumentException or NotSupportedException)
            {
                return Wrong($"{path}/{condition}", $"'{value.GetString()}' is no regular expression that can be matched without going back");
            }
        }

        return null;
    }

    private static Fault.Invalid? Text(JsonElement value, string path) => value.ValueKind == JsonValueKind.String ? null : Wrong(path, "a text is expected");

    private static Fault.Invalid? Items(JsonElement list, string path, int least, Checked check)
    {
        if (list.ValueKind != JsonValueKind.Array) return Wrong(path, "an array is expected");
        if (list.GetArrayLength() < least) return Wrong(path, "it is too short");
        var number = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (check(item, $"{path}/{number++}") is { } wrong) return wrong;
        }

        return null;
    }

    /// <summary>An object with these members and no others.</summary>
    private static Fault.Invalid? Members(JsonElement value, string path, string[] required, params ReadOnlySpan<(string Name, Checked Check)> known)
    {
        if (value.ValueKind != JsonValueKind.Object) return Wrong(path, "an object is expected");
        foreach (var name in required)
        {
            if (!value.TryGetProperty(name, out _)) return Wrong(path, $"'{name}' is a required property");
        }

        foreach (var member in value.EnumerateObject())
        {
            Checked? check = null;
            foreach (var one in known) check = one.Name == member.Name ? one.Check : check;
            if (check is null) return Wrong(path, $"additional properties are not allowed ('{member.Name}' was unexpected)");
            if (check(member.Value, $"{path}/{member.Name}") is { } wrong) return wrong;
        }

        return null;
    }

    private static Fault.Invalid Wrong(string path, string why) => new(path, $"Invalid input for field '{path}': {why}.");
}
