using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.ObjectStore.Buckets;
using Sovereign.ObjectStore.Signing;

namespace Sovereign.ObjectStore.Swift;

/// <summary>Temporary URLs ("TempURL middleware" of the Swift documentation): signed with a key of the account or of the container.</summary>
internal sealed class TempUrls(KernelServices kernel)
{
    private static readonly string[] keys = ["temp-url-key", "temp-url-key-2"];

    /// <summary>Lets a request in whose signature is right and whose time is not over.</summary>
    public Outcome<SwiftCall> Enter(SwiftCall call)
    {
        if (call.Query("temp_url_sig") is not { Length: > 0 } signature || Expires(call.Query("temp_url_expires")) is not { } expires
            || expires < kernel.Clock.GetUtcNow().ToUnixTimeSeconds()) return Invalid;
        // A manifest would open to whoever has the URL what its signer never saw.
        if (call.Header("X-Object-Manifest") is not null || call.Query("multipart-manifest") == "put")
        {
            return new Fault.Invalid("x-object-manifest", "The header 'X-Object-Manifest' is not allowed in this tempurl");
        }

        var (bucket, account, container) = kernel.Database.Read(session =>
        {
            var found = BucketStore.OfProject(session, call.ProjectId, call.Container);
            return (found, Keys(AccountMeta.Of(session, call.ProjectId), AccountMeta.Prefix),
                found is null ? [] : Keys(ContainerMeta.Of(session, found.Number), ContainerMeta.Prefix));
        });
        var texts = Texts(call, expires).ToList();
        if (bucket is null) return Invalid;
        if (account.Exists(key => texts.Exists(text => Is(signature, key, text)))) return call with { Bucket = bucket, Lent = "" };
        return container.Exists(key => texts.Exists(text => Is(signature, key, text))) ? call with { Bucket = bucket, Lent = call.Container } : Invalid;
    }

    private static List<string> Keys(Dictionary<string, string> meta, string prefix) =>
        keys.Select(key => meta.GetValueOrDefault(prefix + key)).OfType<string>().ToList();

    /// <summary>How a browser is to keep what a temporary URL gives; null: the object's own word counts.</summary>
    public static string? Disposition(SwiftCall call)
    {
        if (call.Query("temp_url_sig") is null) return null;
        if (call.Query("inline") is not null) return "inline";
        var name = call.Query("filename") ?? call.Object.TrimEnd('/').Split('/')[^1];
        return $"attachment; filename=\"{name.Replace("\"", "%22", StringComparison.Ordinal)}\"; filename*=UTF-8''{Uri.EscapeDataString(name)}";
    }

    /// <summary>What may have been signed: the path as it is here, and as clients know it from the original; HEAD is allowed by what allows GET, PUT or POST.</summary>
    private static IEnumerable<string> Texts(SwiftCall call, long expires)
    {
        var method = call.Call.Http.Request.Method;
        var own = $"/v1/{SwiftCall.AccountPrefix}{call.ProjectId}/{call.Container}/";
        var prefix = call.Query("temp_url_prefix");
        if (prefix is not null && !call.Object.StartsWith(prefix, StringComparison.Ordinal)) yield break;
        foreach (var verb in method == "HEAD" ? (string[])["HEAD", "GET", "PUT", "POST"] : [method])
        {
            foreach (var begin in (string[])["", call.Call.Face.Prefix])
            {
                var path = prefix is null ? begin + own + call.Object : $"prefix:{begin}{own}{prefix}";
                var text = string.Create(CultureInfo.InvariantCulture, $"{verb}\n{expires}\n{path}");
                yield return call.Query("temp_url_ip_range") is { } range ? $"ip={range}\n{text}" : text;
            }
        }
    }

    private static bool Is(string signature, string key, string text)
    {
        var (secret, signed) = (Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text));
#pragma warning disable CA5350 // SHA-1 is one of the forms that this API defines.
        byte[] Compute(string algorithm) => algorithm switch
        {
            "sha1" => HMACSHA1.HashData(secret, signed),
            "sha512" => HMACSHA512.HashData(secret, signed),
            _ => HMACSHA256.HashData(secret, signed),
        };
#pragma warning restore CA5350
        var colon = signature.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            var algorithm = signature.Length switch { 40 => "sha1", 64 => "sha256", 128 => "sha512", _ => null };
            return algorithm is not null && SignatureV4.Same(Convert.ToHexStringLower(Compute(algorithm)), signature.ToLowerInvariant());
        }

        var named = signature[..colon];
        return named is "sha1" or "sha256" or "sha512"
            && SignatureV4.Same(Convert.ToBase64String(Compute(named)).TrimEnd('='), signature[(colon + 1)..].Replace('-', '+').Replace('_', '/').TrimEnd('='));
    }

    private static long? Expires(string? text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return seconds;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixTimeSeconds() : null;
    }

    private static Fault Invalid => new Fault.Invalid("", "Temp URL invalid") { Type = "401" };
}
