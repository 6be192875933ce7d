using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Sovereign.Launcher;

/// <summary>
/// Asks a cloud on this machine how it is. Trusts its own CA only; the name in the certificate is the public one, so it is not
/// compared.
/// </summary>
internal sealed class StatusClient : IDisposable
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(5);
    private const int AnswerBytesMax = 1024 * 1024;
    private readonly CloudOptions options;
    private readonly HttpClient http;
    private X509Certificate2? authority;

    public StatusClient(CloudOptions options)
    {
        this.options = options;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = limit,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, _) => IsOurs(certificate, chain),
            },
        };
        http = new HttpClient(handler) { BaseAddress = options.LocalUrl, Timeout = limit, MaxResponseContentBufferSize = AnswerBytesMax };
    }

    /// <summary>Null while nothing answers.</summary>
    public async Task<CloudStatus?> Ask(CancellationToken stop)
    {
        try
        {
            authority ??= ReadAuthority(options.Directory.CaCertificate);
            return authority is null ? null : await http.GetFromJsonAsync("/status", CloudStatusJson.Default.CloudStatus, stop);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException or CryptographicException)
        {
            Forget();
            return null;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    // The certificate may have been read before a first start finished writing it.
    private void Forget()
    {
        authority?.Dispose();
        authority = null;
    }

    public void Dispose()
    {
        http.Dispose();
        authority?.Dispose();
    }

    private static X509Certificate2? ReadAuthority(string path)
        => new FileInfo(path) is { Exists: true, Length: > 0 } ? X509CertificateLoader.LoadCertificateFromFile(path) : null;

    private bool IsOurs(X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is null || authority is null) return false;
        using var own = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                // A clock that is wrong on this machine is no reason to be blind.
                VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
            },
        };
        own.ChainPolicy.CustomTrustStore.Add(authority);
        foreach (var element in chain?.ChainElements.AsEnumerable() ?? []) own.ChainPolicy.ExtraStore.Add(element.Certificate);
        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(leaf);
    }
}
