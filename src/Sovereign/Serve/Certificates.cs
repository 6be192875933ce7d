using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sovereign.Launcher;

namespace Sovereign.Serve;

/// <summary>The cloud's own certificate authority, made at first start, and the endpoint's certificate, renewed at start when it ends soon or its names changed.</summary>
internal static class Certificates
{
    internal const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    internal const string ClientPurpose = "1.3.6.1.5.5.7.3.2";
    private const int AuthorityDays = 3650;
    private const int EndpointDays = 397;
    private const int RenewBeforeDays = 30;

    public static X509Certificate2 Endpoint(CloudOptions options, TimeProvider clock)
    {
        using var authority = Authority(options, clock);
        var keyPath = KeyPath(options, "endpoint.key");
        var path = KeyPath(options, "endpoint.pem");
        var now = clock.GetUtcNow();
        if (File.Exists(path) && File.Exists(keyPath))
        {
            using var pem = X509Certificate2.CreateFromPemFile(path, keyPath);
            var fits = Names(options).All(name => pem.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
            if (fits && pem.NotAfter > now.AddDays(RenewBeforeDays) && pem.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData))
            {
                return Usable(pem);
            }
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in Names(options))
        {
            if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(name);
            // Buckets are hosts below the endpoint's; no client takes a wildcard below a name of one part.
            if (address is null && name.Contains('.', StringComparison.Ordinal))
            {
                names.AddDnsName("*." + name);
                names.AddDnsName("*.website." + name);
            }
        }

        using var issued = Issue(authority, new CertificateRequest("CN=Sovereign", key, HashAlgorithmName.SHA256), ServerPurpose, names.Build(), now);
        OwnerOnly.Write(keyPath, key.ExportPkcs8PrivateKeyPem());
        OwnerOnly.Write(path, issued.ExportCertificatePem());
        using var withKey = issued.CopyWithPrivateKey(key);
        return Usable(withKey);
    }

    /// <summary>A certificate for one purpose, good for as long as the endpoint's.</summary>
    internal static X509Certificate2 Issue(X509Certificate2 authority, CertificateRequest request, string purpose, X509Extension? names, DateTimeOffset now)
    {
        if (names is not null) request.CertificateExtensions.Add(names);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
#pragma warning disable RS0030 // A serial number needs no replay: the simulation has no TLS.
        var serial = RandomNumberGenerator.GetBytes(16);
#pragma warning restore RS0030
        serial[0] &= 0x7f;
        return request.Create(authority, now.AddHours(-1), now.AddDays(EndpointDays), serial);
    }

    /// <summary>The authority's certificate stands at DIR/ca.pem for clients; its key stays with the control plane.</summary>
    internal static X509Certificate2 Authority(CloudOptions options, TimeProvider clock)
    {
        var keyPath = KeyPath(options, "ca.key");
        var path = KeyPath(options, "ca.pem");
        if (!File.Exists(path) || !File.Exists(keyPath))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=Sovereign CA", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            var now = clock.GetUtcNow();
            using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(AuthorityDays));
            OwnerOnly.Write(keyPath, key.ExportPkcs8PrivateKeyPem());
            OwnerOnly.Write(path, made.ExportCertificatePem());
        }

        var pem = File.ReadAllText(path);
        var shown = options.Directory.CaCertificate;
        if (!File.Exists(shown) || File.ReadAllText(shown) != pem) File.WriteAllText(shown, pem);
        return X509Certificate2.CreateFromPemFile(path, keyPath);
    }

    private static string KeyPath(CloudOptions options, string name) => Path.Combine(options.Directory.Control, "keys", name);

    private static IEnumerable<string> Names(CloudOptions options)
    {
        var names = new List<string> { new Uri(options.PublicUrl).Host.Trim('[', ']'), options.LocalUrl.Host.Trim('[', ']'), "localhost" };
        return names.Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
}
