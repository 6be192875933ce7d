using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.ObjectStore.S3;

/// <summary>A request as S3 reads it: from the raw target, since the web server's own path is cleaned of what may be part of a key.</summary>
/// <param name="Path">Decoded, with its leading slash: what was signed.</param>
/// <param name="Bucket">From the host or the path; "" for none.</param>
/// <param name="Key">"" for none.</param>
/// <param name="Query">Decoded pairs in the request's order; a name without a value has "".</param>
internal sealed record S3Request(HttpContext Http, string Method, string Path, string Bucket, string Key, IReadOnlyList<KeyValuePair<string, string>> Query)
{
    private static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public IHeaderDictionary Headers => Http.Request.Headers;

    /// <summary>The value of a query parameter; null when it is not there.</summary>
    public string? Parameter(string name)
    {
        foreach (var pair in Query)
        {
            if (pair.Key == name) return pair.Value;
        }

        return null;
    }

    public bool Has(string name) => Parameter(name) is not null;

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <param name="domains">Host names (without a port) under which buckets are hosts of their own.</param>
    public static Outcome<S3Request> Of(HttpContext http, IReadOnlyList<string> domains)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.Length == 0 || target[0] != '/') return S3Faults.InvalidUri;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var rawPath = mark < 0 ? target : target[..mark];
        if (Decode(rawPath) is not { } path || Pairs(mark < 0 ? "" : target[(mark + 1)..]) is not { } query) return S3Faults.InvalidUri;
        var method = http.Request.Method;
        if (BucketOfHost(http.Request.Host.Host, domains) is { } hosted) return new S3Request(http, method, path, hosted, path[1..], query);
        var slash = path.IndexOf('/', 1);
        return slash < 0
            ? new S3Request(http, method, path, path[1..], "", query)
            : new S3Request(http, method, path, path[1..slash], path[(slash + 1)..], query);
    }

    /// <summary>The bucket that a host names ("photos.s3.example" under "s3.example"); null when it names none.</summary>
    public static string? BucketOfHost(string host, IReadOnlyList<string> domains)
    {
        foreach (var domain in domains)
        {
            if (host.Length > domain.Length + 1 && host.EndsWith(domain, StringComparison.OrdinalIgnoreCase) && host[host.Length - domain.Length - 1] == '.')
            {
                return host[..(host.Length - domain.Length - 1)].ToLowerInvariant();
            }
        }

        return null;
    }

    /// <summary>Percent-decoded; null when that is no UTF-8 text or holds a NUL.</summary>
    public static string? Decode(string text)
    {
        if (text.IndexOf('%', StringComparison.Ordinal) < 0) return text;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                count += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(count));
                continue;
            }

            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) return null;
            bytes[count++] = Convert.ToByte(text.Substring(i + 1, 2), 16);
            i += 2;
        }

        try
        {
            var decoded = strict.GetString(bytes, 0, count);
            return decoded.Contains('\0', StringComparison.Ordinal) ? null : decoded;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static List<KeyValuePair<string, string>>? Pairs(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = Decode((equals < 0 ? part : part[..equals]).Replace('+', ' '));
            var value = equals < 0 ? "" : Decode(part[(equals + 1)..].Replace('+', ' '));
            if (name is null || value is null) return null;
            pairs.Add(new(name, value));
        }

        return pairs;
    }
}
