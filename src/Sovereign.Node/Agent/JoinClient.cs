using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>What a machine got by joining.</summary>
/// <param name="Authority">The cloud's CA in PEM; its fingerprint was that of the token.</param>
public sealed record Joined(string Node, string Name, string Certificate, string Authority);

/// <summary>Joins a cloud: the token's fingerprint tells whom to trust, its secret who may join. The key is made here and never leaves.</summary>
public static class JoinClient
{
    private const int AnswerBytesMax = 64 * 1024;
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(30);

    /// <summary>PKCS#10 of a key in PEM.</summary>
    public static string Request(ECDsa key, string name) =>
        new CertificateRequest(new X500DistinguishedName($"CN=\"{name.Replace("\"", "", StringComparison.Ordinal)}\""), key, HashAlgorithmName.SHA256)
            .CreateSigningRequestPem();

    /// <exception cref="NodeException">It can't be reached, is another cloud, or refuses.</exception>
    public static async Task<Joined> Join(Uri url, JoinToken token, string name, string certificateRequest, CancellationToken stop)
    {
        var authority = await Authority(url, token.Authority, stop);
        using var trusted = X509Certificate2.CreateFromPem(authority);
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => ControlPlaneLink.Trusted(shown, trusted),
            },
        };
        using var client = new HttpClient(handler) { Timeout = limit, MaxResponseContentBufferSize = AnswerBytesMax };
        var asked = new JoinRequest(token.Secret, name, certificateRequest);
        using var response = await Reached(url, () => client.PostAsync(new Uri(url, "/node/v1/join"), JsonContent.Create(asked, JoinJson.Default.JoinRequest), stop));
        if (!response.IsSuccessStatusCode)
            throw new NodeException($"{url} refused ({(int)response.StatusCode}): {await response.Content.ReadAsStringAsync(stop)}");
        var answer = await response.Content.ReadFromJsonAsync(JoinJson.Default.JoinAnswer, stop) ?? throw new NodeException($"{url} gave an empty answer.");
        return new Joined(answer.Node, answer.Name, answer.Certificate, authority);
    }

    /// <summary>The CA's certificate, read from whoever answers and believed by its fingerprint alone.</summary>
    private static async Task<string> Authority(Uri url, string fingerprint, CancellationToken stop)
    {
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
        };
        using var client = new HttpClient(handler) { Timeout = limit, MaxResponseContentBufferSize = AnswerBytesMax };
        using var response = await Reached(url, () => client.GetAsync(new Uri(url, "/node/v1/ca"), stop));
        if (response.StatusCode != HttpStatusCode.OK) throw new NodeException($"At {url} is no Sovereign that nodes can join ({(int)response.StatusCode}).");
        var pem = await response.Content.ReadAsStringAsync(stop);
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            if (certificate.GetCertHashString(HashAlgorithmName.SHA256).Equals(fingerprint, StringComparison.OrdinalIgnoreCase)) return pem;
        }
        catch (CryptographicException) { /* said below */ }
        throw new NodeException($"The cloud at {url} is not the one that the token is for: the fingerprint of its CA differs.");
    }

    private static async Task<HttpResponseMessage> Reached(Uri url, Func<Task<HttpResponseMessage>> call)
    {
        try { return await call(); }
        catch (Exception cause) when (cause is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            throw new NodeException($"{url} can't be reached: {cause.Message}", cause);
        }
    }
}
