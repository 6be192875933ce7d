using System.Collections.Frozen;

namespace Sovereign.Kernel.Access;

/// <summary>One row of a service's access table.</summary>
/// <param name="Name">"compute:servers:create".</param>
/// <param name="Text">Who may, as words joined by "or": "admin or project_member".</param>
public sealed record AccessRule(string Name, string Text)
{
    private static readonly FrozenDictionary<string, (Persona Persona, Reach Reach)> words = new Dictionary<string, (Persona, Reach)>
    {
        ["public"] = (Persona.Public, Reach.All),
        ["any"] = (Persona.Any, Reach.All),
        ["self"] = (Persona.Self, Reach.Self),
        ["project_reader"] = (Persona.ProjectReader, Reach.Project),
        ["project_member"] = (Persona.ProjectMember, Reach.Project),
        ["project_manager"] = (Persona.ProjectManager, Reach.Project),
        ["domain_reader"] = (Persona.DomainReader, Reach.Domain),
        ["domain_member"] = (Persona.DomainMember, Reach.Domain),
        ["domain_manager"] = (Persona.DomainManager, Reach.Domain),
        ["system_reader"] = (Persona.SystemReader, Reach.All),
        ["service"] = (Persona.Service, Reach.All),
        ["admin"] = (Persona.Admin, Reach.All),
        ["nobody"] = (Persona.None, Reach.None),
    }.ToFrozenDictionary();

    private readonly (Persona Persona, Reach Reach)[] alternatives = Parse(Name, Text);

    /// <summary>True when no token is needed.</summary>
    public bool IsPublic => alternatives.Any(a => a.Persona == Persona.Public);

    /// <summary>What the caller may reach under this rule; None is a refusal.</summary>
    public Reach Evaluate(Caller caller)
    {
        var reach = Reach.None;
        foreach (var (persona, granted) in alternatives)
        {
            if ((caller.Personas & persona) != 0) reach |= granted;
        }

        return reach;
    }

    private static (Persona, Reach)[] Parse(string name, string text) => text.Split(" or ", StringSplitOptions.TrimEntries)
        .Select(word => words.TryGetValue(word, out var known)
            ? known
            : throw new FormatException($"Rule {name}: '{word}' is not one of {string.Join(", ", words.Keys.Order(StringComparer.Ordinal))}."))
        .ToArray();
}

/// <summary>All rules of this cloud: the services' tables with the operator's overrides.</summary>
public sealed class Policy
{
    private readonly Dictionary<string, AccessRule> rules = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, string> overrides;

    /// <param name="overrides">Rule name to text, from the operator's policy file.</param>
    public Policy(IReadOnlyDictionary<string, string> overrides) => this.overrides = overrides;

    public IReadOnlyCollection<AccessRule> Rules => rules.Values;

    /// <summary>Adds a service's table.</summary>
    public void Add(IEnumerable<AccessRule> table)
    {
        foreach (var rule in table) rules.Add(rule.Name, overrides.TryGetValue(rule.Name, out var own) ? new AccessRule(rule.Name, own) : rule);
    }

    /// <exception cref="KeyNotFoundException">A route names a rule that no table has: a bug found at start.</exception>
    public AccessRule this[string name] => rules.TryGetValue(name, out var rule) ? rule : throw new KeyNotFoundException($"No access rule {name}.");
}
