using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>Projects below projects, their tags, and domains as projects.</summary>
public sealed class HierarchyTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_project_shows_what_is_above_and_below_it(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var top = await clouds.MadeId("/projects", "project", new { name = "top" });
        var middle = await clouds.MadeId("/projects", "project", new { name = "middle", parent_id = top });
        var leaf = await clouds.MadeId("/projects", "project", new { name = "leaf", parent_id = middle });
        var up = (await clouds.Send("GET", $"/projects/{leaf}?parents_as_ids", clouds.Admin)).Json["project"]!["parents"]!;
        Assert.Equal($"{{\"{middle}\":{{\"{top}\":{{\"default\":null}}}}}}", up.ToJsonString());
        var down = (await clouds.Send("GET", $"/projects/{top}?subtree_as_ids", clouds.Admin)).Json["project"]!["subtree"]!;
        Assert.Equal($"{{\"{middle}\":{{\"{leaf}\":null}}}}", down.ToJsonString());
        var none = (await clouds.Send("GET", $"/projects/{leaf}?subtree_as_ids", clouds.Admin)).Json["project"]!.AsObject();
        Assert.True(none.ContainsKey("subtree") && none["subtree"] is null);
        Assert.Empty((await clouds.Send("GET", $"/projects/{top}?subtree_as_list", clouds.Admin)).Json["project"]!["subtree"]!.AsArray());
        var grant = $"/projects/{leaf}/users/{await clouds.UserId("admin")}/roles/{await clouds.RoleId("reader")}";
        Assert.Equal(204, (await clouds.Send("PUT", grant, clouds.Admin)).Status);
        var listed = (await clouds.Send("GET", $"/projects/{top}?subtree_as_list", clouds.Admin)).Json["project"]!["subtree"]!.AsArray();
        Assert.Equal(leaf, (string)Assert.Single(listed)!["project"]!["id"]!);
        Assert.Equal(400, (await clouds.Send("GET", $"/projects/{top}?subtree_as_list&subtree_as_ids", clouds.Admin)).Status);
        Assert.Equal(400, (await clouds.Send("GET", $"/projects/{top}?parents_as_list&parents_as_ids", clouds.Admin)).Status);
        Assert.Equal(2, (await clouds.Send("GET", "/projects?parent_id=default&name=top", clouds.Admin)).Json["projects"]!.AsArray().Count
            + (await clouds.Send("GET", $"/projects?parent_id={top}", clouds.Admin)).Json["projects"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_branch_is_bounded_in_depth_deleted_from_its_leaves_and_enabled_from_its_top()
    {
        await using var clouds = await Clouds.Start();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await clouds.MadeId("/projects", "project", new { name = "p" + i, parent_id = i == 0 ? "default" : ids[^1] }));
        }

        Assert.Equal(403, (await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = "deep", parent_id = ids[^1] } })).Status);
        Assert.Equal(403, (await clouds.Send("DELETE", "/projects/" + ids[0], clouds.Admin)).Status);
        Assert.Equal(403, (await clouds.Send("PATCH", "/projects/" + ids[3], clouds.Admin, new { project = new { enabled = false } })).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/projects/" + ids[4], clouds.Admin, new { project = new { enabled = false } })).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/projects/" + ids[3], clouds.Admin, new { project = new { enabled = false } })).Status);
        Assert.Equal(403, (await clouds.Send("PATCH", "/projects/" + ids[4], clouds.Admin, new { project = new { enabled = true } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = "x", parent_id = ids[3] } })).Status);
        Assert.Equal(403, (await clouds.Send("PATCH", "/projects/" + ids[4], clouds.Admin, new { project = new { parent_id = ids[0] } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/projects/" + ids[4], clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Tags_are_kept_one_by_one_and_filtered_by(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var a = await clouds.MadeId("/projects", "project", new { name = "a", tags = new[] { "x", "y" } });
        var b = await clouds.MadeId("/projects", "project", new { name = "b" });
        var put = await clouds.Send("PUT", $"/projects/{b}/tags/x", clouds.Admin, "{}");
        Assert.Equal(201, put.Status);
        Assert.Equal($"http://cloud.example:8443/identity/v3/projects/{b}/tags/x", put.Headers["Location"]);
        Assert.Equal(204, (await clouds.Send("GET", $"/projects/{b}/tags/x", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("HEAD", $"/projects/{b}/tags/y", clouds.Admin)).Status);
        Assert.Equal(new[] { "a", "b" }, await Names(clouds, "tags=x"));
        Assert.Equal(new[] { "a" }, await Names(clouds, "tags=x,y"));
        Assert.Equal(new[] { "a", "b" }, await Names(clouds, "tags-any=x,y"));
        Assert.Equal(new[] { "admin", "b", "demo" }, await Names(clouds, "not-tags=x,y"));
        Assert.Equal(new[] { "admin", "demo" }, await Names(clouds, "not-tags-any=x,y"));
        Assert.Equal(200, (await clouds.Send("PUT", $"/projects/{a}/tags", clouds.Admin, new { tags = new[] { "z" } })).Status);
        Assert.Equal("z", (string)Assert.Single((await clouds.Send("GET", $"/projects/{a}/tags", clouds.Admin)).Json["tags"]!.AsArray())!);
        Assert.Equal(404, (await clouds.Send("DELETE", $"/projects/{a}/tags/x", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/projects/{a}/tags/z", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/projects/{b}/tags", clouds.Admin)).Status);
        Assert.Empty(await Names(clouds, "tags-any=x,y,z"));
        Assert.Equal(400, (await clouds.Send("PUT", $"/projects/{a}/tags/" + new string('t', 256), clouds.Admin)).Status);
        Assert.Equal(400, (await clouds.Send("PUT", $"/projects/{a}/tags", clouds.Admin, new { tags = Enumerable.Range(0, 81).Select(i => "t" + i) })).Status);
        Assert.Equal(403, (await clouds.Send("PUT", $"/projects/{a}/tags/x", clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Send("GET", $"/projects/{await clouds.ProjectId("demo")}/tags", clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("GET", $"/projects/{a}/tags", clouds.Demo)).Status);
    }

    [Fact]
    public async Task A_domain_is_a_project_that_acts_as_one()
    {
        await using var clouds = await Clouds.Start();
        var made = await clouds.Made("/projects", "project", new { name = "d", is_domain = true, domain_id = (string?)null });
        var id = (string)made["id"]!;
        Assert.True((bool)made["is_domain"]!);
        Assert.Equal(200, (await clouds.Send("GET", "/domains/" + id, clouds.Admin)).Status);
        var listed = (await clouds.Send("GET", "/projects?is_domain=True", clouds.Admin)).Json["projects"]!.AsArray();
        Assert.Contains(id, listed.Select(project => (string)project!["id"]!));
        Assert.Equal(403, (await clouds.Send("DELETE", "/projects/" + id, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/projects/" + id, clouds.Admin, new { project = new { enabled = false } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/projects/" + id, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/domains/" + id, clouds.Admin)).Status);
    }

    private static async Task<IEnumerable<string>> Names(Clouds clouds, string filter) =>
        (await clouds.Send("GET", "/projects?" + filter, clouds.Admin)).Json["projects"]!.AsArray().Select(project => (string)project!["name"]!).Order();
}
