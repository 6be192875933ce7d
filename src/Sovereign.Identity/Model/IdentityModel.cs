using System.Collections.Concurrent;
using Sovereign.Identity.Catalog;
using Sovereign.Kernel.Access;

namespace Sovereign.Identity.Model;

/// <summary>All that a token needs, in memory. Loaded at start; the write queue changes it after each commit, in commit order, before the
/// request that asked is answered. A change costs what it touches, never the whole.</summary>
internal sealed class IdentityModel
{
    /// <summary>Target id of grants on the system.</summary>
    public const string System = "system";

    private readonly ConcurrentDictionary<string, Grant[]> grants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string[]> groupsOfUser = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CredentialEntry> credentials = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> revokedTokens = new(StringComparer.Ordinal);
    private RoleGraph roles = RoleGraph.Empty;
    private CatalogSnapshot catalog = CatalogSnapshot.Empty;
    private long version;

    public NamedMap<DomainEntry> Domains { get; } = new();

    public NamedMap<ProjectEntry> Projects { get; } = new();

    public NamedMap<UserEntry> Users { get; } = new();

    public NamedMap<GroupEntry> Groups { get; } = new();

    public RoleGraph Roles => Volatile.Read(ref roles);

    public CatalogSnapshot Catalog => Volatile.Read(ref catalog);

    /// <summary>Grows with every change: what was derived under an older one is derived again.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>Applies one committed change. Called by the writer only.</summary>
    public void Apply(Action<IdentityModel> change)
    {
        change(this);
        Interlocked.Increment(ref version);
    }

    public CredentialEntry? Credential(string? id) => id is not null && credentials.TryGetValue(id, out var entry) ? entry : null;

    public void PutCredential(CredentialEntry entry) => credentials[entry.Id] = entry;

    public void RemoveCredential(string id) => credentials.TryRemove(id, out _);

    public bool IsRevoked(string auditId) => revokedTokens.ContainsKey(auditId);

    public void Revoke(string auditId, long expiresAt) => revokedTokens[auditId] = expiresAt;

    public void ForgetRevoked(long before)
    {
        foreach (var (auditId, expiresAt) in revokedTokens)
        {
            if (expiresAt < before) revokedTokens.TryRemove(auditId, out _);
        }
    }

    public void SetRoles(Func<RoleGraph, RoleGraph> change) => Volatile.Write(ref roles, change(roles));

    public void SetCatalog(Func<CatalogSnapshot, CatalogSnapshot> change) => Volatile.Write(ref catalog, change(catalog));

    public IReadOnlyList<Grant> Grants(string actorId) => grants.TryGetValue(actorId, out var held) ? held : [];

    public void AddGrant(string actorId, Grant grant) =>
        grants.AddOrUpdate(actorId, _ => [grant], (_, held) => Array.IndexOf(held, grant) >= 0 ? held : [.. held, grant]);

    public void RemoveGrant(string actorId, Grant grant)
    {
        if (!grants.TryGetValue(actorId, out var held)) return;
        var rest = Array.FindAll(held, other => other != grant);
        if (rest.Length == 0) grants.TryRemove(actorId, out _);
        else grants[actorId] = rest;
    }

    public IReadOnlyList<string> GroupsOf(string userId) => groupsOfUser.TryGetValue(userId, out var groups) ? groups : [];

    public void AddMember(string groupId, string userId) =>
        groupsOfUser.AddOrUpdate(userId, _ => [groupId], (_, groups) => Array.IndexOf(groups, groupId) >= 0 ? groups : [.. groups, groupId]);

    public void RemoveMember(string groupId, string userId)
    {
        if (!groupsOfUser.TryGetValue(userId, out var groups)) return;
        var rest = Array.FindAll(groups, other => other != groupId);
        if (rest.Length == 0) groupsOfUser.TryRemove(userId, out _);
        else groupsOfUser[userId] = rest;
    }

    /// <summary>All grants of a user, those of its groups included.</summary>
    public IEnumerable<Grant> GrantsOfUser(string userId)
    {
        foreach (var grant in Grants(userId)) yield return grant;
        foreach (var groupId in GroupsOf(userId))
        {
            foreach (var grant in Grants(groupId)) yield return grant;
        }
    }

    /// <summary>The roles that a user has on a target, with the implied ones, sorted by name; empty when it has none.</summary>
    public List<RoleEntry> EffectiveRoles(string userId, ScopeKind scope, string targetId)
    {
        var graph = Roles;
        var found = new List<RoleEntry>(4);
        Collect(Grants(userId));
        foreach (var groupId in GroupsOf(userId)) Collect(Grants(groupId));
        found.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return found;

        void Collect(IReadOnlyList<Grant> held)
        {
            foreach (var grant in held)
            {
                if (grant.Scope != scope || grant.TargetId != targetId) continue;
                foreach (var role in graph.Implied(grant.RoleId))
                {
                    if (!found.Contains(role)) found.Add(role);
                }
            }
        }
    }
}
