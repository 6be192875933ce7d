using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Sovereign.Launcher;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sovereign.ImageSync;

/// <summary>One cloud of a clouds.yaml, as far as a login by password needs it.</summary>
/// <param name="AuthUrl">Of the identity service, with its version.</param>
/// <param name="CaCertificate">A file with the CA to trust; null: the machine's own.</param>
internal sealed record CloudLogin(
    string AuthUrl, string User, string Password, string UserDomain, string Project, string ProjectDomain, string Region, string? CaCertificate)
{
    /// <exception cref="LauncherException">The file or the cloud in it can't be used.</exception>
    public static CloudLogin Read(string path, string cloud)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(File.ReadAllText(path)));
            if (yaml.Documents.Count == 0 || Child(Child(yaml.Documents[0].RootNode, "clouds"), cloud) is not { } entry)
            {
                throw new LauncherException($"{path} has no cloud {cloud}.");
            }

            var auth = Child(entry, "auth");
            return new CloudLogin(
                Need(auth, "auth_url"), Need(auth, "username"), Need(auth, "password"), Text(auth, "user_domain_name") ?? "Default", Need(auth, "project_name"),
                Text(auth, "project_domain_name") ?? "Default", Text(entry, "region_name") ?? "", Text(entry, "cacert"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or YamlException)
        {
            throw new LauncherException($"{path} can't be read: {error.Message}");
        }

        string Need(YamlNode? node, string key) => Text(node, key) ?? throw new LauncherException($"{path}: {cloud}: {key} is missing.");
    }

    /// <summary>A client that trusts this cloud's CA, and no time limit of its own: images take long.</summary>
    public HttpClient Client()
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(15) };
        if (CaCertificate is not null)
        {
            var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trust.CustomTrustStore.ImportFromPemFile(CaCertificate);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust };
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private static string? Text(YamlNode? node, string key) => (Child(node, key) as YamlScalarNode)?.Value is { Length: > 0 } text ? text : null;
}
