using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Sovereign.Identity.Model;

/// <summary>All roles and what each implies, transitively; an immutable snapshot, since roles are few and change rarely.</summary>
internal sealed class RoleGraph
{
    public static readonly RoleGraph Empty = new(ImmutableDictionary<string, RoleEntry>.Empty, []);

    private readonly ImmutableDictionary<string, RoleEntry> roles;
    private readonly ImmutableHashSet<(string Prior, string Implied)> inferences;
    private readonly FrozenDictionary<string, ImmutableArray<RoleEntry>> closures;

    public RoleGraph(ImmutableDictionary<string, RoleEntry> roles, ImmutableHashSet<(string Prior, string Implied)> inferences)
    {
        (this.roles, this.inferences) = (roles, inferences);
        closures = roles.Keys.ToFrozenDictionary(id => id, Closure, StringComparer.Ordinal);
    }

    public RoleEntry? Find(string id) => roles.GetValueOrDefault(id);

    public RoleEntry? FindGlobal(string name) => roles.Values.FirstOrDefault(role => role.IsGlobal && role.Name == name);

    /// <summary>The role itself and all that it implies; domain roles are left out, since tokens carry only global ones.</summary>
    public ImmutableArray<RoleEntry> Implied(string roleId) => closures.TryGetValue(roleId, out var closure) ? closure : [];

    public bool Implies(string prior, string implied) => Reachable(prior).Contains(implied);

    public RoleGraph With(RoleEntry role) => new(roles.SetItem(role.Id, role), inferences);

    public RoleGraph Without(string roleId) =>
        new(roles.Remove(roleId), inferences.Where(i => i.Prior != roleId && i.Implied != roleId).ToImmutableHashSet());

    public RoleGraph WithInference(string prior, string implied) => new(roles, inferences.Add((prior, implied)));

    public RoleGraph WithoutInference(string prior, string implied) => new(roles, inferences.Remove((prior, implied)));

    private ImmutableArray<RoleEntry> Closure(string roleId) =>
        [.. Reachable(roleId).Select(Find).OfType<RoleEntry>().Where(role => role.IsGlobal).OrderBy(role => role.Name, StringComparer.Ordinal)];

    private HashSet<string> Reachable(string roleId)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { roleId };
        var open = new Queue<string>([roleId]);
        while (open.TryDequeue(out var next))
        {
            foreach (var (prior, implied) in inferences)
            {
                if (prior == next && reached.Add(implied)) open.Enqueue(implied);
            }
        }

        return reached;
    }
}
