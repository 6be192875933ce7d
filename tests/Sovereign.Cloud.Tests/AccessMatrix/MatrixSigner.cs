using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;

namespace Sovereign.Cloud.Tests.AccessMatrix;

/// <summary>What requests signed after OAuth 1 need: a consumer, its tokens, and headers that count once. The administrator lends roles on its project.</summary>
internal sealed class MatrixSigner(MatrixCloud cloud, int maker)
{
    private const string RequestPath = "/identity/v3/OS-OAUTH1/request_token";
    private const string AccessPath = "/identity/v3/OS-OAUTH1/access_token";
    private readonly Dictionary<string, string> kept = [];
    private OAuthSigner? consumer;
    private int nonces;

    /// <summary>"oauth-asking" and "oauth-fetching" are headers, "oauth-request" and "oauth-access" ids of tokens.</summary>
    /// <param name="fresh">True for a token of one's own.</param>
    public async Task<string> Value(string name, bool fresh)
    {
        if (!fresh && kept.TryGetValue(name, out var known)) return known;
        var value = name switch
        {
            "oauth-asking" => Header((await Consumer()) with { Callback = "oob" }, RequestPath),
            "oauth-request" => (await Asked()).Key,
            "oauth-fetching" => Header(await Authorized(), AccessPath),
            _ => OAuthSigner.Given(await Signed(await Authorized(), AccessPath)).Key,
        };
        // Headers count once, and what somebody has for its own may be consumed.
        return fresh || name is "oauth-asking" or "oauth-fetching" ? value : kept[name] = value;
    }

    private async Task<OAuthSigner> Consumer()
    {
        if (consumer is not null) return consumer;
        var made = (await cloud.Do(cloud.Personas["admin"].Token, "POST", "/identity/v3/OS-OAUTH1/consumers", "{\"consumer\":{}}"))!["consumer"]!;
        return consumer = new OAuthSigner(cloud.Test.Http.BaseAddress!, (string)made["id"]!, (string)made["secret"]!);
    }

    private async Task<(string Key, string Secret)> Asked() => OAuthSigner.Given(await Signed((await Consumer()) with { Callback = "oob" }, RequestPath));

    private async Task<OAuthSigner> Authorized()
    {
        var (key, secret) = await Asked();
        var roles = new JsonObject { ["roles"] = new JsonArray(new JsonObject { ["id"] = cloud.Known["role-member"] }) };
        var verifier = await cloud.Do(cloud.Personas["admin"].Token, "PUT", "/identity/v3/OS-OAUTH1/authorize/" + key, roles.ToJsonString());
        return (await Consumer()) with { Token = key, TokenSecret = secret, Verifier = (string)verifier!["token"]!["oauth_verifier"]! };
    }

    private async Task<string> Signed(OAuthSigner signer, string path)
    {
        var reply = await cloud.Test.Send(
            "POST", path, null, null, ("Authorization", Header(signer, path)), ("Requested-Project-Id", cloud.Personas["admin"].ProjectId));
        return reply.Status == 201 ? reply.Text : throw new InvalidOperationException($"POST {path}: {reply.Status} {reply.Text}");
    }

    private string Header(OAuthSigner signer, string path) => signer.Header(
        "POST", path, cloud.Test.Kernel.Clock.GetUtcNow(), string.Create(CultureInfo.InvariantCulture, $"{maker}x{++nonces}")).Value;
}
