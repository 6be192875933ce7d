using System.Collections.Concurrent;
using Sovereign.Identity.Catalog;
using Sovereign.Identity.ServiceProviders;
using Sovereign.Kernel.Access;

namespace Sovereign.Identity.Model;

/// <summary>All that a token needs, in memory. Loaded at start; the write queue changes it after each commit, in commit order, before the
/// request that asked is answered. A change costs what it touches, never the whole.</summary>
internal sealed class IdentityModel
{
    /// <summary>Target id of grants on the system.</summary>
    public const string System = "system";

    private ConcurrentDictionary<string, Grant[]> grants = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, string[]> groupsOfUser = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, CredentialEntry> credentials = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, TrustEntry> trusts = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, AccessEntry> accesses = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, long> revokedTokens = new(StringComparer.Ordinal);
    private RoleGraph roles = RoleGraph.Empty;
    private CatalogSnapshot catalog = CatalogSnapshot.Empty;
    private KnownProviders providers = KnownProviders.Empty;
    private long version;

    public NamedMap<DomainEntry> Domains { get; private set; } = new();

    public NamedMap<ProjectEntry> Projects { get; private set; } = new();

    public NamedMap<UserEntry> Users { get; private set; } = new();

    public NamedMap<GroupEntry> Groups { get; private set; } = new();

    public RoleGraph Roles => Volatile.Read(ref roles);

    public CatalogSnapshot Catalog => Volatile.Read(ref catalog);

    /// <summary>The other clouds that tokens name.</summary>
    public KnownProviders Providers => Volatile.Read(ref providers);

    /// <summary>Grows with every change: what was derived under an older one is derived again.</summary>
    public long Version => Volatile.Read(ref version);

    /// <summary>How often the database says that it was changed, as far as this model shows it. Counted where several processes serve the database.</summary>
    public long StoredVersion { get; set; }

    /// <summary>Applies one committed change. Called by the writer only.</summary>
    public void Apply(Action<IdentityModel> change)
    {
        change(this);
        StoredVersion++;
        Interlocked.Increment(ref version);
    }

    /// <summary>Takes over what another model holds, which nobody else uses. Called by the writer only.</summary>
    public void Become(IdentityModel other)
    {
        (grants, groupsOfUser, credentials, trusts, accesses, revokedTokens) =
            (other.grants, other.groupsOfUser, other.credentials, other.trusts, other.accesses, other.revokedTokens);
        (Domains, Projects, Users, Groups) = (other.Domains, other.Projects, other.Users, other.Groups);
        (roles, catalog, providers, StoredVersion) = (other.roles, other.catalog, other.providers, other.StoredVersion);
        Interlocked.Increment(ref version);
    }

    public CredentialEntry? Credential(string? id) => id is not null && credentials.TryGetValue(id, out var entry) ? entry : null;

    public void PutCredential(CredentialEntry entry) => credentials[entry.Id] = entry;

    public void RemoveCredential(string id) => credentials.TryRemove(id, out _);

    public TrustEntry? Trust(string? id) => id is not null && trusts.TryGetValue(id, out var entry) ? entry : null;

    /// <summary>Whose roles a trust lends, also when it was lent on.</summary>
    public string FirstTrustor(TrustEntry trust)
    {
        while (Trust(trust.RedelegatedTrustId) is { } source) trust = source;
        return trust.TrustorId;
    }

    public void PutTrust(TrustEntry entry) => trusts[entry.Id] = entry;

    public void RemoveTrust(string id) => trusts.TryRemove(id, out _);

    public AccessEntry? Access(string? id) => id is not null && accesses.TryGetValue(id, out var entry) ? entry : null;

    public void PutAccess(AccessEntry entry) => accesses[entry.Id] = entry;

    public void RemoveAccess(string id) => accesses.TryRemove(id, out _);

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

    public void SetProviders(Func<KnownProviders, KnownProviders> change) => Volatile.Write(ref providers, change(providers));

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

    /// <summary>Every grant with who holds it, in no order.</summary>
    public IEnumerable<(string ActorId, Grant Grant)> AllGrants()
    {
        foreach (var (actorId, held) in grants)
        {
            foreach (var grant in held) yield return (actorId, grant);
        }
    }

    /// <summary>The users of every group; costs one walk over all users that are in one.</summary>
    public ILookup<string, string> UsersByGroup() => groupsOfUser
        .SelectMany(pair => pair.Value.Select(group => (group, user: pair.Key))).ToLookup(pair => pair.group, pair => pair.user, StringComparer.Ordinal);

    /// <summary>What is above a project: its parents from the nearest on, and its domain last; empty when there is no such project.</summary>
    public List<string> Above(string projectId)
    {
        var above = new List<string>(2);
        if (Projects.Find(projectId) is not { } project) return above;
        var domain = project.DomainId;
        for (var parent = Projects.Find(project.ParentId); parent is not null; parent = Projects.Find(parent.ParentId)) above.Add(parent.Id);
        above.Add(domain);
        return above;
    }

    /// <summary>The projects on which a user has any role, directly, through groups, or inherited from above.</summary>
    public HashSet<string> ProjectsOf(string userId)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        HashSet<string>? inherited = null;
        foreach (var grant in GrantsOfUser(userId))
        {
            if (grant.Inherited) (inherited ??= new(StringComparer.Ordinal)).Add(grant.TargetId);
            else if (grant.Scope == ScopeKind.Project) found.Add(grant.TargetId);
        }

        if (inherited is not null) found.UnionWith(Projects.All.Select(project => project.Id).Where(id => Above(id).Exists(inherited.Contains)));
        return found;
    }

    /// <summary>The roles that a user has on a target, with the implied ones, sorted by name; empty when it has none.</summary>
    public List<RoleEntry> EffectiveRoles(string userId, ScopeKind scope, string targetId)
    {
        var graph = Roles;
        var found = new List<RoleEntry>(4);
        List<string>? above = null;
        Collect(Grants(userId));
        foreach (var groupId in GroupsOf(userId)) Collect(Grants(groupId));
        found.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return found;

        void Collect(IReadOnlyList<Grant> held)
        {
            foreach (var grant in held)
            {
                if (grant.Inherited ? !FromAbove(grant) : grant.Scope != scope || grant.TargetId != targetId) continue;
                foreach (var role in graph.Implied(grant.RoleId))
                {
                    if (!found.Contains(role)) found.Add(role);
                }
            }
        }

        bool FromAbove(Grant grant) => scope == ScopeKind.Project && (above ??= Above(targetId)).Contains(grant.TargetId);
    }
}
