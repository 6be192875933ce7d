using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

public sealed class TrustTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_trust_lends_a_role_until_it_is_deleted(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, project) = (await clouds.UserId("demo"), await clouds.ProjectId("demo"));
        var trustee = await clouds.MadeId("/users", "user", new { name = "trustee", password = "pw" });
        var wish = new
        {
            trustor_user_id = demo, trustee_user_id = trustee, project_id = project, impersonation = true,
            roles = new[] { new { name = "reader" } }, expires_at = (string?)null
        };
        var made = await clouds.Send("POST", "/OS-TRUST/trusts", clouds.Demo, new { trust = wish });
        Assert.True(made.Status == 201, made.Text);
        var trust = made.Json["trust"]!;
        Assert.Equal(
            ["deleted_at", "expires_at", "id", "impersonation", "links", "project_id", "redelegated_trust_id", "redelegation_count", "remaining_uses",
                "roles", "roles_links", "trustee_user_id", "trustor_user_id"],
            trust.AsObject().Select(m => m.Key).Order());
        var path = "/OS-TRUST/trusts/" + (string)trust["id"]!;
        var reader = await clouds.RoleId("reader");
        Assert.Equal(reader, (string)Assert.Single((await clouds.Send("GET", path + "/roles", clouds.Demo)).Json["roles"]!.AsArray())!["id"]!);
        Assert.Equal(200, (await clouds.Send("HEAD", $"{path}/roles/{reader}", clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("GET", $"{path}/roles/{await clouds.RoleId("member")}", clouds.Demo)).Status);
        var token = await Borrow(clouds, "trustee", (string)trust["id"]!);
        var shown = (await clouds.Validate(token)).Json["token"]!;
        Assert.Equal(demo, (string)shown["user"]!["id"]!);
        Assert.Equal("reader", (string)Assert.Single(shown["roles"]!.AsArray())!["name"]!);
        Assert.Equal(trustee, (string)shown["OS-TRUST:trust"]!["trustee_user"]!["id"]!);
        var exchange = new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope = Clouds.Project("demo") } };
        Assert.Equal(403, (await clouds.Authenticate(exchange)).Status);
        Assert.Equal(403, (await clouds.Send("POST", $"/users/{demo}/application_credentials", token,
            new { application_credential = new { name = "more" } })).Status);
        var stranger = await clouds.MadeId("/users", "user", new { name = "stranger", password = "pw" });
        var other = await clouds.Login("stranger", "pw", null);
        Assert.Equal(403, (await clouds.Send("GET", path, other)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/OS-TRUST/trusts/none", other)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/OS-TRUST/trusts", other)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/OS-TRUST/trusts?trustor_user_id=" + demo, other)).Status);
        Assert.Single((await clouds.Send("GET", "/OS-TRUST/trusts/?trustor_user_id=" + demo, clouds.Demo)).Json["trusts"]!.AsArray());
        Assert.Single((await clouds.Send("GET", "/OS-TRUST/trusts", clouds.Admin)).Json["trusts"]!.AsArray());
        Assert.Equal(403, (await clouds.Authenticate(Scoped("stranger", (string)trust["id"]!))).Status);
        Assert.Equal(403, (await clouds.Send("DELETE", path, await clouds.Login("trustee", "pw", null))).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/users/" + stranger, clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Uses_are_counted_and_lending_on_gives_never_more(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, project) = (await clouds.UserId("demo"), await clouds.ProjectId("demo"));
        var trustee = await clouds.MadeId("/users", "user", new { name = "trustee", password = "pw" });
        var last = await clouds.MadeId("/users", "user", new { name = "last", password = "pw" });
        var roles = new[] { new { name = "reader" } };
        var once = await Made(clouds, clouds.Demo, new
        {
            trustor_user_id = demo, trustee_user_id = trustee, project_id = project,
            impersonation = false, roles, remaining_uses = 1
        });
        var token = await Borrow(clouds, "trustee", once);
        Assert.Equal(trustee, (string)(await clouds.Validate(token)).Json["token"]!["user"]!["id"]!);
        Assert.Equal(403, (await clouds.Authenticate(Scoped("trustee", once))).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/OS-TRUST/trusts/" + once, clouds.Demo)).Status);
        var lendable = await Made(clouds, clouds.Demo, new
        {
            trustor_user_id = demo, trustee_user_id = trustee, project_id = project,
            impersonation = false, roles, allow_redelegation = true, redelegation_count = 1
        });
        var borrowed = await Borrow(clouds, "trustee", lendable);
        foreach (var tooMuch in new object[]
        {
            new { trustor_user_id = trustee, trustee_user_id = last, project_id = project, impersonation = true, roles },
            new { trustor_user_id = trustee, trustee_user_id = last, project_id = project, impersonation = false, roles = new[] { new { name = "member" } } },
            new { trustor_user_id = trustee, trustee_user_id = last, project_id = project, impersonation = false, roles, remaining_uses = 5 },
        })
        {
            Assert.Equal(403, (await clouds.Send("POST", "/OS-TRUST/trusts", borrowed, new { trust = tooMuch })).Status);
        }

        var lent = await Made(clouds, borrowed, new { trustor_user_id = trustee, trustee_user_id = last, project_id = project, impersonation = false, roles });
        var final = await Borrow(clouds, "last", lent);
        Assert.Equal(403, (await clouds.Send("POST", "/OS-TRUST/trusts", final, new
        {
            trust = new
            {
                trustor_user_id = last, trustee_user_id = trustee,
                project_id = project, impersonation = false, roles
            }
        })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/OS-TRUST/trusts/" + lendable, clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Validate(final)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/OS-TRUST/trusts/" + lent, clouds.Admin)).Status);
    }

    [Fact]
    public async Task A_trust_is_bounded_by_what_its_trustor_has_and_by_time()
    {
        await using var clouds = await Clouds.Start();
        var (demo, admin, project) = (await clouds.UserId("demo"), await clouds.UserId("admin"), await clouds.ProjectId("demo"));
        foreach (var (wish, status) in new (object, int)[]
        {
            (new { trustor_user_id = admin, trustee_user_id = demo, project_id = project, impersonation = true, roles = new[] { new { name = "reader" } } }, 403),
            (new { trustor_user_id = demo, trustee_user_id = "none", project_id = project, impersonation = true, roles = new[] { new { name = "reader" } } }, 404),
            (new { trustor_user_id = demo, trustee_user_id = admin, project_id = project, impersonation = true, roles = new[] { new { name = "admin" } } }, 404),
            (new { trustor_user_id = demo, trustee_user_id = admin, project_id = project, impersonation = true }, 403),
            (new { trustor_user_id = demo, trustee_user_id = admin, impersonation = true, expires_at = "bad.123Z" }, 400),
            (new { trustor_user_id = demo, trustee_user_id = admin, impersonation = true, expires_at = "2001-01-01T00:00:00Z" }, 400),
            (new { trustor_user_id = demo, trustee_user_id = admin, impersonation = true, remaining_uses = 0 }, 400),
            (new { trustor_user_id = demo, trustee_user_id = admin }, 400),
        })
        {
            var reply = await clouds.Send("POST", "/OS-TRUST/trusts", clouds.Demo, new { trust = wish });
            Assert.True(reply.Status == status, $"{wish}: {reply.Status} {reply.Text}");
        }

        var made = await Made(clouds, clouds.Demo, new
        {
            trustor_user_id = demo, trustee_user_id = admin, project_id = project, impersonation = true,
            roles = new[] { new { name = "reader" } }
        });
        var token = await Borrow(clouds, "admin", made, Clouds.AdminPassword);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/projects/{project}/users/{demo}/roles/{await clouds.RoleId("member")}", clouds.Admin)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
    }

    private static async Task<string> Made(Clouds clouds, string token, object trust)
    {
        var reply = await clouds.Send("POST", "/OS-TRUST/trusts", token, new { trust });
        Assert.True(reply.Status == 201, reply.Text);
        return (string)reply.Json["trust"]!["id"]!;
    }

    private static async Task<string> Borrow(Clouds clouds, string name, string trust, string password = "pw")
    {
        var reply = await clouds.Authenticate(Scoped(name, trust, password));
        Assert.True(reply.Status == 201, reply.Text);
        return reply.Headers["X-Subject-Token"];
    }

    private static object Scoped(string name, string trust, string password = "pw") =>
        Clouds.Password(name, password, new Dictionary<string, object> { ["OS-TRUST:trust"] = new { id = trust } });
}
