using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.KeyManager;

namespace Sovereign.LoadBalancer;

/// <summary>Certificates of the key manager, in the forms that Octavia takes ("TLS-terminated HTTPS load balancer"): a certificate container, or a secret that is a
/// PKCS #12
/// bundle or PEM.</summary>
public sealed class SecretCertificates(ISecrets secrets) : ICertificates
{
    private const string Containers = "/containers/";

    public Outcome<string> Read(Session session, AccessGrant access, string reference) => Worded(reference, IsContainer(reference)
        ? secrets.Container(session, access, reference).Then(Pem)
        : secrets.Payload(session, access, reference).Then(Pem));

    public Outcome<string> Reopen(Session session, string reference) => Worded(reference, IsContainer(reference)
        ? secrets.ReopenContainer(session, IdOf(reference)).Then(Pem)
        : secrets.Reopen(session, IdOf(reference)).Then(Pem));

    private static bool IsContainer(string reference) => reference.Contains(Containers, StringComparison.Ordinal);

    private static string IdOf(string reference) => reference.TrimEnd('/').Split('/')[^1];

    private static Outcome<string> Worded(string reference, Outcome<string> read) => read.Ok
        ? read : new Fault.Invalid("tls_container_ref",
            $"Could not retrieve certificate: {reference}. {(read.Fault is Fault.Invalid ? read.Fault.Message : "")}".TrimEnd());

    private static Outcome<string> Pem(SecretContainer container)
    {
        if (!container.Secrets.TryGetValue("certificate", out var certificate)) return new Fault.Invalid("", "The container has no certificate.");
        var chain = container.Secrets.TryGetValue("intermediates", out var intermediates) ? Text(intermediates) : "";
        var key = container.Secrets.TryGetValue("private_key", out var secret) ? Text(secret) : "";
        if (container.Secrets.TryGetValue("private_key_passphrase", out var passphrase) && key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            var opened = Opened(key, Text(passphrase));
            if (opened is null) return new Fault.Invalid("", "The passphrase does not open the private key.");
            key = opened;
        }

        return Joined(Text(certificate), chain, key);
    }

    private static Outcome<string> Pem(SecretPayload secret)
    {
        var text = Text(secret);
        if (text.Contains("-----BEGIN ", StringComparison.Ordinal)) return text;
        try
        {
            using var all = new Collection(X509CertificateLoader.LoadPkcs12Collection(secret.Payload, null,
                X509KeyStorageFlags.Exportable | X509KeyStorageFlags.EphemeralKeySet));
            var own = all.Items.FirstOrDefault(one => one.HasPrivateKey);
            if (own is null) return new Fault.Invalid("", "The bundle has no certificate with its private key.");
            return Joined(own.ExportCertificatePem(), string.Join('\n', all.Items.Where(one => one != own).Select(one => one.ExportCertificatePem())), Key(own));
        }
        catch (CryptographicException)
        {
            return new Fault.Invalid("", "The secret is neither PEM nor a PKCS #12 bundle without a passphrase.");
        }
    }

    private static string Key(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = certificate.GetRSAPrivateKey() ?? (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey();
        return key?.ExportPkcs8PrivateKeyPem() ?? throw new CryptographicException("The key is neither RSA nor ECDSA.");
    }

    private static string? Opened(string pem, string passphrase)
    {
        foreach (var make in (Func<AsymmetricAlgorithm>[])[RSA.Create, ECDsa.Create])
        {
            using var key = make();
            try
            {
                key.ImportFromEncryptedPem(pem, passphrase);
                return key.ExportPkcs8PrivateKeyPem();
            }
            catch (Exception error) when (error is CryptographicException or ArgumentException)
            {
                // Of the other kind, or the passphrase is wrong.
            }
        }

        return null;
    }

    private static string Joined(params string[] parts) => string.Concat(parts.Where(part => part.Length > 0).Select(part => part.TrimEnd() + "\n"));

    private static string Text(SecretPayload secret) => Encoding.UTF8.GetString(secret.Payload);

    private sealed class Collection(X509Certificate2Collection items) : IDisposable
    {
        public X509Certificate2Collection Items => items;

        public void Dispose()
        {
            foreach (var item in items) item.Dispose();
        }
    }
}
