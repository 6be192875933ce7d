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
/// <param name="RevokedBefore">Microseconds UTC; tokens of this scope issued before are void.</param>
internal sealed record ProjectEntry(string Id, string DomainId, string Name, bool Enabled, long RevokedBefore) : INamed;

/// <summary>A user as tokens need it; the password stays in the database.</summary>
/// <param name="RevokedBefore">Microseconds UTC; tokens issued before are void.</param>
internal sealed record UserEntry(string Id, string DomainId, string Name, bool Enabled, string? DefaultProjectId, long RevokedBefore) : INamed;

internal sealed record GroupEntry(string Id, string DomainId, string Name) : INamed;

internal sealed record RoleEntry(string Id, string DomainId, string Name) : INamed
{
    public bool IsGlobal => DomainId.Length == 0;
}

/// <summary>A role on a target, held by a user or a group.</summary>
/// <param name="TargetId">Project or domain id; "system" for the system.</param>
internal readonly record struct Grant(ScopeKind Scope, string TargetId, string RoleId);

/// <summary>An application credential as issuing needs it, with the keyed hash of its secret.</summary>
/// <param name="ExpiresAt">Microseconds UTC; 0 for never.</param>
internal sealed record CredentialEntry(
    string Id, string UserId, string ProjectId, string Name, byte[] Secret, long ExpiresAt, bool Unrestricted, IReadOnlyList<string> RoleIds)
{
    public bool ExpiredAt(long now) => ExpiresAt != 0 && ExpiresAt <= now;
}
