using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sovereign.ObjectStore.Signing;

/// <summary>The arithmetic of AWS Signature Version 4 ("Authenticating Requests" of the Amazon S3 API Reference).</summary>
internal static class SignatureV4
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string Terminator = "aws4_request";
    public const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";
    private const string Unreserved = "-._~";

    /// <summary>The key of one day, region and service.</summary>
    public static byte[] Key(string secret, CredentialScope scope)
    {
        var key = HMACSHA256.HashData(Encoding.UTF8.GetBytes("AWS4" + secret), Encoding.UTF8.GetBytes(scope.Date));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(scope.Region));
        key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(scope.Service));
        return HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(Terminator));
    }

    public static string Sign(byte[] key, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    public static string StringToSign(string time, CredentialScope scope, string canonicalRequest) =>
        $"{Algorithm}\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";

    /// <summary>Compares without telling by its time where they differ.</summary>
    public static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));

    /// <summary>The canonical query: encoded, sorted by name and value.</summary>
    /// <param name="without">A parameter that is not signed: the signature itself.</param>
    public static string Query(IEnumerable<KeyValuePair<string, string>> pairs, string? without = null) => string.Join('&', pairs
        .Where(pair => pair.Key != without)
        .Select(pair => (Name: Encode(pair.Key, slashes: false), Value: Encode(pair.Value, slashes: false)))
        .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
        .Select(pair => $"{pair.Name}={pair.Value}"));

    /// <summary>Percent-encodes the UTF-8 bytes of a text as AWS does: all but unreserved characters (RFC 3986, section 2.3), in upper-case hex.</summary>
    /// <param name="slashes">True: slashes stay, as in paths.</param>
    public static string Encode(string text, bool slashes)
    {
        var plain = true;
        foreach (var character in text) plain &= IsPlain(character, slashes);
        if (plain) return text;
        var encoded = new StringBuilder(text.Length * 2);
        foreach (var one in Encoding.UTF8.GetBytes(text))
        {
            if (IsPlain((char)one, slashes)) encoded.Append((char)one);
            else encoded.Append('%').Append(one.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    /// <summary>A header's value as it is signed: trimmed, with single spaces.</summary>
    public static string HeaderValue(string value)
    {
        var trimmed = value.Trim();
        return trimmed.Contains("  ", StringComparison.Ordinal) ? string.Join(' ', trimmed.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : trimmed;
    }

    private static bool IsPlain(char character, bool slashes) =>
        char.IsAsciiLetterOrDigit(character) || Unreserved.Contains(character, StringComparison.Ordinal) || (slashes && character == '/');
}

/// <summary>What a signature is good for: one day, one region, one service.</summary>
internal sealed record CredentialScope(string Date, string Region, string Service)
{
    public override string ToString() => $"{Date}/{Region}/{Service}/{SignatureV4.Terminator}";
}
