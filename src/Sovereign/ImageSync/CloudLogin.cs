using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Launcher;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sovereign.ImageSync;

/// <summary>What a login gives.</summary>
/// <param name="ProjectId">The project that it is for.</param>
/// <param name="Url">Of the service that was asked for, without a slash at the end.</param>
internal sealed record CloudEntry(string Token, string ProjectId, string Url);

/// <summary>One cloud of a clouds.yaml, as far as a login by password needs it.</summary>
/// <param name="AuthUrl">Of the identity service, with its version.</param>
/// <param name="CaCertificate">A file with the CA to trust; null: the machine's own.</param>
internal sealed record CloudLogin(
    string AuthUrl, string User, string Password, string UserDomain, string Project, string ProjectDomain, string Region, string? CaCertificate)
{
    private static readonly TimeSpan callTimeMax = TimeSpan.FromSeconds(60);

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

    /// <summary>A fresh token, and where a service is.</summary>
    /// <exception cref="LauncherException">The cloud does not answer, or does not let the user in.</exception>
    public async Task<CloudEntry> Enter(HttpClient http, string serviceType, TimeProvider clock, CancellationToken stop)
    {
        var domain = (string name) => new JsonObject { ["name"] = name };
        var body = new JsonObject
        {
            ["auth"] = new JsonObject
            {
                ["identity"] = new JsonObject
                {
                    ["methods"] = new JsonArray("password"),
                    ["password"] = new JsonObject
                    {
                        ["user"] = new JsonObject { ["name"] = User, ["password"] = Password, ["domain"] = domain(UserDomain) },
                    },
                },
                ["scope"] = new JsonObject { ["project"] = new JsonObject { ["name"] = Project, ["domain"] = domain(ProjectDomain) } },
            },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, AuthUrl.TrimEnd('/') + "/auth/tokens")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        try
        {
            using var response = await http.SendAsync(request, stop).WaitAsync(callTimeMax, clock, stop);
            if (response.StatusCode != HttpStatusCode.Created) throw new LauncherException($"{AuthUrl} does not let {User} in ({(int)response.StatusCode}).");
            var given = JsonNode.Parse(await response.Content.ReadAsStringAsync(stop))!["token"]!;
            var url = given["catalog"]!.AsArray().Where(service => (string?)service!["type"] == serviceType).SelectMany(service => service!["endpoints"]!.AsArray())
                .Where(endpoint => (string?)endpoint!["interface"] == "public" && (Region.Length == 0 || (string?)endpoint["region_id"] == Region))
                .Select(endpoint => (string?)endpoint!["url"]).FirstOrDefault() ?? throw new LauncherException($"The cloud's catalog has no service {serviceType}.");
            return new CloudEntry(response.Headers.GetValues("X-Subject-Token").First(), (string)given["project"]!["id"]!, url.TrimEnd('/'));
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException)
        {
            throw new LauncherException($"The cloud does not answer at {AuthUrl}: {error.Message}");
        }
    }

    private static YamlNode? Child(YamlNode? node, string key) =>
        node is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private static string? Text(YamlNode? node, string key) => (Child(node, key) as YamlScalarNode)?.Value is { Length: > 0 } text ? text : null;
}
