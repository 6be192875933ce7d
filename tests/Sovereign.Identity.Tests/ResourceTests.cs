using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

public sealed class ResourceTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_project_lives_as_in_the_transcripts(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var made = await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = "tproj", description = "transcript", enabled = true, options = new { }, k = "v", tags = Array.Empty<string>() } });
        Assert.Equal(201, made.Status);
        var project = made.Json["project"]!;
        var id = (string)project["id"]!;
        Same(
            $$$"""{"k":"v","id":"{{{id}}}","name":"tproj","domain_id":"default","description":"transcript","enabled":true,"parent_id":"default","is_domain":false,"tags":[],"options":{},"links":{"self":"http://cloud.example:8443/identity/v3/projects/{{{id}}}"}}""",
            project);
        var changed = (await clouds.Send("PATCH", "/projects/" + id, clouds.Admin, new { project = new { description = "changed" } })).Json["project"]!;
        Assert.Equal("changed", (string)changed["description"]!);
        Assert.Equal("v", (string)changed["extra"]!["k"]!);
        Assert.Equal(409, (await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = "tproj" } })).Status);
        var missing = await clouds.Send("GET", "/projects/tproj", clouds.Admin);
        Assert.Equal(404, missing.Status);
        Same("""{"error":{"code":404,"message":"Could not find project: tproj.","title":"Not Found"}}""", missing.Json);
        var list = (await clouds.Send("GET", "/projects?name=tproj", clouds.Admin)).Json;
        Assert.Equal(id, (string)Assert.Single(list["projects"]!.AsArray())!["id"]!);
        Same("""{"next":null,"self":"http://cloud.example:8443/identity/v3/projects?name=tproj","previous":null}""", list["links"]!);
        Assert.Equal(204, (await clouds.Send("DELETE", "/projects/" + id, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/projects/" + id, clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_user_gets_roles_directly_and_through_groups(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var project = await clouds.MadeId("/projects", "project", new { name = "p" });
        var user = await clouds.Made("/users", "user", new { name = "tuser", default_project_id = project, password = "pw", email = "t@example.org", options = new { } });
        var userId = (string)user["id"]!;
        Same(
            $$$"""{"email":"t@example.org","id":"{{{userId}}}","name":"tuser","domain_id":"default","enabled":true,"default_project_id":"{{{project}}}","password_expires_at":null,"options":{},"links":{"self":"http://cloud.example:8443/identity/v3/users/{{{userId}}}"}}""",
            user);
        Assert.Equal(401, (await clouds.Authenticate(Clouds.Password("tuser", "pw", Clouds.Project("p")))).Status);
        var group = await clouds.MadeId("/groups", "group", new { name = "g" });
        var (member, reader) = (await clouds.RoleId("member"), await clouds.RoleId("reader"));
        Assert.Equal(204, (await clouds.Send("PUT", $"/groups/{group}/users/{userId}", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/groups/{group}/roles/{member}", clouds.Admin)).Status);
        var token = await clouds.Login("tuser", "pw", Clouds.Project("p"));
        Assert.Equal(200, (await clouds.Validate(token)).Status);
        Assert.Equal(project, (string)Assert.Single((await clouds.Send("GET", "/auth/projects", token)).Json["projects"]!.AsArray())!["id"]!);
        Assert.Equal(project, (string)Assert.Single((await clouds.Send("GET", $"/users/{userId}/projects", token)).Json["projects"]!.AsArray())!["id"]!);
        Assert.Equal(group, (string)Assert.Single((await clouds.Send("GET", $"/users/{userId}/groups", token)).Json["groups"]!.AsArray())!["id"]!);
        var effective = (await clouds.Send("GET", $"/role_assignments?user.id={userId}&effective&include_names=True", clouds.Admin)).Json["role_assignments"]!.AsArray();
        Assert.Equal(["member", "reader"], effective.Select(item => (string)item!["role"]!["name"]!).Order());
        Assert.All(effective, item => Assert.Equal("tuser", (string)item!["user"]!["name"]!));
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/users/{userId}/roles/{reader}", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/groups/{group}/users/{userId}", clouds.Admin)).Status);
        var shown = (await clouds.Validate(token)).Json["token"]!;
        Assert.Equal("reader", (string)Assert.Single(shown["roles"]!.AsArray())!["name"]!);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/projects/{project}/users/{userId}/roles/{reader}", clouds.Admin)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/users/" + userId, clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_application_credential_lives_as_in_the_transcripts(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var demo = await clouds.UserId("demo");
        var member = await clouds.RoleId("member");
        var path = $"/users/{demo}/application_credentials";
        var made = await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "tac", roles = new[] { new { id = member } }, unrestricted = false } });
        Assert.Equal(201, made.Status);
        var credential = made.Json["application_credential"]!;
        var (id, secret) = ((string)credential["id"]!, (string)credential["secret"]!);
        Assert.Equal(
            ["description", "expires_at", "id", "links", "name", "project_id", "roles", "secret", "system", "unrestricted", "user_id"],
            credential.AsObject().Select(member => member.Key).Order());
        Assert.False((await clouds.Send("GET", $"{path}/{id}", clouds.Demo)).Json["application_credential"]!.AsObject().ContainsKey("secret"));
        Assert.Equal("Could not find Application Credential: tac.", (string)(await clouds.Send("GET", path + "/tac", clouds.Demo)).Json["error"]!["message"]!);
        Assert.Equal(409, (await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "tac" } })).Status);
        var issued = await clouds.Authenticate(ByCredential(id, secret));
        Assert.Equal(201, issued.Status);
        var token = issued.Headers["X-Subject-Token"];
        Assert.InRange(token.Length, 1, 255);
        Assert.True((bool)issued.Json["token"]!["application_credential"]!["restricted"]!);
        Assert.Equal(401, (await clouds.Authenticate(ByCredential(id, secret + "x"))).Status);
        Assert.Equal(401, (await clouds.Authenticate(ByCredential("nothing", secret))).Status);
        Assert.Equal(403, (await clouds.Send("POST", path, token, new { application_credential = new { name = "more" } })).Status);
        var exchange = new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope = Clouds.Project("demo") } };
        Assert.Equal(403, (await clouds.Authenticate(exchange)).Status);
        Assert.Equal(403, (await clouds.Send("GET", $"/users/{await clouds.UserId("admin")}/application_credentials", clouds.Demo)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"{path}/{id}", clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        Assert.Equal(401, (await clouds.Authenticate(ByCredential(id, secret))).Status);
    }

    [Fact]
    public async Task A_credential_never_gives_more_than_its_user_has()
    {
        await using var clouds = await Clouds.Start();
        var demo = await clouds.UserId("demo");
        var path = $"/users/{demo}/application_credentials";
        var admin = await clouds.RoleId("admin");
        Assert.Equal(400, (await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "a", roles = new[] { new { id = admin } } } })).Status);
        Assert.Equal(403, (await clouds.Send("POST", path, clouds.Admin, new { application_credential = new { name = "a" } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "a", expires_at = "2001-01-01T00:00:00Z" } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "a", expires_at = "soon" } })).Status);
        var made = await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "a" } });
        var (id, secret) = ((string)made.Json["application_credential"]!["id"]!, (string)made.Json["application_credential"]!["secret"]!);
        var grant = $"/projects/{await clouds.ProjectId("demo")}/users/{demo}/roles/{await clouds.RoleId("member")}";
        Assert.Equal(204, (await clouds.Send("DELETE", grant, clouds.Admin)).Status);
        Assert.Equal(401, (await clouds.Authenticate(ByCredential(id, secret))).Status);
    }

    [Fact]
    public async Task A_domain_is_deleted_only_when_disabled_and_takes_its_own_with_it()
    {
        await using var clouds = await Clouds.Start();
        var domain = await clouds.MadeId("/domains", "domain", new { name = "d" });
        var user = await clouds.MadeId("/users", "user", new { name = "u", domain_id = domain, password = "pw" });
        var project = await clouds.MadeId("/projects", "project", new { name = "p", domain_id = domain });
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/users/{user}/roles/{await clouds.RoleId("member")}", clouds.Admin)).Status);
        var token = await clouds.Login("u", "pw", new { project = new { id = project } }, "d");
        Assert.Equal(403, (await clouds.Send("DELETE", "/domains/" + domain, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/domains/" + domain, clouds.Admin, new { domain = new { enabled = false } })).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/domains/" + domain, clouds.Admin)).Status);
        foreach (var gone in new[] { "/users/" + user, "/projects/" + project, "/domains/" + domain })
        {
            Assert.Equal(404, (await clouds.Send("GET", gone, clouds.Admin)).Status);
        }

        Assert.Empty(clouds.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task A_member_may_see_itself_and_little_else()
    {
        await using var clouds = await Clouds.Start();
        var (demo, admin) = (await clouds.UserId("demo"), await clouds.UserId("admin"));
        Assert.Equal(200, (await clouds.Send("GET", "/users/" + demo, clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/users/" + admin, clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/users/nobody", clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Send("GET", "/projects/" + await clouds.ProjectId("demo"), clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/projects/" + await clouds.ProjectId("admin"), clouds.Demo)).Status);
        var refused = await clouds.Send("GET", "/projects", clouds.Demo);
        Same("""{"error":{"code":403,"message":"You are not authorized to perform the requested action: identity:list_projects.","title":"Forbidden"}}""", refused.Json);
        Assert.Equal(200, (await clouds.Send("GET", "/domains/default", clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Status);
        Assert.Equal(200, (await clouds.Send("GET", "/regions", clouds.Demo)).Status);
        Assert.Equal(401, (await clouds.Cloud.Send("GET", "/identity/v3/users", null)).Status);
    }

    [Fact]
    public async Task Roles_imply_in_a_chain_without_circles_and_first_ones_are_immutable()
    {
        await using var clouds = await Clouds.Start();
        var (admin, reader) = (await clouds.RoleId("admin"), await clouds.RoleId("reader"));
        var rules = (await clouds.Send("GET", "/role_inferences", clouds.Admin)).Json["role_inferences"]!.AsArray();
        Assert.Equal(3, rules.Count);
        Assert.Equal(403, (await clouds.Send("DELETE", "/roles/" + admin, clouds.Admin)).Status);
        Assert.Equal(403, (await clouds.Send("PATCH", "/roles/" + admin, clouds.Admin, new { role = new { name = "x" } })).Status);
        var own = await clouds.MadeId("/roles", "role", new { name = "own", options = new { } });
        Assert.Equal(403, (await clouds.Send("PUT", $"/roles/{own}/implies/{admin}", clouds.Admin)).Status);
        Assert.Equal(201, (await clouds.Send("PUT", $"/roles/{reader}/implies/{own}", clouds.Admin)).Status);
        Assert.Equal(409, (await clouds.Send("PUT", $"/roles/{own}/implies/{reader}", clouds.Admin)).Status);
        Assert.Contains("own", (await clouds.Validate(clouds.Demo)).Json["token"]!["roles"]!.AsArray().Select(role => (string)role!["name"]!));
        Assert.Equal(204, (await clouds.Send("HEAD", $"/roles/{reader}/implies/{own}", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/roles/" + own, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("HEAD", $"/roles/{reader}/implies/{own}", clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task The_catalog_is_changed_by_the_operator(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        Assert.Equal(403, (await clouds.Send("POST", "/services", clouds.Demo, new { service = new { type = "x", name = "y" } })).Status);
        var service = await clouds.MadeId("/services", "service", new { type = "dns", name = "designate" });
        var region = await clouds.MadeId("/regions", "region", new { id = "RegionTwo" });
        var endpoint = await clouds.Made("/endpoints", "endpoint", new { service_id = service, region_id = region, @interface = "public", url = "http://dns.example/%(tenant_id)s" });
        Assert.Equal(
            ["enabled", "id", "interface", "links", "region", "region_id", "service_id", "url"], endpoint.AsObject().Select(member => member.Key).Order());
        var catalog = (await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Json["catalog"]!.AsArray();
        var shown = catalog.Single(item => (string)item!["type"]! == "dns")!["endpoints"]![0]!;
        Assert.Equal("http://dns.example/" + await clouds.ProjectId("demo"), (string)shown["url"]!);
        Assert.Equal(400, (await clouds.Send("POST", "/endpoints", clouds.Admin, new { endpoint = new { service_id = "none", @interface = "public", url = "u" } })).Status);
        Assert.Equal(409, (await clouds.Send("DELETE", "/regions/" + region, clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("PATCH", "/services/" + service, clouds.Admin, new { service = new { enabled = false } })).Status);
        Assert.DoesNotContain((await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Json["catalog"]!.AsArray(), item => (string)item!["type"]! == "dns");
        Assert.Equal(204, (await clouds.Send("DELETE", "/services/" + service, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/endpoints/" + (string)endpoint["id"]!, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", "/regions/" + region, clouds.Admin)).Status);
    }

    [Theory]
    [InlineData("/users", """{"user":{}}""")]
    [InlineData("/users", """{"user":{"name":" "}}""")]
    [InlineData("/users", """{"user":{"name":5}}""")]
    [InlineData("/users", """{"user":{"name":"a\u0000b"}}""")]
    [InlineData("/users", """{"user":{"name":"a","enabled":"maybe"}}""")]
    [InlineData("/users", """{"user":{"name":"a","options":[]}}""")]
    [InlineData("/users", """{"user":null}""")]
    [InlineData("/users", """{"user":{"name":"a","default_project_id":"default"}}""")]
    [InlineData("/projects", """{"project":{"name":"a","tags":["a/b"]}}""")]
    [InlineData("/projects", """{"project":{"name":"a","parent_id":"none"}}""")]
    [InlineData("/projects", """{"project":{"name":"a","is_domain":true,"parent_id":"default"}}""")]
    [InlineData("/projects", """{"project":{"name":"a","description":"\ud800"}}""")]
    [InlineData("/domains", """{"domain":{"name":"a","description":5}}""")]
    [InlineData("/groups", """{"group":{"name":""}}""")]
    [InlineData("/regions", """{"region":{"id":"\u0001"}}""")]
    public async Task Bad_members_are_bad_requests(string path, string body)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Send("POST", path, clouds.Admin, body)).Status);
    }

    [Fact]
    public async Task Bounds_hold()
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Send("POST", "/users", clouds.Admin, new { user = new { name = new string('x', 256) } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = new string('x', 65) } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/projects", clouds.Admin, new { project = new { name = "x", k = new string('x', 20_000) } })).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/users", clouds.Admin, new { user = new { name = "x", password = new string('x', 5_000) } })).Status);
        Assert.Equal(413, (await clouds.Send("POST", "/users", clouds.Admin, new { user = new { name = "x", k = new string('x', 200_000) } })).Status);
        Assert.Equal(400, (await clouds.Send("GET", "/users?name=%00", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/users/..%2fprojects", clouds.Admin)).Status);
        var page = (await clouds.Send("GET", "/users?limit=1", clouds.Admin)).Json;
        Assert.Single(page["users"]!.AsArray());
        var next = new Uri((string)page["links"]!["next"]!);
        Assert.Single((await clouds.Cloud.Send("GET", next.PathAndQuery, clouds.Admin)).Json["users"]!.AsArray());
    }

    private static object ByCredential(string id, string secret) =>
        new { auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = new { id, secret } } } };

    private static void Same(string expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {expected}\nbut was  {actual.ToJsonString()}");
}
