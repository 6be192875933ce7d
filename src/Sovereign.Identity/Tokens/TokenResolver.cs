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
internal sealed class TokenResolver(KernelServices kernel, IdentityModel model)
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
        if (payload.TrustId is { } trustId && !TrustStands(trustId, payload)) return null;
        var key = new StandingKey(user.Id, payload.Scope, payload.ScopeId, payload.ApplicationCredentialId, payload.TrustId, payload.AccessTokenId);
        var standing = standings.TryGetValue(key, out var known) && known.Version == version ? known : Stand(key, payload, user, domain, project, version);
        if (standing is null || (model.Credential(payload.ApplicationCredentialId)?.ExpiredAt(kernel.Clock.Now()) ?? false)) return null;
        return new ResolvedToken(payload, standing);
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
            ExpiresAt = payload.ExpiresAt, ApplicationCredentialId = payload.ApplicationCredentialId, TrustId = payload.TrustId,
            Calls = model.Credential(payload.ApplicationCredentialId)?.Rules is { Count: > 0 } rules ? rules : null,
        };
        if (standings.Count >= StandingsMax) standings.Clear();
        return standings[key] = new Standing(key, caller.WithPersonas(), roles, project, model, version);
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

    /// <summary>Is the trust there, for this project, with both of its users and all of its roles still in place?</summary>
    private bool TrustStands(string id, TokenPayload payload)
    {
        if (model.Trust(id) is not { } trust || trust.ExpiredAt(kernel.Clock.Now()) || trust.ActorId != payload.UserId) return false;
        if (trust.ProjectId != payload.ScopeId || !UserStands(trust.TrustorId, payload.IssuedAt) || !UserStands(trust.TrusteeId, payload.IssuedAt)) return false;
        if (trust.ProjectId is null) return true;
        var held = model.EffectiveRoles(model.FirstTrustor(trust), ScopeKind.Project, trust.ProjectId);
        return trust.RoleIds.All(role => held.Exists(other => other.Id == role));
    }

    private bool UserStands(string id, long issuedAt) =>
        model.Users.Find(id) is { Enabled: true } user && issuedAt >= user.RevokedBefore && DomainStands(user.DomainId, issuedAt);

    private bool DomainStands(string id, long issuedAt) => model.Domains.Find(id) is { Enabled: true } domain && issuedAt >= domain.RevokedBefore;

    /// <returns>Null when a scoped token has no role left or its credential is gone; empty for an unscoped one.</returns>
    private List<RoleEntry>? RolesOf(TokenPayload payload)
    {
        if (payload.Scope == ScopeKind.None) return [];
        var target = payload.Scope == ScopeKind.System ? IdentityModel.System : payload.ScopeId!;
        var trust = model.Trust(payload.TrustId);
        var roles = model.EffectiveRoles(trust is null ? payload.UserId : model.FirstTrustor(trust), payload.Scope, target);
        if (trust is not null) Keep(roles, trust.RoleIds);
        if (payload.AccessTokenId is { } accessId)
        {
            if (model.Access(accessId) is not { } access || access.UserId != payload.UserId || access.ProjectId != payload.ScopeId) return null;
            Keep(roles, access.RoleIds);
        }

        if (payload.ApplicationCredentialId is { } id)
        {
            if (model.Credential(id) is not { } credential || credential.UserId != payload.UserId || credential.ExpiredAt(kernel.Clock.Now())) return null;
            Keep(roles, credential.RoleIds);
        }

        return roles.Count > 0 ? roles : null;
    }

    /// <summary>Leaves of the held roles only those that were chosen, with what they imply.</summary>
    private void Keep(List<RoleEntry> held, IReadOnlyList<string> chosen)
    {
        var graph = model.Roles;
        var allowed = chosen.SelectMany(role => graph.Implied(role)).ToHashSet();
        held.RemoveAll(role => !allowed.Contains(role));
    }
}
