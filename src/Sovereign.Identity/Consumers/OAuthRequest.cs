using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Consumers;

/// <summary>A request signed after RFC 5849: what its Authorization header says, and the text that was signed.</summary>
internal sealed class OAuthRequest
{
    private const string Scheme = "OAuth ";
    private const string SignatureName = "oauth_signature";
    private const int ValueMax = 255;
    private readonly Dictionary<string, string> named;
    private readonly List<string> texts;

    private OAuthRequest(Dictionary<string, string> named, List<string> texts) => (this.named, this.texts) = (named, texts);

    public string ConsumerKey => named["oauth_consumer_key"];

    /// <summary>Key of a request token or an access token; null where the consumer has none yet.</summary>
    public string? Token => named.GetValueOrDefault("oauth_token");

    public string? Verifier => named.GetValueOrDefault("oauth_verifier");

    public string Nonce => named["oauth_nonce"];

    /// <summary>Seconds since 1970; null when the header says none.</summary>
    public long? Timestamp => long.TryParse(named["oauth_timestamp"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    /// <summary>Reads the header; the fault names the parameter that is missing or wrong.</summary>
    /// <param name="required">Parameters that this step of the protocol needs besides those of every request.</param>
    public static Outcome<OAuthRequest> Of(Call call, params IEnumerable<string> required)
    {
        var named = Header(call.Header("Authorization") ?? "");
        if (named is null) return Wrong("oauth_consumer_key", "the Authorization header is no list of distinct parameters");
        string[] always = ["oauth_consumer_key", "oauth_nonce", "oauth_timestamp", "oauth_signature_method", SignatureName];
        foreach (var name in always.Concat(required))
        {
            if (named.GetValueOrDefault(name, "").Length is 0 or > ValueMax) return Wrong(name, "it is a required parameter of the Authorization header");
        }

        if (named["oauth_signature_method"] != "HMAC-SHA1") return Wrong("oauth_signature_method", "HMAC-SHA1 is expected");
        if (named.GetValueOrDefault("oauth_version", "1.0") != "1.0") return Wrong("oauth_version", "1.0 is expected");
        return new OAuthRequest(named, Texts(call, named));
    }

    /// <summary>Does the signature come from these secrets?</summary>
    /// <param name="tokenSecret">Empty where there is no token yet.</param>
    public bool IsSigned(string consumerSecret, string tokenSecret)
    {
        var key = Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(consumerSecret)}&{Uri.EscapeDataString(tokenSecret)}");
        var given = Encoding.UTF8.GetBytes(named[SignatureName]);
        return texts.Exists(text => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Signature(key, text)), given));
    }

    /// <summary>The text to sign (RFC 5849, 3.4.1).</summary>
    /// <param name="address">Scheme, host, port where it is not the scheme's own, and path.</param>
    public static string Text(string method, string address, IEnumerable<(string Name, string Value)> parameters)
    {
        var pairs = parameters.Where(pair => pair.Name is not ("realm" or SignatureName))
            .Select(pair => (Name: Uri.EscapeDataString(pair.Name), Value: Uri.EscapeDataString(pair.Value)))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
            .Select(pair => $"{pair.Name}={pair.Value}");
        return $"{method.ToUpperInvariant()}&{Uri.EscapeDataString(address)}&{Uri.EscapeDataString(string.Join('&', pairs))}";
    }

#pragma warning disable CA5350 // OAuth 1 signs with SHA-1 by definition.
    public static string Signature(byte[] key, string text) => Convert.ToBase64String(HMACSHA1.HashData(key, Encoding.ASCII.GetBytes(text)));
#pragma warning restore CA5350

    /// <summary>One text for each address by which the client may know this cloud: the one that it asked, and the public one.</summary>
    private static List<string> Texts(Call call, Dictionary<string, string> named)
    {
        var request = call.Http.Request;
        var path = request.PathBase.Add(request.Path).ToUriComponent();
        var scheme = new Uri(call.PublicUrl).Scheme;
        var parameters = named.Select(pair => (pair.Key, pair.Value))
            .Concat(request.Query.SelectMany(pair => pair.Value.Select(value => (pair.Key, value ?? "")))).ToList();
        return [.. new[] { $"{scheme}://{request.Host.ToUriComponent()}", call.PublicUrl }.Select(Address).OfType<string>().Distinct(StringComparer.Ordinal)
            .Select(address => Text(request.Method, address + path, parameters))];
    }

    /// <summary>In lower case, without the port that the scheme has by itself; null for what is no address.</summary>
    private static string? Address(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped).ToLowerInvariant() : null;

    /// <summary>The parameters of the header; null when it is malformed or says one twice.</summary>
    private static Dictionary<string, string>? Header(string header)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        foreach (var part in header[Scheme.Length..].Split(','))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at < 0) return null;
            var (name, value) = (part[..at].Trim(), part[(at + 1)..].Trim());
            if (value is not ['"', .., '"'] || !named.TryAdd(Uri.UnescapeDataString(name), Uri.UnescapeDataString(value[1..^1]))) return null;
        }

        // PostgreSQL holds no NUL in text and would answer with an error of its own.
        return named.Values.Any(value => value.Contains('\0', StringComparison.Ordinal)) ? null : named;
    }

    private static Fault.Invalid Wrong(string name, string why) => new(name, $"Invalid input for '{name}': {why}.");
}
