using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sovereign.Testing.Clouds;

/// <summary>Signs requests as a consumer of OAuth 1 does (RFC 5849), written apart from the code that checks them.</summary>
/// <param name="Address">Scheme, host and port of the cloud.</param>
public sealed record OAuthSigner(Uri Address, string ConsumerKey, string ConsumerSecret)
{
    /// <summary>Key of a request token or an access token.</summary>
    public string? Token { get; init; }

    public string TokenSecret { get; init; } = "";

    public string? Verifier { get; init; }

    public string? Callback { get; init; }

    /// <summary>The Authorization header of a request.</summary>
    /// <param name="nonce">Never the same twice.</param>
    public (string Name, string Value) Header(string method, string path, DateTimeOffset at, string nonce)
    {
        var parameters = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["oauth_consumer_key"] = ConsumerKey, ["oauth_nonce"] = nonce, ["oauth_signature_method"] = "HMAC-SHA1", ["oauth_version"] = "1.0",
            ["oauth_timestamp"] = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        };
        if (Token is not null) parameters["oauth_token"] = Token;
        if (Verifier is not null) parameters["oauth_verifier"] = Verifier;
        if (Callback is not null) parameters["oauth_callback"] = Callback;
        var normal = string.Join('&', parameters.Select(pair => $"{Escape(pair.Key)}={Escape(pair.Value)}"));
        var text = $"{method}&{Escape(Address.GetLeftPart(UriPartial.Authority) + path)}&{Escape(normal)}";
#pragma warning disable CA5350 // OAuth 1 signs with SHA-1 by definition.
        var signature = HMACSHA1.HashData(Encoding.ASCII.GetBytes($"{Escape(ConsumerSecret)}&{Escape(TokenSecret)}"), Encoding.ASCII.GetBytes(text));
#pragma warning restore CA5350
        parameters["oauth_signature"] = Convert.ToBase64String(signature);
        return ("Authorization", "OAuth " + string.Join(", ", parameters.Select(pair => $"{Escape(pair.Key)}=\"{Escape(pair.Value)}\"")));
    }

    /// <summary>Reads "oauth_token=…&amp;oauth_token_secret=…".</summary>
    public static (string Key, string Secret) Given(string form)
    {
        var members = form.Split('&').Select(member => member.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        return (members["oauth_token"], members["oauth_token_secret"]);
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
