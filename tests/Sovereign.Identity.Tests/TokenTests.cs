using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

public sealed class TokenTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_password_gives_a_token_like_the_originals(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var reply = await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, Clouds.Project("demo")));
        Assert.Equal(201, reply.Status);
        Assert.Equal("X-Auth-Token", reply.Headers["Vary"]);
        Assert.InRange(reply.Headers["X-Subject-Token"].Length, 1, 255);
        var token = reply.Json["token"]!;
        Assert.Equal("password", (string)token["methods"]![0]!);
        Assert.Equal(["member", "reader"], token["roles"]!.AsArray().Select(role => (string)role!["name"]!));
        Assert.Equal("Default", (string)token["user"]!["domain"]!["name"]!);
        Assert.True(token["user"]!.AsObject().ContainsKey("password_expires_at"));
        Assert.False((bool)token["is_domain"]!);
        Assert.EndsWith(".000000Z", (string)token["expires_at"]!, StringComparison.Ordinal);
        var project = (string)token["project"]!["id"]!;
        var volume = token["catalog"]!.AsArray().Single(service => (string)service!["type"]! == "block-storage")!;
        Assert.Equal(["admin", "internal", "public"], volume["endpoints"]!.AsArray().Select(endpoint => (string)endpoint!["interface"]!));
        Assert.All(volume["endpoints"]!.AsArray(), endpoint =>
        {
            Assert.Equal($"http://cloud.example:8443/volume/v3/{project}", (string)endpoint!["url"]!);
            Assert.Equal("RegionOne", (string)endpoint["region_id"]!);
        });
        var shown = await clouds.Validate(reply.Headers["X-Subject-Token"]);
        Assert.Equal(200, shown.Status);
        Assert.True(JsonNode.DeepEquals(token, shown.Json["token"]));
    }

    [Fact]
    public async Task Wrong_credentials_are_refused_alike_whatever_is_wrong()
    {
        await using var clouds = await Clouds.Start();
        TestReply[] refused =
        [
            await clouds.Authenticate(Clouds.Password("demo", "wrong", Clouds.Project("demo"))),
            await clouds.Authenticate(Clouds.Password("nobody", Clouds.DemoPassword, Clouds.Project("demo"))),
            await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, Clouds.Project("nothing"))),
            await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, Clouds.Project("admin"))),
            await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, new { system = new { all = true } })),
            await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, new { domain = new { id = "default" } })),
            await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, null, "Nowhere")),
        ];
        Assert.All(refused, reply => Assert.Equal(401, reply.Status));
        Assert.Single(refused.Select(reply => reply.Text).Distinct());
        Assert.Equal("Unauthorized", (string)refused[0].Json["error"]!["title"]!);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"auth":{}}""")]
    [InlineData("""{"auth":{"identity":{"methods":[]}}}""")]
    [InlineData("""{"auth":{"identity":{"methods":["password"]}}}""")]
    [InlineData("""{"auth":{"identity":{"methods":["password"],"password":{"user":{"password":"x"}}}}}""")]
    [InlineData("""{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"x"}}}}}""")]
    [InlineData("""{"auth":{"identity":{"methods":"password"}}}""")]
    public async Task A_malformed_login_is_a_bad_request(string body)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Authenticate(body)).Status);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("\"all\"")]
    [InlineData("{}")]
    [InlineData("""{"system":{"all":false}}""")]
    [InlineData("""{"project":{"name":"demo"}}""")]
    [InlineData("""{"project":{"id":"x"},"domain":{"id":"default"}}""")]
    public async Task A_malformed_scope_is_a_bad_request(string scope)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, JsonNode.Parse(scope)))).Status);
    }

    [Fact]
    public async Task Scopes_are_project_domain_system_and_none()
    {
        await using var clouds = await Clouds.Start();
        var system = (await clouds.Authenticate(Clouds.Password("admin", Clouds.AdminPassword, new { system = new { all = true } }))).Json["token"]!;
        Assert.True((bool)system["system"]!["all"]!);
        Assert.NotNull(system["catalog"]);
        var domain = (await clouds.Authenticate(Clouds.Password("admin", Clouds.AdminPassword, new { domain = new { name = "Default" } }))).Json["token"]!;
        Assert.Equal("default", (string)domain["domain"]!["id"]!);
        Assert.Equal(["admin", "manager", "member", "reader"], domain["roles"]!.AsArray().Select(role => (string)role!["name"]!));
        foreach (var scope in new object?[] { null, "unscoped", new { unscoped = new { } } })
        {
            var none = (await clouds.Authenticate(Clouds.Password("admin", Clouds.AdminPassword, scope))).Json["token"]!.AsObject();
            Assert.False(none.ContainsKey("roles") || none.ContainsKey("catalog") || none.ContainsKey("project"));
        }
    }

    [Fact]
    public async Task Without_a_scope_the_default_project_is_taken()
    {
        await using var clouds = await Clouds.Start();
        var project = await clouds.ProjectId("demo");
        var demo = await clouds.UserId("demo");
        Assert.Equal(200, (await clouds.Send("PATCH", "/users/" + demo, clouds.Admin, new { user = new { default_project_id = project } })).Status);
        var token = (await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, null))).Json["token"]!;
        Assert.Equal(project, (string)token["project"]!["id"]!);
    }

    [Fact]
    public async Task A_token_from_a_token_does_not_outlive_it()
    {
        await using var clouds = await Clouds.Start();
        var before = (await clouds.Validate(clouds.Demo)).Json["token"]!;
        var body = new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = clouds.Demo } }, scope = Clouds.Project("demo") } };
        var after = await clouds.Authenticate(body);
        Assert.Equal(201, after.Status);
        Assert.Equal((string)before["expires_at"]!, (string)after.Json["token"]!["expires_at"]!);
        Assert.Equal(2, after.Json["token"]!["audit_ids"]!.AsArray().Count);
        Assert.Equal((string)before["audit_ids"]![0]!, (string)after.Json["token"]!["audit_ids"]![1]!);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_revoked_token_is_void_at_once_and_after_a_restart(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var other = await clouds.Login("demo", Clouds.DemoPassword, Clouds.Project("demo"));
        Assert.Equal(403, (await clouds.Validate(clouds.Demo, clouds.Admin, "DELETE")).Status);
        Assert.Equal(204, (await clouds.Validate(clouds.Demo, method: "DELETE")).Status);
        Assert.Equal(401, (await clouds.Validate(clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Admin, clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Validate(other, clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Validate(other)).Status);
        var again = new IdentityModule(clouds.Cloud.Kernel, Clouds.Options);
        await again.Start(CancellationToken.None);
        Assert.False(again.Callers.Resolve(clouds.Demo).Ok);
        Assert.True(again.Callers.Resolve(other).Ok);
    }

    [Fact]
    public async Task Whoever_is_not_admin_validates_only_its_own_tokens()
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(403, (await clouds.Validate(clouds.Demo, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Validate(clouds.Admin, clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Validate(clouds.Admin, clouds.Demo, "HEAD")).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Admin, "forged")).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Demo, "forged")).Status);
        Assert.Equal(401, (await clouds.Validate("forged", clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Validate(clouds.Demo[..^2] + "AA")).Status);
    }

    [Fact]
    public async Task A_changed_password_voids_tokens_and_the_old_password()
    {
        await using var clouds = await Clouds.Start();
        var demo = await clouds.UserId("demo");
        var path = $"/users/{demo}/password";
        Assert.Equal(401, (await clouds.Send("POST", path, clouds.Demo, new { user = new { password = "n", original_password = "wrong" } })).Status);
        Assert.Equal(204, (await clouds.Send("POST", path, clouds.Demo, new { user = new { password = "new", original_password = Clouds.DemoPassword } })).Status);
        Assert.Equal(401, (await clouds.Validate(clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("demo", Clouds.DemoPassword, null))).Status);
        Assert.Equal(201, (await clouds.Authenticate(Clouds.Password("demo", "new", Clouds.Project("demo")))).Status);
    }

    [Theory]
    [InlineData("users")]
    [InlineData("projects")]
    public async Task Disabling_revokes_for_good(string kind)
    {
        await using var clouds = await Clouds.Start();
        var id = kind == "users" ? await clouds.UserId("demo") : await clouds.ProjectId("demo");
        foreach (var enabled in new[] { false, true })
        {
            var body = new Dictionary<string, object> { [kind[..^1]] = new { enabled } };
            Assert.Equal(200, (await clouds.Send("PATCH", $"/{kind}/{id}", clouds.Admin, body)).Status);
            Assert.Equal(401, (await clouds.Validate(clouds.Demo)).Status);
        }

        Assert.NotEmpty(await clouds.Login("demo", Clouds.DemoPassword, Clouds.Project("demo")));
    }

    [Fact]
    public async Task A_second_start_resets_no_password_and_adds_no_rows()
    {
        await using var clouds = await Clouds.Start();
        var head = clouds.Cloud.Kernel.Journal.Head().Sequence;
        var again = new IdentityModule(clouds.Cloud.Kernel, Clouds.Options with { Admin = new("admin", "other") });
        await again.Start(CancellationToken.None);
        Assert.Equal(head, clouds.Cloud.Kernel.Journal.Head().Sequence);
        Assert.True(again.Callers.Resolve(clouds.Admin).Ok);
        Assert.Empty(clouds.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task Versions_stand_where_clients_look()
    {
        await using var clouds = await Clouds.Start();
        var many = await clouds.Cloud.Send("GET", "/identity", null);
        Assert.Equal(300, many.Status);
        Assert.Equal("v3.14", (string)many.Json["versions"]!["values"]![0]!["id"]!);
        foreach (var path in new[] { "/identity/v3", "/identity/v3/" })
        {
            var one = await clouds.Cloud.Send("GET", path, null);
            Assert.Equal(200, one.Status);
            Assert.Equal("http://cloud.example:8443/identity/v3/", (string)one.Json["version"]!["links"]![0]!["href"]!);
        }
    }
}
