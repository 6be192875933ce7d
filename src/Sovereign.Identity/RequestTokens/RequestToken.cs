namespace Sovereign.Identity.RequestTokens;

/// <summary>A consumer asks for roles on a project; a user who authorises it lends its own.</summary>
internal sealed record RequestTokenRow
{
    public string Id { get; init; } = "";

    public string ConsumerId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    /// <summary>Its secret, which signatures are computed with.</summary>
    public byte[] Sealed { get; init; } = [];

    /// <summary>Who authorised it; null: nobody yet.</summary>
    public string? UserId { get; init; }

    /// <summary>Keyed hash of what the user tells the consumer; null: nobody authorised it yet.</summary>
    public byte[]? Verifier { get; init; }

    /// <summary>Microseconds UTC.</summary>
    public long ExpiresAt { get; init; }
}
