using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Cloud.Tests.Clouds;
using Sovereign.Network;
using Sovereign.Node.Contract;
using Sovereign.Serve;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Cloud.Tests.AccessMatrix;

/// <summary>The whole cloud as the program composes it, behind a real web server, with one agent on simulated drivers, and one token for each persona.</summary>
internal sealed class MatrixCloud : IAsyncDisposable
{
    private const string AdminPassword = "admin-password";
    private static readonly NodeFacts facts = new("node-1", "192.0.2.1", 64, 262_144, 5_000, "tcg", "simulated", 7_002_022, "198.18.0.0/20");
    private readonly CancellationTokenSource stop = new();
    private readonly TestCloud cloud;
    private Task agent = Task.CompletedTask;

    private MatrixCloud(TestCloud cloud) => this.cloud = cloud;

    public TestCloud Test => cloud;

    /// <summary>By the names of the matrix's columns.</summary>
    public Dictionary<string, MatrixPersona> Personas { get; } = [];

    /// <summary>Ids that requests name: "project-a", "domain-a", "role-member".</summary>
    public Dictionary<string, string> Known { get; } = [];

    public static async Task<MatrixCloud> Start()
    {
        Composition? house = null;
        var matrix = new MatrixCloud(await TestCloud.Start(
            kernel => (house = Composition.Of(kernel, (AdminPassword, "demo-password"), new NetworkOptions("198.18.0.0/20"))).Modules, _ => house!.Callers));
        matrix.agent = await OneNode.Start(house!, facts, new SimulatedMachine(), matrix.stop.Token);
        await matrix.MakePeople();
        return matrix;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await agent;
        await cloud.DisposeAsync();
        stop.Dispose();
    }

    /// <summary>A token for this login body.</summary>
    public async Task<string> Login(JsonNode login)
    {
        var reply = await cloud.Send("POST", "/identity/v3/auth/tokens", null, login.ToJsonString());
        Assert.True(reply.Status == 201, $"Login: {reply.Status} {reply.Text}");
        return reply.Headers["X-Subject-Token"];
    }

    /// <summary>One request that must succeed; the body of the answer.</summary>
    public async Task<JsonNode?> Do(string token, string method, string path, string? body = null)
    {
        var reply = await cloud.Send(method, path, token, body);
        Assert.True(reply.Status is >= 200 and < 300, $"{method} {path}: {reply.Status} {reply.Text}");
        return reply.Bytes.Length == 0 ? null : reply.Json;
    }

    private async Task MakePeople()
    {
        var admin = MatrixPersona.Of("admin", "", "admin", AdminPassword, "Default", JsonScope.Project("admin", "Default"), null);
        admin = await SignedIn(admin);
        Personas["admin"] = admin;
        Known["admin-id"] = admin.UserId;
        var roles = (await Do(admin.Token, "GET", "/identity/v3/roles"))!["roles"]!.AsArray().ToDictionary(role => (string)role!["name"]!, role => (string)role!["id"]!);
        foreach (var (name, id) in roles) Known["role-" + name] = id;
        foreach (var side in new[] { "a", "b" })
        {
            Known["domain-" + side] = await Made(admin, "/identity/v3/domains", "domain", new JsonObject { ["name"] = "domain-" + side });
            Known["project-" + side] = await Made(
                admin, "/identity/v3/projects", "project", new JsonObject { ["name"] = "project-" + side, ["domain_id"] = Known["domain-" + side] });
            await Unlimited(admin, Known["project-" + side]);
        }

        // What projects are given networks from that ask for none in particular.
        await Do(
            admin.Token, "POST", "/network/v2.0/subnetpools",
            """{"subnetpool":{"name":"everyones","prefixes":["172.16.0.0/12"],"default_prefixlen":26,"is_default":true,"shared":true}}""");
        var projectA = JsonScope.Project(Known["project-a"]);
        foreach (var role in new[] { "manager", "member", "reader" }) await Person(admin, role, "a", role, projectA, null);
        await Person(admin, "domain-manager", "a", "reader", projectA, ($"/domains/{Known["domain-a"]}", roles["manager"], JsonScope.Domain(Known["domain-a"])));
        await Person(admin, "system-reader", "a", "reader", projectA, ("/system", roles["reader"], JsonScope.System()));
        await Person(admin, "foreign-member", "b", "member", JsonScope.Project(Known["project-b"]), null);
        Personas["none"] = Personas["member"] with { Name = "none", Token = "" };
    }

