namespace Sovereign.Identity.ApplicationCredentials;

/// <summary>An application credential: a part of its user's roles on one project, for programs.</summary>
internal sealed record CredentialRow
{
    public string Id { get; init; } = "";

    public string UserId { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    /// <summary>Keyed hash of the secret.</summary>
    public byte[] Secret { get; init; } = [];

    /// <summary>Microseconds UTC; 0 for never.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>True: its tokens may make and delete application credentials.</summary>
    public bool Unrestricted { get; init; }
}
