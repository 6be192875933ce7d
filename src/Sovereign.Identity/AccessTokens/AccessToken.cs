using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.AccessTokens;

/// <summary>What a consumer logs in with for a user, on one project, with the roles that the user lent.</summary>
internal sealed record AccessTokenRow : IRow
{
    public string Id { get; init; } = "";

    public string ConsumerId { get; init; } = "";

    /// <summary>Who authorised it, and for whom its tokens speak.</summary>
    public string UserId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    /// <summary>Its secret, which signatures are computed with.</summary>
    public byte[] Sealed { get; init; } = [];

    /// <summary>Microseconds UTC.</summary>
    public long ExpiresAt { get; init; }

    public AccessEntry Entry(IReadOnlyList<string> roleIds) => new(Id, ConsumerId, UserId, ProjectId, ExpiresAt, roleIds);
}
