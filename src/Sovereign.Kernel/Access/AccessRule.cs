using System.Collections.Frozen;

namespace Sovereign.Kernel.Access;

/// <summary>One row of a service's access table.</summary>
/// <param name="Name">"compute:servers:create".</param>
/// <param name="Text">Who may, as words joined by "or": "admin or project_member".</param>
/// <param name="Policy">What the original calls it, when its refusals name it: "os_compute_api:servers:create"; null: they do not.</param>
public sealed record AccessRule(string Name, string Text, string? Policy = null)
{
    private static readonly FrozenDictionary<string, (Persona Persona, Reach Reach)> words = new Dictionary<string, (Persona, Reach)>
    {
        ["public"] = (Persona.Public, Reach.All),
        ["any"] = (Persona.Any, Reach.All),
        ["self"] = (Persona.Self, Reach.Self),
        ["project_user"] = (Persona.ProjectUser, Reach.Self),
        ["project_reader"] = (Persona.ProjectReader, Reach.Project),
        ["project_member"] = (Persona.ProjectMember, Reach.Project),
        ["project_manager"] = (Persona.ProjectManager, Reach.Project),
        ["domain_reader"] = (Persona.DomainReader, Reach.Domain),
        ["domain_member"] = (Persona.DomainMember, Reach.Domain),
        ["domain_manager"] = (Persona.DomainManager, Reach.Domain),
        ["system_reader"] = (Persona.SystemReader, Reach.All),
        ["balancer_observer"] = (Persona.BalancerObserver, Reach.Project),
        ["balancer_member"] = (Persona.BalancerMember, Reach.Project),
        ["balancer_global_observer"] = (Persona.BalancerGlobalObserver, Reach.All),
        ["balancer_quota_admin"] = (Persona.BalancerQuotaAdmin, Reach.All),
        ["balancer_admin"] = (Persona.BalancerAdmin, Reach.All),
        ["service"] = (Persona.Service, Reach.All),
        ["admin"] = (Persona.Admin, Reach.All),
        ["cloud_admin"] = (Persona.CloudAdmin, Reach.All),
        ["nobody"] = (Persona.None, Reach.None),
    }.ToFrozenDictionary();

    private readonly (Persona Persona, Reach Reach)[] alternatives = Parse(Name, Text);

    /// <summary>The words that a rule may have.</summary>
    public static IEnumerable<string> Words => words.Keys.Order(StringComparer.Ordinal);

    /// <summary>What a caller is told whom it does not let in.</summary>
    public string Refusal => Policy is null
        ? $"You are not authorized to perform the requested action: {Name}."
        : $"Policy doesn't allow {Policy} to be performed.";

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
            : throw new PolicyException($"Rule {name}: '{word}' is not one of {string.Join(", ", Words)}."))
        .ToArray();
}

/// <summary>All rules of this cloud: the services' tables with the operator's overrides.</summary>
public sealed class Policy
{
    private readonly Dictionary<string, AccessRule> rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> defaults = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, string> overrides;

    /// <param name="overrides">Rule name to text, from the operator's policy file.</param>
    public Policy(IReadOnlyDictionary<string, string> overrides) => this.overrides = overrides;

    public IReadOnlyCollection<AccessRule> Rules => rules.Values;

    /// <summary>Adds a service's table.</summary>
    public void Add(IEnumerable<AccessRule> table)
    {
        foreach (var rule in table)
        {
            rules.Add(rule.Name, overrides.TryGetValue(rule.Name, out var own) ? new AccessRule(rule.Name, own, rule.Policy) : rule);
            defaults.Add(rule.Name, rule.Text);
        }
    }

    /// <summary>The rule's text without the operator's override.</summary>
    public string DefaultOf(string name) => defaults[name];

    /// <summary>Refuses overrides that would change nothing: their writer believes that they protect something. Called when every table is there.</summary>
    /// <exception cref="PolicyException">Names each unknown rule, with the nearest known one.</exception>
    public void CheckOverrides()
    {
        var unknown = overrides.Keys.Where(name => !rules.ContainsKey(name)).Order(StringComparer.Ordinal).ToList();
        if (unknown.Count == 0) return;
        throw new PolicyException(string.Join(" ", unknown.Select(name => $"The policy overrides '{name}', which is no access rule; did you mean '{Nearest(name)}'?")));
    }

    private string? Nearest(string name) => rules.Keys.OrderBy(known => Distance(known, name)).ThenBy(known => known, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>How many letters to insert, remove or replace to make one name the other.</summary>
    private static int Distance(string left, string right)
    {
        var above = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var row = new int[right.Length + 1];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1));
            }

            above = row;
        }

        return above[^1];
    }

    /// <exception cref="KeyNotFoundException">A route names a rule that no table has: a bug found at start.</exception>
    public AccessRule this[string name] => rules.TryGetValue(name, out var rule) ? rule : throw new KeyNotFoundException($"No access rule {name}.");
}

/// <summary>A fault in the operator's policy, which stops the start; the message says what to change.</summary>
public sealed class PolicyException(string message) : FormatException(message);
