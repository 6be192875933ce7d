using Sovereign.Kernel.Access;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.KeyManager.Tests;

/// <summary>A cloud with a key manager alone.</summary>
internal sealed class KeyWorld : IAsyncDisposable
{
    private KeyWorld(TestCloud cloud, KeyManagerModule module) => (Cloud, Module) = (cloud, module);

    public TestCloud Cloud { get; }

    public KeyManagerModule Module { get; }

    public static async Task<KeyWorld> Start(string engine = "sqlite")
    {
        KeyManagerModule? module = null;
        var cloud = await TestCloud.Start(kernel => [module = new KeyManagerModule(kernel)], engine: engine);
        cloud.Callers.Add("other-a", "project-a", "member", "reader");
        return new KeyWorld(cloud, module!);
    }

    public Task<TestReply> Send(string method, string path, string? token = "member-a", object? body = null, params (string Name, string Value)[] headers) =>
        Cloud.Send(method, "/key-manager/v1" + path, token, body, headers);

    /// <summary>One request that must end so.</summary>
    public async Task<TestReply> Must(
        int status, string method, string path, string? token = "member-a", object? body = null, params (string Name, string Value)[] headers)
    {
        var reply = await Send(method, path, token, body, headers);
        Assert.True(reply.Status == status, $"{method} {path} {body}: {reply.Status} {reply.Text}");
        return reply;
    }

    /// <summary>Stores a text; gives the path of the secret.</summary>
    public async Task<string> Secret(string name = "s", string payload = "hush", string token = "member-a")
    {
        var made = await Must(201, "POST", "/secrets", token, new { name, payload, payload_content_type = "text/plain" });
        return Path((string)made.Json["secret_ref"]!);
    }

    public static string Path(string reference)
    {
        Assert.StartsWith("http://cloud.example:8443/key-manager/v1/", reference);
        return reference["http://cloud.example:8443/key-manager/v1".Length..];
    }

    public AccessGrant Grant(string token = "member-a") => new(Cloud.Callers[token], Reach.Project, Origin.System);

    public void Verified()
    {
        Assert.Empty(Cloud.Kernel.Quotas.Verify());
        Assert.Empty(Cloud.Kernel.Journal.Verify());
    }

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
