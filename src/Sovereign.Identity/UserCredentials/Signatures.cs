using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sovereign.Identity.UserCredentials;

/// <summary>Computes the signatures that clients of AWS's APIs make, from what a service saw of the request.</summary>
internal static partial class Signatures
{
    private const string Algorithm4 = "AWS4-HMAC-SHA256";

    /// <summary>Does the signature of this EC2 request come from this secret? Versions 2 and 4.</summary>
    public static bool IsEc2(SignedRequest request, string secret) => Same(request.Signature, Ec2(request, secret));

    /// <summary>Does the signature of this S3 request come from this secret? Its "token" is the text that was signed.</summary>
    public static bool IsS3(SignedRequest request, string secret) => Text(request.Token) is { } signed && Same(request.Signature, S3(signed, secret));

    /// <summary>When the request was signed; null when it does not say. False: it says so in no known form.</summary>
    public static bool TrySignedAt(SignedRequest request, out DateTimeOffset? at)
    {
        at = null;
        var text = Value(request.Params, "Timestamp") ?? Value(request.Headers, "X-Amz-Date") ?? Value(request.Params, "X-Amz-Date");
        if (text is null) return true;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        var known = DateTimeOffset.TryParseExact(text, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, Utc, out var time)
            || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out time);
        at = time;
        return known;
    }

    private static string? Ec2(SignedRequest request, string secret)
    {
        var version = Value(request.Params, "SignatureVersion");
        if (version == "2") return Version2(request, secret);
        return version is null && IsVersion4(request) ? Version4(request, secret) : null;
    }

    private static string? S3(byte[] signed, string secret)
    {
        var text = Encoding.UTF8.GetString(signed);
        if (!text.StartsWith("AWS4", StringComparison.Ordinal)) return Convert.ToBase64String(Hmac1(Encoding.UTF8.GetBytes(secret), signed));
        var lines = text.Split('\n');
        if (lines.Length != 4 || lines[0] != Algorithm4) return null;
        var scope = lines[2].Split('/');
        return scope is [_, _, "s3", "aws4_request"] ? Signed4(secret, scope, signed) : null;
    }

    private static string Version2(SignedRequest request, string secret)
    {
        var values = Values(request.Params);
        values["SignatureMethod"] = "HmacSHA256";
        var text = $"{request.Verb}\n{request.Host}\n{request.Path}\n{Query(values)}";
        return Convert.ToBase64String(Hmac(Encoding.UTF8.GetBytes(secret), text));
    }

    private static bool IsVersion4(SignedRequest request) => Value(request.Headers, "Authorization")?.StartsWith(Algorithm4, StringComparison.Ordinal)
        ?? Value(request.Params, "X-Amz-Algorithm") == Algorithm4;

    private static string? Version4(SignedRequest request, string secret)
    {
        var scope = Authorised(request, "Credential")?.Split('/').Skip(1).ToArray();
        var names = Authorised(request, "SignedHeaders");
        var date = Value(request.Headers, "X-Amz-Date") ?? Value(request.Params, "X-Amz-Date");
        if (scope is not [_, _, _, "aws4_request"] || names is null || date is null || !date.StartsWith(scope[0], StringComparison.Ordinal)) return null;
        var headers = Values(request.Headers).ToLookup(pair => pair.Key.ToLowerInvariant().Trim(), pair => pair.Value.Trim(), StringComparer.Ordinal);
        var lines = names.Split(';').Where(headers.Contains).Select(name => $"{name}:{Host(headers, name)}");
        var isPost = string.Equals(request.Verb, "POST", StringComparison.OrdinalIgnoreCase);
        var canonical = string.Join(
            '\n', request.Verb?.ToUpperInvariant(), request.Path, isPost ? "" : Query(Values(request.Params)), string.Join('\n', lines) + "\n", names,
            request.BodyHash);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        return Signed4(secret, scope, Encoding.UTF8.GetBytes($"{Algorithm4}\n{date}\n{string.Join('/', scope)}\n{digest}"));
    }

    /// <summary>Boto before 2.9.3 signed the host without its port.</summary>
    private static string Host(ILookup<string, string> headers, string name)
    {
        var value = headers[name].First();
        return name == "host" && OldBoto().IsMatch(headers["user-agent"].FirstOrDefault() ?? "") ? value.Split(':')[0] : value;
    }

    private static string Signed4(string secret, string[] scope, byte[] text)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope) key = Hmac(key, part);
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, text));
    }

    /// <summary>A part of the Authorization header, or the parameter that stands for it in a signed URL.</summary>
    private static string? Authorised(SignedRequest request, string name)
    {
        if (Value(request.Headers, "Authorization") is not { } header) return Value(request.Params, "X-Amz-" + name);
        var at = header.IndexOf(name + "=", StringComparison.Ordinal);
        return at < 0 ? null : header[(at + name.Length + 1)..].Split(',')[0];
    }

    private static string Query(SortedDictionary<string, string> values) =>
        string.Join('&', values.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    private static SortedDictionary<string, string> Values(Dictionary<string, JsonElement>? given)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in given ?? []) values[name] = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return values;
    }

    private static string? Value(Dictionary<string, JsonElement>? given, string name) =>
        given is not null && given.TryGetValue(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : null;

    private static byte[]? Text(string? base64)
    {
        var bytes = new byte[(base64 ?? "").Length];
        var plain = (base64 ?? "").Replace('-', '+').Replace('_', '/');
        return plain.Length > 0 && Convert.TryFromBase64String(plain, bytes, out var length) ? bytes[..length] : null;
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

#pragma warning disable CA5350 // Version 1 of S3's signatures is SHA-1 by definition; clients still send it.
    private static byte[] Hmac1(byte[] key, byte[] text) => HMACSHA1.HashData(key, text);
#pragma warning restore CA5350

    private static bool Same(string? given, string? right) => given is not null && right is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(right));

    [GeneratedRegex(@"^Boto/2\.[0-9]\.[0-2]")]
    private static partial Regex OldBoto();
}