    /// <summary>A user with a role on its side's project and, for two personas, one on a wider scope, which then is that of its token.</summary>
    private async Task Person(
        MatrixPersona admin, string name, string side, string role, Func<JsonNode> projectScope, (string Target, string Role, Func<JsonNode> Scope)? wider)
    {
        const string Password = "persona-password";
        var id = await Made(
            admin, "/identity/v3/users", "user", new JsonObject { ["name"] = name, ["password"] = Password, ["domain_id"] = Known["domain-" + side] });
        await Do(admin.Token, "PUT", $"/identity/v3/projects/{Known["project-" + side]}/users/{id}/roles/{Known["role-" + role]}");
        if (wider is var (target, widerRole, _)) await Do(admin.Token, "PUT", $"/identity/v3{target}/users/{id}/roles/{widerRole}");
        var persona = MatrixPersona.Of(name, side, name, Password, "domain-" + side, wider?.Scope ?? projectScope, projectScope);
        Personas[name] = await SignedIn(persona with { UserId = id, ProjectId = Known["project-" + side] });
        Known[name + "-id"] = id;
    }

    private async Task<MatrixPersona> SignedIn(MatrixPersona persona)
    {
        var token = await Login(persona.Login());
        var shown = (await cloud.Send("GET", "/identity/v3/auth/tokens", token, null, ("X-Subject-Token", token))).Json["token"]!;
        return persona with
        {
            Token = token,
            ProjectToken = persona.ProjectLogin is { } login ? await Login(login()) : token,
            UserId = (string)shown["user"]!["id"]!,
            ProjectId = (string?)shown["project"]?["id"] ?? persona.ProjectId,
        };
    }

    private async Task<string> Made(MatrixPersona admin, string path, string kind, JsonObject body) =>
        (string)(await Do(admin.Token, "POST", path, new JsonObject { [kind] = body }.ToJsonString()))![kind]!["id"]!;

    /// <summary>The matrix tests access, not limits.</summary>
    private async Task Unlimited(MatrixPersona admin, string project)
    {
        string[] network = ["network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "rbac_policy", "subnetpool"];
        string[] compute = ["instances", "cores", "ram", "key_pairs", "server_groups", "server_group_members"];
        await Do(admin.Token, "PUT", "/volume/v3/os-quota-sets/" + project, """{"quota_set":{"volumes":-1,"gigabytes":-1}}""");
        string[] balancers = ["load_balancer", "listener", "pool", "member", "health_monitor", "l7policy", "l7rule"];
        await Do(admin.Token, "PUT", "/load-balancer/v2.0/lbaas/quotas/" + project, JsonSerializer.Serialize(new { quota = balancers.ToDictionary(n => n, _ => -1) }));
        await Do(admin.Token, "PUT", "/network/v2.0/quotas/" + project, JsonSerializer.Serialize(new { quota = network.ToDictionary(n => n, _ => -1) }));
        await Do(admin.Token, "PUT", "/compute/v2.1/os-quota-sets/" + project, JsonSerializer.Serialize(new { quota_set = compute.ToDictionary(n => n, _ => -1) }));
    }
}

/// <summary>One column of the matrix: a user signed in.</summary>
/// <param name="Side">"a" or "b": whose project and domain; empty for the administrator, who stands above both.</param>
/// <param name="Token">Of the scope under test; empty for nobody's.</param>
/// <param name="ProjectToken">Of the same user on its side's project, to make what only such a token can.</param>
internal sealed record MatrixPersona(string Name, string Side, string Token, string ProjectToken, string UserId, string ProjectId)
{
    public required Func<JsonNode> Login { get; init; }

    /// <summary>Null when the scope under test is the project already.</summary>
    public Func<JsonNode>? ProjectLogin { get; init; }

    public static MatrixPersona Of(
        string name, string side, string user, string password, string domain, Func<JsonNode> scope, Func<JsonNode>? projectScope) =>
        new(name, side, "", "", "", "")
        {
            Login = () => JsonScope.Login(user, password, domain, scope()),
            ProjectLogin = projectScope is null ? null : () => JsonScope.Login(user, password, domain, projectScope()),
        };
}

/// <summary>Login bodies.</summary>
internal static class JsonScope
{
    public static Func<JsonNode> Project(string id) => () => new JsonObject { ["project"] = new JsonObject { ["id"] = id } };

    public static Func<JsonNode> Project(string name, string domain) => () =>
        new JsonObject { ["project"] = new JsonObject { ["name"] = name, ["domain"] = new JsonObject { ["name"] = domain } } };

    public static Func<JsonNode> Domain(string id) => () => new JsonObject { ["domain"] = new JsonObject { ["id"] = id } };

    public static Func<JsonNode> System() => () => new JsonObject { ["system"] = new JsonObject { ["all"] = true } };

    public static JsonNode Login(string user, string password, string domain, JsonNode scope) => new JsonObject
    {
        ["auth"] = new JsonObject
        {
            ["identity"] = new JsonObject
            {
                ["methods"] = new JsonArray("password"),
                ["password"] = new JsonObject
                {
                    ["user"] = new JsonObject { ["name"] = user, ["password"] = password, ["domain"] = new JsonObject { ["name"] = domain } },
                },
            },
            ["scope"] = scope,
        },
    };
}
