using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Tokens;

// What every issue reads has settable members: constructors with parameters cost the reader twice as much.
internal sealed record AuthBody
{
    [JsonRequired]
    public AuthWish Auth { get; set; } = null!;
}

internal sealed record AuthWish
{
    [JsonRequired]
    public IdentityWish Identity { get; set; } = null!;

    /// <summary>The word "unscoped" or an object; left out: the user's default project.</summary>
    public JsonElement? Scope { get; set; }
}

internal sealed record IdentityWish
{
    [JsonRequired]
    public IReadOnlyList<string> Methods { get; set; } = [];

    public PasswordWish? Password { get; set; }

    public TokenWish? Token { get; set; }

    public CredentialWish? ApplicationCredential { get; set; }

    public TotpWish? Totp { get; set; }
}

internal sealed record PasswordWish(PasswordUserWish User);

internal sealed record PasswordUserWish(string Password)
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public NamedWish? Domain { get; set; }
}

internal sealed record TokenWish(string Id);

internal sealed record TotpWish(TotpUserWish User);

internal sealed record TotpUserWish(string Passcode)
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public NamedWish? Domain { get; set; }
}

internal sealed record CredentialWish
{
    [JsonRequired]
    public string Secret { get; set; } = "";

    public string? Id { get; set; }

    public string? Name { get; set; }

    public UserWish? User { get; set; }
}

internal sealed record UserWish
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public NamedWish? Domain { get; set; }
}

/// <summary>Something by its id or its name.</summary>
internal sealed record NamedWish
{
    public string? Id { get; set; }

    public string? Name { get; set; }
}

internal sealed record ScopeWish
{
    public ScopedProjectWish? Project { get; set; }

    public NamedWish? Domain { get; set; }

    public JsonElement? System { get; set; }

    public JsonElement? Unscoped { get; set; }

    [JsonPropertyName("OS-TRUST:trust")]
    public NamedWish? Trust { get; set; }
}

internal sealed record ScopedProjectWish
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public NamedWish? Domain { get; set; }
}

internal sealed record SystemEntry(bool All);

internal sealed record SystemList(IReadOnlyList<SystemEntry> System, CollectionLinks Links);

[JsonSerializable(typeof(AuthBody))]
[JsonSerializable(typeof(ScopeWish))]
[JsonSerializable(typeof(SystemList))]
internal sealed partial class TokenJson : JsonSerializerContext
{
    public static readonly TokenJson Wire = new(WireJson.Options(refuseUnknown: false));
}
