using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Users;

/// <summary>A user; the password's hash is read apart, only where it is verified.</summary>
internal sealed record UserRow : IRow
{
    public string Id { get; init; } = "";

    public string DomainId { get; init; } = "";

    public string Name { get; init; } = "";

    public bool Enabled { get; init; }

    public string? DefaultProjectId { get; init; }

    public string Options { get; init; } = "{}";

    public string Extra { get; init; } = "{}";

    /// <summary>Microseconds UTC; tokens of this user issued before are void.</summary>
    public long RevokedBefore { get; init; }

    /// <summary>Microseconds UTC; 0 when not known.</summary>
    public long PasswordCreatedAt { get; init; }

    /// <summary>Microseconds UTC; 0 for never.</summary>
    public long PasswordExpiresAt { get; init; }

    public UserEntry Entry => new(
        Id, DomainId, Name, Enabled, DefaultProjectId, RevokedBefore, PasswordExpiresAt, UserOptions.FactorRules(Options));
}
