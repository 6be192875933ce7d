using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;

namespace Sovereign.Identity.Tests;

/// <summary>A cloud with identity alone and real tokens, and the requests that every test makes.</summary>
internal sealed class Clouds : IAsyncDisposable
{
    public const string AdminPassword = "the-admin's-password";
    public const string DemoPassword = "the-demo-user's-password";

    private Clouds(TestCloud cloud) => Cloud = cloud;

    public TestCloud Cloud { get; }

    public required IdentityModule Module { get; init; }

    public string Admin { get; private set; } = "";

    public string Demo { get; private set; } = "";

    public static IdentityOptions Options { get; } = new(
        [new("identity", "keystone", "/identity/v3"), new("block-storage", "cinder", "http://cloud.example:8443/volume/v3/$(project_id)s")],
        new("admin", AdminPassword), new("demo", DemoPassword))
    {
        PasswordRounds = 1_000,
    };

    public static async Task<Clouds> Start(string engine = "sqlite", PasswordRules? rules = null, Func<IdentityOptions, IdentityOptions>? options = null)
    {
        IdentityModule? module = null;
        var told = rules is null ? Options : Options with { PasswordRules = rules };
        told = options?.Invoke(told) ?? told;
        var clouds = new Clouds(await TestCloud.Start(kernel => [module = new IdentityModule(kernel, told)], _ => module!.Callers, engine))
        {
            Module = module!,
        };
        clouds.Admin = await clouds.Login("admin", AdminPassword, Project("admin"));
        clouds.Demo = await clouds.Login("demo", DemoPassword, Project("demo"));
        return clouds;
    }

    public static object Project(string name, string domain = "Default") => new { project = new { name, domain = new { name = domain } } };

    public static object Password(string name, string password, object? scope, string domain = "Default")
    {
        var identity = new { methods = new[] { "password" }, password = new { user = new { name, password, domain = new { name = domain } } } };
        return scope is null ? new { auth = new { identity } } : new { auth = new { identity, scope } };
    }

    public async Task<TestReply> Authenticate(object body) => await Cloud.Send("POST", "/identity/v3/auth/tokens", null, body);

    public async Task<string> Login(string name, string password, object? scope, string domain = "Default")
    {
        var reply = await Authenticate(Password(name, password, scope, domain));
        return reply.Status == 201 ? reply.Headers["X-Subject-Token"] : throw new InvalidOperationException($"{reply.Status} {reply.Text}");
    }

    public Task<TestReply> Send(string method, string path, string token, object? body = null) => Cloud.Send(method, "/identity/v3" + path, token, body);

    public Task<TestReply> Validate(string token, string? subject = null, string method = "GET") =>
        Cloud.Send(method, "/identity/v3/auth/tokens", token, null, ("X-Subject-Token", subject ?? token));

    /// <summary>Sends as admin and gives the one resource of the answer.</summary>
    public async Task<JsonNode> Made(string path, string kind, object members)
    {
        var reply = await Send("POST", path, Admin, new Dictionary<string, object> { [kind] = members });
        return reply.Status == 201 ? reply.Json[kind]! : throw new InvalidOperationException($"{reply.Status} {reply.Text}");
    }

    public async Task<string> MadeId(string path, string kind, object members) => (string)(await Made(path, kind, members))["id"]!;

    public async Task<string> RoleId(string name) => (string)(await Send("GET", "/roles?name=" + name, Admin)).Json["roles"]![0]!["id"]!;

    public async Task<string> UserId(string name) => (string)(await Send("GET", "/users?name=" + name, Admin)).Json["users"]![0]!["id"]!;

    public async Task<string> ProjectId(string name) => (string)(await Send("GET", "/projects?name=" + name, Admin)).Json["projects"]![0]!["id"]!;

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
