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

/// <summary>Rules of passwords; the defaults demand nothing.</summary>
public sealed record PasswordRules
{
    /// <summary>A pattern that new passwords must match; null for any.</summary>
    public string? Regex { get; init; }

    /// <summary>The pattern in words, for those whose password does not match.</summary>
    public string RegexDescription { get; init; } = "";

    /// <summary>How many of a user's last passwords, the present one among them, it may not choose again; up to 1: none is remembered.</summary>
    public int UniqueLastCount { get; init; }

    /// <summary>How long a password lasts; zero: for ever.</summary>
    public TimeSpan ExpiresAfter { get; init; }

    /// <summary>How long a user must keep a password before it may change it itself.</summary>
    public TimeSpan MinimumAge { get; init; }

    /// <summary>After so many wrong passwords in a row the user is locked out; zero: never.</summary>
    public int LockoutAttempts { get; init; }

    /// <summary>How long a user is locked out.</summary>
    public TimeSpan LockoutDuration { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>True: a password that somebody else gave must be changed before it is good for a token.</summary>
    public bool ChangeUponFirstUse { get; init; }
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

    /// <summary>True: what belongs to the whole cloud (domains, roles, the catalog, …) is closed to tokens of a domain, the admin's too.</summary>
    public bool EnforceScope { get; init; } = true;

    /// <summary>What passwords must be like and how long they last.</summary>
    public PasswordRules PasswordRules { get; init; } = new();
}
