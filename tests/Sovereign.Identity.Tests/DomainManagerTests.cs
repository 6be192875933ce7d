using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>The domain manager of scs-0302: everything in the own domain, nothing outside it, and never more rights than the managed roles.</summary>
public sealed class DomainManagerTests
{
    [Fact]
    public async Task A_manager_manages_its_own_domain()
    {
        await using var clouds = await Clouds.Start();
        var (a, manager) = await Domain(clouds, "a");
        var domain = a.Id;
        Assert.Equal(200, (await clouds.Send("GET", "/domains/" + domain, manager)).Status);
        var domains = (await clouds.Send("GET", "/domains?name=a", manager)).Json["domains"]!.AsArray();
        Assert.Equal(domain, (string)Assert.Single(domains)!["id"]!);
        foreach (var kind in new[] { "user", "project", "group" })
        {
            var made = await clouds.Send("POST", $"/{kind}s", manager, new Dictionary<string, object> { [kind] = new { name = "mine", domain_id = domain } });
            Assert.Equal(201, made.Status);
            var id = (string)made.Json[kind]!["id"]!;
            Assert.Equal(200, (await clouds.Send("GET", $"/{kind}s/{id}", manager)).Status);
            var changed = new Dictionary<string, object> { [kind] = new { description = "changed" } };
            Assert.Equal(200, (await clouds.Send("PATCH", $"/{kind}s/{id}", manager, changed)).Status);
            var listed = (await clouds.Send("GET", $"/{kind}s", manager)).Json[kind + "s"]!.AsArray();
            Assert.All(listed, item => Assert.Equal(domain, (string)item!["domain_id"]!));
            Assert.Equal(204, (await clouds.Send("DELETE", $"/{kind}s/{id}", manager)).Status);
        }
    }

    [Fact]
    public async Task A_manager_touches_and_sees_nothing_outside()
    {
        await using var clouds = await Clouds.Start();
        var (a, manager) = await Domain(clouds, "a");
        var (b, _) = await Domain(clouds, "b");
        Assert.Equal(403, (await clouds.Send("GET", "/domains/b", manager)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/domains/" + b.Id, manager)).Status);
        Assert.Empty((await clouds.Send("GET", "/domains?name=b", manager)).Json["domains"]!.AsArray());
        foreach (var (kind, foreign) in new[] { ("user", b.User), ("project", b.Project), ("group", b.Group) })
        {
            foreach (var members in new object[] { new { name = "x" }, new { name = "x", domain_id = b.Id }, new { name = "x", domain_id = "default" } })
            {
                var body = new Dictionary<string, object> { [kind] = members };
                Assert.Equal(403, (await clouds.Send("POST", $"/{kind}s", manager, body)).Status);
            }

            foreach (var method in new[] { "GET", "PATCH", "DELETE" })
            {
                object? body = method == "PATCH" ? new Dictionary<string, object> { [kind] = new { name = "y" } } : null;
                Assert.Equal(403, (await clouds.Send(method, $"/{kind}s/{foreign}", manager, body)).Status);
                Assert.Equal(403, (await clouds.Send(method, $"/{kind}s/none", manager, body)).Status);
            }

            Assert.Empty((await clouds.Send("GET", $"/{kind}s?name=b-{kind}", manager)).Json[kind + "s"]!.AsArray());
        }

        Assert.Equal(403, (await clouds.Send("GET", $"/users/{b.User}/projects", manager)).Status);
        Assert.Equal(403, (await clouds.Send("GET", $"/groups/{b.Group}/users", manager)).Status);
        Assert.Equal(404, (await clouds.Send("HEAD", $"/groups/{a.Group}/users/{a.User}", manager)).Status);
        Assert.Equal(403, (await clouds.Send("HEAD", $"/groups/{a.Group}/users/{b.User}", manager)).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/groups/{a.Group}/users/{b.User}", manager)).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/groups/{b.Group}/users/{a.User}", manager)).Status);
        Assert.Equal(403, (await clouds.Send("POST", "/roles", manager, new { role = new { name = "mine" } })).Status);
        Assert.Equal(403, (await clouds.Send("POST", "/domains", manager, new { domain = new { name = "c" } })).Status);
    }

