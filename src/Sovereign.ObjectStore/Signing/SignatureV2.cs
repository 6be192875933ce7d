using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sovereign.ObjectStore.S3;

namespace Sovereign.ObjectStore.Signing;

/// <summary>The first way to sign S3 requests (HMAC-SHA1; "Signing and authenticating REST requests" of the Amazon S3 user guide): old tools and temp URLs have
/// it.</summary>
/// <param name="At">When it was signed; for a signed URL meaningless.</param>
/// <param name="ExpiresAt">Of a signed URL; null for a header.</param>
internal sealed record SignatureV2(string AccessKey, string Value, DateTimeOffset At, DateTimeOffset? ExpiresAt)
{
    public const string Scheme = "AWS ";

    private static readonly string[] subresources =
    [
        "acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy", "requestPayment", "response-cache-control",
        "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type", "response-expires", "tagging",
        "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    ];

    /// <summary>Null: the request has no such signature.</summary>
    public static SignatureV2? Find(S3Request request, string? header)
    {
        if (header is not null && header.StartsWith(Scheme, StringComparison.Ordinal))
        {
            var colon = header.LastIndexOf(':');
            if (colon < 0) return null;
            var date = request.Header("x-amz-date") ?? request.Header("Date");
            var known = DateTimeOffset.TryParse(date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
            return new SignatureV2(header[Scheme.Length..colon], header[(colon + 1)..], known ? at : default, null);
        }

        if (request.Parameter("AWSAccessKeyId") is not { } key || request.Parameter("Signature") is not { } value) return null;
        return long.TryParse(request.Parameter("Expires"), NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
            && expires < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? new SignatureV2(key, value, default, DateTimeOffset.FromUnixTimeSeconds(expires)) : new SignatureV2(key, value, default, DateTimeOffset.UnixEpoch);
    }

    public string Compute(S3Request request, string secret)
    {
        var date = ExpiresAt is { } expires ? expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) : request.Header("x-amz-date") is null
            ? request.Header("Date") : "";
        var text = new StringBuilder().Append(request.Method).Append('\n').Append(request.Header("Content-MD5")).Append('\n').Append(request.Header("Content-Type"))
            .Append('\n').Append(date).Append('\n');
        foreach (var (name, values) in request.Headers.Where(header => header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
            .OrderBy(header => header.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            text.Append(name.ToLowerInvariant()).Append(':').Append(string.Join(',', values.Select(value => SignatureV4.HeaderValue(value ?? "")))).Append('\n');
        }

        text.Append(Resource(request));
#pragma warning disable CA5350 // SHA-1 is what this form of signature is defined with.
        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text.ToString())));
#pragma warning restore CA5350
    }

    private static string Resource(S3Request request)
    {
        var hosted = !request.Path.StartsWith("/" + request.Bucket, StringComparison.Ordinal) && request.Bucket.Length > 0;
        var path = (hosted ? "/" + request.Bucket : "") + SignatureV4.Encode(request.Path, slashes: true);
        var named = request.Query.Where(pair => subresources.Contains(pair.Key)).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => pair.Value.Length == 0 ? pair.Key : $"{pair.Key}={pair.Value}").ToList();
        return named.Count == 0 ? path : $"{path}?{string.Join('&', named)}";
    }
}
