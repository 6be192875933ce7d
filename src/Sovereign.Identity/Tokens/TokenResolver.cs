using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using Sovereign.Identity.Model;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Identity.Tokens;

/// <summary>Turns tokens into callers without I/O. What was resolved is kept from its first use on, in bounds; a change of the model makes it be derived again.</summary>
internal sealed class TokenResolver(KernelServices kernel, IdentityModel model) : ICallers
{
    private const int CachedTokensMax = 20_000;
    private const int StandingsMax = 5_000;

    /// <summary>The one wording for all refusals, so that none tells which part was wrong.</summary>
    public static readonly Fault.Unauthorized Refused = new("The request you have made requires authentication.");
    private readonly ConcurrentDictionary<string, ResolvedToken> cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<StandingKey, Standing> standings = new();
    private int cached;

    public Outcome<Caller> Resolve(string token) => Find(token) is { } resolved ? resolved.Caller : Refused;

    /// <returns>Null for a token that is not valid now, whatever the reason.</returns>
    public ResolvedToken? Find(string token)
    {
        var known = cache.TryGetValue(token, out var hit) ? hit : null;
        if (known is not null && known.Version == model.Version) return known.Payload.ExpiresAt > kernel.Clock.Now() ? known : Forgotten(token);
        if ((known?.Payload ?? kernel.Tokens.Open(token)) is not { } payload) return null;
        if (Derive(payload) is not { } resolved) return known is null ? null : Forgotten(token);
        Remember(token, resolved);
        return resolved;
    }

    /// <summary>What a payload stands for now; null when it is void.</summary>
    public ResolvedToken? Derive(TokenPayload payload)
    {
        // Read first: a change that comes while we look makes the result stale, never wrong for long.
        var version = model.Version;
        if (payload.ExpiresAt <= kernel.Clock.Now() || model.IsRevoked(Base64Url.EncodeToString(payload.AuditId))) return null;
        if (model.Users.Find(payload.UserId) is not { Enabled: true } user || payload.IssuedAt < user.RevokedBefore) return null;
        if (model.Domains.Find(user.DomainId) is not { Enabled: true } domain || payload.IssuedAt < domain.RevokedBefore) return null;
        if (!ScopeStands(payload, out var project)) return null;
        var key = new StandingKey(user.Id, payload.Scope, payload.ScopeId, payload.ApplicationCredentialId);
        var standing = standings.TryGetValue(key, out var known) && known.Version == version ? known : Stand(key, payload, user, domain, project, version);
        if (standing is null || (model.Credential(payload.ApplicationCredentialId)?.ExpiredAt(kernel.Clock.Now()) ?? false)) return null;
        return new ResolvedToken(payload, standing.Caller with { ExpiresAt = payload.ExpiresAt }, standing.Roles, project, model, version);
    }

    private Standing? Stand(StandingKey key, TokenPayload payload, UserEntry user, DomainEntry domain, ProjectEntry? project, long version)
    {
        var roles = RolesOf(payload);
        if (roles is null) return null;
        var caller = new Caller
        {
            UserId = user.Id, UserName = user.Name, UserDomainId = domain.Id, UserDomainName = domain.Name, ProjectId = project?.Id, ProjectName = project?.Name,
            ProjectDomainId = project?.DomainId, DomainId = payload.Scope == ScopeKind.Domain ? payload.ScopeId : null,
            SystemScope = payload.Scope == ScopeKind.System, Roles = roles.Select(role => role.Name.ToLowerInvariant()).ToFrozenSet(StringComparer.Ordinal),
            ExpiresAt = payload.ExpiresAt, ApplicationCredentialId = payload.ApplicationCredentialId,
        };
        if (standings.Count >= StandingsMax) standings.Clear();
        return standings[key] = new Standing(caller.WithPersonas(), roles, version);
    }

    private void Remember(string token, ResolvedToken resolved)
    {
        if (!cache.TryAdd(token, resolved))
        {
            cache[token] = resolved;
            return;
        }

        // Dropping everything at the bound is simple; deriving again takes microseconds.
        if (Interlocked.Increment(ref cached) <= CachedTokensMax) return;
        cache.Clear();
        Interlocked.Exchange(ref cached, 0);
    }

    private ResolvedToken? Forgotten(string token)
    {
        if (cache.TryRemove(token, out _)) Interlocked.Decrement(ref cached);
        return null;
    }

    private bool ScopeStands(TokenPayload payload, out ProjectEntry? project)
    {
        project = null;
        switch (payload.Scope)
        {
            case ScopeKind.Project:
                project = model.Projects.Find(payload.ScopeId);
                return project is { Enabled: true } && payload.IssuedAt >= project.RevokedBefore && DomainStands(project.DomainId, payload.IssuedAt);
            case ScopeKind.Domain:
                return DomainStands(payload.ScopeId!, payload.IssuedAt);
            default:
                return true;
        }
    }

    private bool DomainStands(string id, long issuedAt) => model.Domains.Find(id) is { Enabled: true } domain && issuedAt >= domain.RevokedBefore;

    /// <returns>Null when a scoped token has no role left or its credential is gone; empty for an unscoped one.</returns>
    private List<RoleEntry>? RolesOf(TokenPayload payload)
    {
        if (payload.Scope == ScopeKind.None) return [];
        var target = payload.Scope == ScopeKind.System ? IdentityModel.System : payload.ScopeId!;
        var roles = model.EffectiveRoles(payload.UserId, payload.Scope, target);
        if (payload.ApplicationCredentialId is { } id)
        {
            if (model.Credential(id) is not { } credential || credential.UserId != payload.UserId || credential.ExpiredAt(kernel.Clock.Now())) return null;
            var graph = model.Roles;
            var allowed = credential.RoleIds.SelectMany(role => graph.Implied(role)).ToHashSet();
            roles.RemoveAll(role => !allowed.Contains(role));
        }

        return roles.Count > 0 ? roles : null;
    }

    private sealed record StandingKey(string UserId, ScopeKind Scope, string? ScopeId, string? CredentialId);

    /// <summary>What all tokens of one user on one scope share under one version of the model.</summary>
    private sealed record Standing(Caller Caller, IReadOnlyList<RoleEntry> Roles, long Version);
}
