using Sovereign.Kernel.Access;

namespace Sovereign.Identity.Model;

/// <summary>What the model finds by id and by name within a domain.</summary>
internal interface INamed
{
    string Id { get; }

    /// <summary>Empty for what belongs to no domain: domains themselves and global roles.</summary>
    string DomainId { get; }

    string Name { get; }
}

/// <summary>A domain as tokens need it.</summary>
/// <param name="RevokedBefore">Microseconds UTC; tokens issued before are void.</param>
internal sealed record DomainEntry(string Id, string Name, bool Enabled, long RevokedBefore) : INamed
{
    public string DomainId => "";
}

/// <summary>A project as tokens need it.</summary>
/// <param name="ParentId">The domain, or the project above.</param>
/// <param name="RevokedBefore">Microseconds UTC; tokens of this scope issued before are void.</param>
internal sealed record ProjectEntry(string Id, string DomainId, string ParentId, string Name, bool Enabled, long RevokedBefore) : INamed;

/// <summary>A user as tokens need it; the password stays in the database.</summary>
/// <param name="RevokedBefore">Microseconds UTC; tokens issued before are void.</param>
/// <param name="PasswordExpiresAt">Microseconds UTC; 0 for never.</param>
/// <param name="FactorRules">Sets of methods, one of which must be used together; empty for any method.</param>
internal sealed record UserEntry(
    string Id, string DomainId, string Name, bool Enabled, string? DefaultProjectId, long RevokedBefore, long PasswordExpiresAt,
    IReadOnlyList<IReadOnlyList<string>> FactorRules) : INamed;

internal sealed record GroupEntry(string Id, string DomainId, string Name) : INamed;

internal sealed record RoleEntry(string Id, string DomainId, string Name) : INamed
{
    public bool IsGlobal => DomainId.Length == 0;
}

/// <summary>A role on a target, held by a user or a group.</summary>
/// <param name="TargetId">Project or domain id; "system" for the system.</param>
/// <param name="Inherited">True: not on the target itself but on every project below it.</param>
internal readonly record struct Grant(ScopeKind Scope, string TargetId, string RoleId, bool Inherited = false);

/// <summary>A trust as issuing and validating need it.</summary>
/// <param name="ExpiresAt">Microseconds UTC; 0 for never.</param>
/// <param name="RemainingUses">-1 for any number.</param>
internal sealed record TrustEntry(
    string Id, string TrustorId, string TrusteeId, string? ProjectId, bool Impersonation, long ExpiresAt, long RemainingUses, string? RedelegatedTrustId,
    IReadOnlyList<string> RoleIds)
{
    /// <summary>Whom its tokens speak for.</summary>
    public string ActorId => Impersonation ? TrustorId : TrusteeId;

    public bool ExpiredAt(long now) => ExpiresAt != 0 && ExpiresAt <= now;
}

/// <summary>An access token of OAuth 1 as issuing and validating need it.</summary>
/// <param name="UserId">Who lent the roles, and for whom its tokens speak.</param>
/// <param name="ExpiresAt">Microseconds UTC.</param>
internal sealed record AccessEntry(string Id, string ConsumerId, string UserId, string ProjectId, long ExpiresAt, IReadOnlyList<string> RoleIds);

/// <summary>An application credential as issuing needs it, with the keyed hash of its secret.</summary>
/// <param name="ExpiresAt">Microseconds UTC; 0 for never.</param>
/// <param name="Rules">The only calls that its tokens may make; empty for any.</param>
internal sealed record CredentialEntry(
    string Id, string UserId, string ProjectId, string Name, byte[] Secret, long ExpiresAt, bool Unrestricted, IReadOnlyList<string> RoleIds,
    IReadOnlyList<CallRule> Rules)
{
    public bool ExpiredAt(long now) => ExpiresAt != 0 && ExpiresAt <= now;
}
