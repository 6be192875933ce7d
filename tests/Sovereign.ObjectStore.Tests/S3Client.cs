using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Sovereign.ObjectStore.Signing;
using Sovereign.Testing.Clouds;

namespace Sovereign.ObjectStore.Tests;

/// <summary>Signs requests as a persona of the test callers, whose access key is its name and whose secret is that backwards.</summary>
internal static class S3Client
{
    private const string Unsigned = "UNSIGNED-PAYLOAD";

    public static async Task<TestReply> S3(this TestCloud cloud, string method, string path, byte[]? body = null, string persona = "member-a", params (string Name,
        string Value)[] headers)
    {
        var uri = new Uri(cloud.Http.BaseAddress!, path);
        using var request = new HttpRequestMessage(new HttpMethod(method), uri);
        request.Content = body is null && method is "GET" or "HEAD" or "DELETE" ? null : new ByteArrayContent(body ?? []);
        var time = TimeProvider.System.GetUtcNow().ToString(SignatureV4.TimeForm, CultureInfo.InvariantCulture);
        var signed = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = uri.Authority, ["x-amz-content-sha256"] = Unsigned,
            ["x-amz-date"] = time
        };
        foreach (var (name, value) in headers) signed[name.ToLowerInvariant()] = value;
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2))
            .Select(pair => new KeyValuePair<string, string>(Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : ""));
        var names = string.Join(';', signed.Keys);
        var canonical = $"{method}\n{SignatureV4.Encode(Uri.UnescapeDataString(uri.AbsolutePath), slashes: true)}\n{SignatureV4.Query(query)}\n"
            + string.Concat(signed.Select(pair => $"{pair.Key}:{pair.Value}\n")) + $"\n{names}\n{Unsigned}";
        var scope = new CredentialScope(time[..8], "RegionOne", "s3");
        var signature = SignatureV4.Sign(SignatureV4.Key(new string(persona.Reverse().ToArray()), scope), SignatureV4.StringToSign(time, scope, canonical));
        foreach (var (name, value) in signed)
        {
            if (name == "content-md5") request.Content!.Headers.TryAddWithoutValidation(name, value);
            else if (name != "host") request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.Authorization = new AuthenticationHeaderValue(SignatureV4.Algorithm,
            $"Credential={persona}/{scope}, SignedHeaders={names}, Signature={signature}");
        using var response = await cloud.Http.SendAsync(request);
        return new TestReply((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(), response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

#pragma warning disable CA5351 // Entity tags are MD5s.
    public static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351
}
