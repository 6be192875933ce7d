using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Launcher;
using Sovereign.Node.Control;

namespace Sovereign.Serve;

/// <summary>Certificates for nodes, from the cloud's own CA; and the handshakes of the one port that clients and nodes share.</summary>
internal sealed class NodeAuthority : INodeAuthority, IDisposable
{
    private readonly X509Certificate2 authority;
    private readonly TimeProvider clock;

    public NodeAuthority(CloudOptions options, TimeProvider clock)
    {
        (authority, this.clock) = (Certificates.Authority(options, clock), clock);
        Certificate = authority.ExportCertificatePem();
    }

    public string Certificate { get; }

    public Outcome<IssuedCertificate> Issue(string certificateRequest, string nodeId)
    {
        try
        {
            // Loading checks that the asker has the key.
            var asked = CertificateRequest.LoadSigningRequestPem(certificateRequest, HashAlgorithmName.SHA256);
            var request = new CertificateRequest(new X500DistinguishedName($"CN={nodeId}, O=Sovereign node"), asked.PublicKey, HashAlgorithmName.SHA256);
            // No purpose but a client's: a node can't pass for the control plane.
            using var issued = Certificates.Issue(authority, request, Certificates.ClientPurpose, null, clock.GetUtcNow());
            return new IssuedCertificate(
                issued.ExportCertificatePem(), issued.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(),
                Micros.Of(new DateTimeOffset(issued.NotAfter.ToUniversalTime())));
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            return new Fault.Invalid("certificate_request", $"The certificate request can't be read: {wrong.Message}");
        }
    }

    /// <summary>Who asks for the nodes' door is asked for a certificate; everybody else is not, so that no browser wonders.</summary>
    public static TlsHandshakeCallbackOptions Handshakes(X509Certificate2 certificate)
    {
        var shown = SslStreamCertificateContext.Create(certificate, null, offline: true);
        return new TlsHandshakeCallbackOptions
        {
            OnConnection = context => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = shown,
                ClientCertificateRequired = context.ClientHelloInfo.ServerName == NodeModule.DoorName,
                // Which node it is, and whether it still is one, is looked up for every request.
                RemoteCertificateValidationCallback = (_, client, _, _) => context.ClientHelloInfo.ServerName != NodeModule.DoorName || client is not null,
            }),
        };
    }

    public void Dispose() => authority.Dispose();
}
