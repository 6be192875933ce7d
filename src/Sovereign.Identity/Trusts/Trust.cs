using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Trusts;

/// <summary>One user lends another some of its roles on a project.</summary>
internal sealed record TrustRow : IRow
{
    /// <summary>How deep lent roles may be lent on.</summary>
    public const int RedelegationsMax = 3;

    /// <summary>Uses of a trust that may be used without end.</summary>
    public const long Unlimited = -1;

    public string Id { get; init; } = "";

    /// <summary>Who lends.</summary>
    public string TrustorUserId { get; init; } = "";

    /// <summary>Who borrows.</summary>
    public string TrusteeUserId { get; init; } = "";

    public string? ProjectId { get; init; }

    /// <summary>True: tokens of the trust say that the trustor acts.</summary>
    public bool Impersonation { get; init; }

    /// <summary>Microseconds UTC; 0 for never.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>How many tokens may still be made; <see cref="Unlimited"/> for any number.</summary>
    public long RemainingUses { get; init; } = Unlimited;

    /// <summary>How often it may still be lent on.</summary>
    public long RedelegationCount { get; init; }

    /// <summary>The trust whose roles this one lends on.</summary>
    public string? RedelegatedTrustId { get; init; }

    public bool IsOver(long now) => RemainingUses == 0 || (ExpiresAt != 0 && ExpiresAt <= now);

    public TrustEntry Entry(IReadOnlyList<string> roleIds) =>
        new(Id, TrustorUserId, TrusteeUserId, ProjectId, Impersonation, ExpiresAt, RemainingUses, RedelegatedTrustId, roleIds);
}
