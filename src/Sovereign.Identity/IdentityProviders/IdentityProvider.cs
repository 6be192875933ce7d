using Sovereign.Identity.Wire;

namespace Sovereign.Identity.IdentityProviders;

/// <summary>Who vouches for users that this cloud has no password of.</summary>
internal sealed record IdentityProviderRow : IRow
{
    public string Id { get; init; } = "";

    /// <summary>The domain of the users that it vouches for.</summary>
    public string DomainId { get; init; } = "";

    public bool Enabled { get; init; }

    public string? Description { get; init; }

    /// <summary>Minutes that memberships of groups last after a login; null: the cloud's default.</summary>
    public long? AuthorizationTtl { get; init; }

    /// <summary>JSON array: the names by which it calls itself; each belongs to one provider.</summary>
    public string RemoteIds { get; init; } = "[]";
}