    [Fact]
    public async Task A_manager_assigns_managed_roles_within_its_domain_only()
    {
        await using var clouds = await Clouds.Start();
        var (a, manager) = await Domain(clouds, "a");
        var (b, _) = await Domain(clouds, "b");
        var (admin, member) = (await clouds.RoleId("admin"), await clouds.RoleId("member"));
        Assert.Single((await clouds.Send("GET", "/roles?name=admin", manager)).Json["roles"]!.AsArray());
        Assert.Equal(403, (await clouds.Send("GET", "/roles/" + admin, manager)).Status);
        foreach (var actor in new[] { $"users/{a.User}", $"groups/{a.Group}" })
        {
            foreach (var target in new[] { $"/projects/{a.Project}", $"/domains/{a.Id}" })
            {
                var own = $"{target}/{actor}/roles/";
                Assert.Equal(404, (await clouds.Send("HEAD", own + member, manager)).Status);
                Assert.Equal(204, (await clouds.Send("PUT", own + member, manager)).Status);
                Assert.Equal(204, (await clouds.Send("HEAD", own + member, manager)).Status);
                Assert.Equal(403, (await clouds.Send("PUT", own + admin, manager)).Status);
                Assert.Equal(404, (await clouds.Send("HEAD", own + admin, clouds.Admin)).Status);
                Assert.Equal(204, (await clouds.Send("DELETE", own + member, manager)).Status);
            }

            foreach (var target in new[] { $"/projects/{b.Project}", $"/domains/{b.Id}", "/domains/default", "/system" })
            {
                Assert.Equal(403, (await clouds.Send("PUT", $"{target}/{actor}/roles/{member}", manager)).Status);
                Assert.Equal(403, (await clouds.Send("HEAD", $"{target}/{actor}/roles/{member}", manager)).Status);
            }
        }

        Assert.Equal(403, (await clouds.Send("PUT", $"/projects/{a.Project}/users/{b.User}/roles/{member}", manager)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{a.Project}/groups/{a.Group}/roles/{member}", manager)).Status);
        var listed = await clouds.Send("GET", $"/role_assignments?scope.project.id={a.Project}&group.id={a.Group}", manager);
        Assert.True(listed.Status == 200, listed.Text);
        Assert.Equal(member, (string)Assert.Single(listed.Json["role_assignments"]!.AsArray())!["role"]!["id"]!);
        Assert.Equal(403, (await clouds.Send("GET", $"/role_assignments?scope.project.id={b.Project}", manager)).Status);
        var all = (await clouds.Send("GET", "/role_assignments", manager)).Json["role_assignments"]!.AsArray();
        Assert.DoesNotContain(all, item => item!["scope"]!["system"] is not null || item.ToJsonString().Contains(b.Id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_managed_role_that_implies_another_is_assignable_no_more()
    {
        await using var clouds = await Clouds.Start();
        var (a, manager) = await Domain(clouds, "a");
        var strong = await clouds.MadeId("/roles", "role", new { name = "strong" });
        var member = await clouds.RoleId("member");
        Assert.Equal(201, (await clouds.Send("PUT", $"/roles/{member}/implies/{strong}", clouds.Admin)).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/projects/{a.Project}/users/{a.User}/roles/{member}", manager)).Status);
    }

    [Fact]
    public async Task A_domains_token_changes_nothing_of_the_whole_cloud_unless_scopes_are_not_enforced()
    {
        foreach (var isEnforced in new[] { true, false })
        {
            await using var clouds = await Clouds.Start(options: options => options with { EnforceScope = isEnforced });
            var admin = await clouds.Login("admin", Clouds.AdminPassword, new { domain = new { id = "default" } });
            foreach (var (path, body) in new (string, object)[]
            {
                ("/domains", new { domain = new { name = "c" } }), ("/roles", new { role = new { name = "c" } }), ("/regions", new { region = new { id = "c" } }),
                ("/policies", new { policy = new { type = "t", blob = "b" } }),
            })
            {
                Assert.Equal(isEnforced ? 403 : 201, (await clouds.Send("POST", path, admin, body)).Status);
            }

            Assert.Equal(201, (await clouds.Send("POST", "/users", admin, new { user = new { name = "c" } })).Status);
            Assert.Equal(201, (await clouds.Send("POST", "/domains", clouds.Admin, new { domain = new { name = "d" } })).Status);
        }
    }

    /// <summary>A domain with a manager, a user, a project and a group.</summary>
    private static async Task<(Tenant Tenant, string Manager)> Domain(Clouds clouds, string name)
    {
        var id = await clouds.MadeId("/domains", "domain", new { name });
        var manager = await clouds.MadeId("/users", "user", new { name = name + "-manager", domain_id = id, password = "pw" });
        Assert.Equal(204, (await clouds.Send("PUT", $"/domains/{id}/users/{manager}/roles/{await clouds.RoleId("manager")}", clouds.Admin)).Status);
        var tenant = new Tenant(
            id,
            await clouds.MadeId("/users", "user", new { name = name + "-user", domain_id = id }),
            await clouds.MadeId("/projects", "project", new { name = name + "-project", domain_id = id }),
            await clouds.MadeId("/groups", "group", new { name = name + "-group", domain_id = id }));
        return (tenant, await clouds.Login(name + "-manager", "pw", new { domain = new { id } }, name));
    }

    private sealed record Tenant(string Id, string User, string Project, string Group);
}
