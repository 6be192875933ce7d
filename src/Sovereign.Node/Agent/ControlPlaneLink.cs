using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sovereign.Node.Agent;

/// <summary>Where a machine that joined reaches its control plane, and what each shows the other.</summary>
/// <param name="Url">The cloud's public address.</param>
/// <param name="Certificate">The node's, with its key.</param>
/// <param name="Authority">The cloud's CA: nobody else's certificate is believed.</param>
public sealed record RemoteControl(Uri Url, X509Certificate2 Certificate, X509Certificate2 Authority);

/// <summary>The two ways to a control plane.</summary>
internal static class ControlPlaneLink
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";

    /// <summary>What the socket of a second control plane is named after the first one's.</summary>
    public const string BesideEnding = ".beside";

    public static SocketsHttpHandler Machine(string socketPath) => Limited(new SocketsHttpHandler
    {
        ConnectCallback = async (_, stop) =>
        {
            try
            {
                return await Connect(socketPath, stop);
            }
            catch (SocketException) when (File.Exists(socketPath + BesideEnding))
            {
                return await Connect(socketPath + BesideEnding, stop);
            }
        },
    });

    private static async Task<Stream> Connect(string path, CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static SocketsHttpHandler Remote(RemoteControl remote) => Limited(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            // The requests' Host header asks for the nodes' door. The CA makes certificates for its own cloud only, so that a name says nothing more.
            ClientCertificateContext = SslStreamCertificateContext.Create(remote.Certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => Trusted(certificate, remote.Authority),
        },
    });

    /// <summary>True when the CA made this certificate for a server.</summary>
    public static bool Trusted(X509Certificate? shown, X509Certificate2 authority)
    {
        if (shown is null) return false;
        using var chain = new X509Chain
        {
            ChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerPurpose));
        using var certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        return chain.Build(certificate);
    }

    private static SocketsHttpHandler Limited(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.UseProxy = false;
        handler.AllowAutoRedirect = false;
        handler.EnableMultipleHttp2Connections = true;
        // A path that is cut without a word is noticed by these.
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(5);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        return handler;
    }
}
