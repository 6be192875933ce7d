using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Node.Agent;
using Sovereign.Serve;
using Sovereign.Node.Volumes;

namespace Sovereign.Launcher;

/// <summary>What a machine that joined knows of its cloud.</summary>
/// <param name="Url">The cloud's public address.</param>
/// <param name="Name">The node's name in the cloud.</param>
/// <param name="Underlay">This machine's address for other nodes.</param>
internal sealed record JoinSettings(string Url, string Name, string Underlay)
{
    public RbdOptions? Ceph { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(JoinSettings))]
internal sealed partial class JoinSettingsJson : JsonSerializerContext;

/// <summary>The files of a node whose control plane is on another machine: its key never leaves them.</summary>
internal sealed class JoinedNode(CloudDirectory cloud)
{
    private string KeyPath => Path.Combine(cloud.Join, "node.key");

    private string CertificatePath => Path.Combine(cloud.Join, "node.pem");

    private string AuthorityPath => Path.Combine(cloud.Join, "ca.pem");

    /// <summary>The node's key, made the first time.</summary>
    public ECDsa Key()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(KeyPath)) key.ImportFromPem(File.ReadAllText(KeyPath));
        else OwnerOnly.Write(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return key;
    }

    /// <summary>The settings last: a directory with them is a node.</summary>
    public void Keep(Joined joined, JoinSettings settings)
    {
        OwnerOnly.Write(AuthorityPath, joined.Authority);
        Renew(joined.Certificate);
        OwnerOnly.Write(cloud.JoinSettings, JsonSerializer.Serialize(settings, JoinSettingsJson.Default.JoinSettings));
    }

    public void Renew(string certificate) => OwnerOnly.Write(CertificatePath, certificate);

    /// <exception cref="LauncherException">A file is missing or broken.</exception>
    public (JoinSettings Settings, RemoteControl Remote) Read()
    {
        try
        {
            var settings = JsonSerializer.Deserialize(File.ReadAllText(cloud.JoinSettings), JoinSettingsJson.Default.JoinSettings)!;
            using var pem = X509Certificate2.CreateFromPemFile(CertificatePath, KeyPath);
            // A key from PEM does not serve a handshake on every platform; one from PKCS#12 does.
            var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            return (settings, new RemoteControl(new Uri(settings.Url), certificate, X509Certificate2.CreateFromPem(File.ReadAllText(AuthorityPath))));
        }
        catch (Exception wrong) when (wrong is IOException or CryptographicException or JsonException or UriFormatException)
        {
            throw new LauncherException($"{cloud.Join} can't be used: {wrong.Message}");
        }
    }

    /// <summary>The address by which this machine reaches another; null when it does not.</summary>
    public static string? AddressTowards(Uri url)
    {
        try
        {
            var target = Dns.GetHostAddresses(url.Host.Trim('[', ']')).First();
            using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(target, url.Port);      // sends nothing: it only chooses the way
            return ((IPEndPoint)socket.LocalEndPoint!).Address.ToString();
        }
        catch (Exception cause) when (cause is SocketException or InvalidOperationException)
        {
            return null;
        }
    }
}
