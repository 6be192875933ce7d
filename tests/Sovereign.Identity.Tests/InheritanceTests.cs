using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>Roles that count below their target, and the lists that show where roles come from.</summary>
public sealed class InheritanceTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_inherited_role_counts_on_every_project_below_and_not_on_its_target(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var domain = await clouds.MadeId("/domains", "domain", new { name = "d" });
        var top = await clouds.MadeId("/projects", "project", new { name = "top", domain_id = domain });
        var leaf = await clouds.MadeId("/projects", "project", new { name = "leaf", domain_id = domain, parent_id = top });
        var user = await clouds.MadeId("/users", "user", new { name = "u", domain_id = domain, password = "pw" });
        var member = await clouds.RoleId("member");
        var onProject = $"/OS-INHERIT/projects/{top}/users/{user}/roles/{member}/inherited_to_projects";
        Assert.Equal(404, (await clouds.Send("HEAD", onProject, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", onProject, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("HEAD", onProject, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("HEAD", $"/projects/{top}/users/{user}/roles/{member}", clouds.Admin)).Status);
        var token = await clouds.Login("u", "pw", new { project = new { id = leaf } }, "d");
        Assert.Equal(leaf, (string)Assert.Single((await clouds.Send("GET", "/auth/projects", token)).Json["projects"]!.AsArray())!["id"]!);
        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("u", "pw", new { project = new { id = top } }, "d"))).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", onProject, clouds.Admin)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        var onDomain = $"/OS-INHERIT/domains/{domain}/users/{user}/roles";
        Assert.Equal(204, (await clouds.Send("PUT", $"{onDomain}/{member}/inherited_to_projects", clouds.Admin)).Status);
        Assert.Equal(member, (string)Assert.Single((await clouds.Send("GET", onDomain + "/inherited_to_projects", clouds.Admin)).Json["roles"]!.AsArray())!["id"]!);
        Assert.Empty((await clouds.Send("GET", "/auth/domains", await clouds.Login("u", "pw", null, "d"))).Json["domains"]!.AsArray());
        Assert.Equal(2, (await List(clouds, $"user.id={user}&effective&scope.project.id={leaf}")).Count);
        var direct = Assert.Single(await List(clouds, $"user.id={user}"))!;
        Assert.Equal("projects", (string)direct["scope"]!["OS-INHERIT:inherited_to"]!);
        var effective = await List(clouds, $"user.id={user}&effective&role.id={member}");
        Assert.Equal(new[] { leaf, top }.Order(), effective.Select(item => (string)item!["scope"]!["project"]!["id"]!).Order());
        Assert.All(effective, item => Assert.EndsWith(
            $"/OS-INHERIT/domains/{domain}/users/{user}/roles/{member}/inherited_to_projects", (string)item!["links"]!["assignment"]!, StringComparison.Ordinal));
        Assert.Equal(204, (await clouds.Send("DELETE", "/projects/" + leaf, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/domains/" + domain, clouds.Admin, new { domain = new { enabled = false } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/domains/" + domain, clouds.Admin)).Status);
        Assert.Empty(await List(clouds, $"user.id={user}"));
    }

    [Fact]
    public async Task Lists_are_filtered_by_group_subtree_system_and_refuse_what_contradicts_itself()
    {
        await using var clouds = await Clouds.Start();
        var top = await clouds.MadeId("/projects", "project", new { name = "top" });
        var leaf = await clouds.MadeId("/projects", "project", new { name = "leaf", parent_id = top });
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "pw" });
        var group = await clouds.MadeId("/groups", "group", new { name = "g" });
        var (member, reader) = (await clouds.RoleId("member"), await clouds.RoleId("reader"));
        foreach (var path in new[]
        {
            $"/groups/{group}/users/{user}", $"/projects/{top}/groups/{group}/roles/{member}", $"/projects/{leaf}/users/{user}/roles/{reader}",
            $"/system/users/{user}/roles/{reader}", $"/OS-INHERIT/projects/{top}/groups/{group}/roles/{reader}/inherited_to_projects",
        })
        {
            Assert.Equal(204, (await clouds.Send("PUT", path, clouds.Admin)).Status);
        }

        Assert.Equal(2, (await List(clouds, $"group.id={group}")).Count);
        Assert.Single(await List(clouds, $"group.id={group}&scope.OS-INHERIT:inherited_to=projects"));
        Assert.Equal(3, (await List(clouds, $"scope.project.id={top}&include_subtree=True")).Count);
        Assert.Equal(2, (await List(clouds, $"scope.project.id={top}")).Count);
        Assert.Single(await List(clouds, $"scope.system=all&user.id={user}"));
        var through = await List(clouds, $"user.id={user}&effective&scope.project.id={top}&include_names");
        Assert.Equal(new[] { "member", "reader" }, through.Select(item => (string)item!["role"]!["name"]!).Order());
        Assert.All(through, item => Assert.EndsWith($"/groups/{group}/users/{user}", (string)item!["links"]!["membership"]!, StringComparison.Ordinal));
        foreach (var bad in new[]
        {
            "include_subtree", $"effective&group.id={group}", $"user.id={user}&group.id={group}", "scope.project.id=a&scope.domain.id=b",
            "effective&scope.domain.id=default&scope.OS-INHERIT:inherited_to=projects",
        })
        {
            Assert.Equal(400, (await clouds.Send("GET", "/role_assignments?" + bad, clouds.Admin)).Status);
        }
    }

    [Fact]
    public async Task A_domains_role_counts_only_through_what_it_implies()
    {
        await using var clouds = await Clouds.Start();
        var domain = await clouds.MadeId("/domains", "domain", new { name = "d" });
        var project = await clouds.MadeId("/projects", "project", new { name = "p", domain_id = domain });
        var user = await clouds.MadeId("/users", "user", new { name = "u", domain_id = domain, password = "pw" });
        var role = await clouds.MadeId("/roles", "role", new { name = "own", domain_id = domain });
        var (member, demo) = (await clouds.RoleId("member"), await clouds.ProjectId("demo"));
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/users/{user}/roles/{role}", clouds.Admin)).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/projects/{demo}/users/{user}/roles/{role}", clouds.Admin)).Status);
        Assert.Empty(await List(clouds, $"user.id={user}&effective"));
        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("u", "pw", new { project = new { id = project } }, "d"))).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/roles/{member}/implies/{role}", clouds.Admin)).Status);
        Assert.Equal(201, (await clouds.Send("PUT", $"/roles/{role}/implies/{member}", clouds.Admin)).Status);
        Assert.Equal(2, (await List(clouds, $"user.id={user}&effective")).Count);
        await clouds.Login("u", "pw", new { project = new { id = project } }, "d");
        Assert.Equal(role, (string)Assert.Single((await clouds.Send("GET", "/roles?domain_id=" + domain, clouds.Admin)).Json["roles"]!.AsArray())!["id"]!);
    }

    [Fact]
    public async Task Lists_among_a_thousand_projects_and_ten_thousand_users_find_what_they_should()
    {
        await using var clouds = await Clouds.Start();
        await Fill(clouds);
        var project = (string)(await clouds.Send("GET", "/projects?name=p500", clouds.Admin)).Json["projects"]![0]!["id"]!;
        foreach (var (path, least) in new[]
        {
            ("/role_assignments?scope.project.id=" + project, 10), ($"/role_assignments?effective&include_names&scope.project.id={project}", 20),
            ("/role_assignments?user.id=user500&effective", 2), ("/projects?limit=100", 100), ("/users?limit=100", 100), ("/users?name=u500", 1),
            ("/projects?name=p500", 1),
        })
        {
            var reply = await clouds.Send("GET", path, clouds.Admin);
            Assert.Equal(200, reply.Status);
            Assert.True(reply.Json.AsObject().First().Value!.AsArray().Count >= least, path);
        }
    }

    /// <summary>1,000 projects with ten members each, by SQL and a restart of the model: by requests it would take minutes.</summary>
    private static async Task Fill(Clouds clouds)
    {
        var member = await clouds.RoleId("member");
        await clouds.Cloud.Kernel.Queue.Write<bool>("test.fill", Sovereign.Kernel.Store.Origin.System, tx =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                tx.Execute(
                    """
                    INSERT INTO projects (id, domain_id, parent_id, name, description, enabled, tags, options, extra, revoked_before)
                    VALUES (@id, 'default', 'default', @name, '', 1, '[]', '{}', '{}', 0)
                    """,
                    new { id = "project" + i, name = "p" + i });
            }

            for (var i = 0; i < 10_000; i++)
            {
                tx.Execute(
                    "INSERT INTO users (id, domain_id, name, enabled, options, extra, revoked_before) VALUES (@id, 'default', @name, 1, '{}', '{}', 0)",
                    new { id = "user" + i, name = "u" + i });
                tx.Execute(
                    """
                    INSERT INTO role_assignments (actor_kind, actor_id, target_kind, target_id, role_id) VALUES ('user', @user, 'project', @project, @member)
                    """,
                    new { user = "user" + i, project = "project" + (i % 1_000), member });
            }

            return true;
        });
        await clouds.Module.Start(TestContext.Current.CancellationToken);
    }

    private static async Task<JsonArray> List(Clouds clouds, string filter) =>
        (await clouds.Send("GET", "/role_assignments?" + filter, clouds.Admin)).Json["role_assignments"]!.AsArray();
}
