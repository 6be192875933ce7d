namespace Sovereign.Identity;

/// <summary>A service that the catalog shows from the first start on, with its public, internal and admin endpoints in the cloud's region.</summary>
/// <param name="UrlTemplate">Absolute, or a path under the cloud's public URL; may contain $(project_id)s.</param>
public sealed record CatalogService(string Type, string Name, string UrlTemplate);

/// <summary>A user that exists from the first start on; its password is never reset later.</summary>
public sealed record FirstUser(string Name, string Password)
{
    /// <summary>Passwords are in no text form of this.</summary>
    public override string ToString() => Name;
}

/// <summary>What the identity service is told from outside.</summary>
/// <param name="Admin">The operator: role admin on project "admin", on domain "default" and on the system.</param>
/// <param name="Demo">The first tenant: role member on project "demo".</param>
public sealed record IdentityOptions(IReadOnlyList<CatalogService> Catalog, FirstUser Admin, FirstUser Demo)
{
    /// <summary>How long a token lives.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Rounds of PBKDF2 for new passwords; old ones keep theirs.</summary>
    public int PasswordRounds { get; init; } = 210_000;
}
