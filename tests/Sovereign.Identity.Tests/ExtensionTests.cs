using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>Policies, consumers, configurations of domains, filters of the catalog, revocations, and the journal as tenants read it.</summary>
public sealed class ExtensionTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Policies_and_consumers_are_kept(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var policy = await clouds.Made("/policies", "policy", new { blob = "text", type = "application/json" });
        var path = "/policies/" + (string)policy["id"]!;
        Assert.Equal("other", (string)(await clouds.Send("PATCH", path, clouds.Admin, new { policy = new { type = "other" } })).Json["policy"]!["type"]!);
        Assert.Equal("text", (string)(await clouds.Send("GET", path, clouds.Admin)).Json["policy"]!["blob"]!);
        Assert.Single((await clouds.Send("GET", "/policies?type=other", clouds.Admin)).Json["policies"]!.AsArray());
        Assert.Equal(400, (await clouds.Send("POST", "/policies", clouds.Admin, new { policy = new { type = "x" } })).Status);
        Assert.Equal(403, (await clouds.Send("GET", path, clouds.Demo)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
        var consumer = await clouds.Made("/OS-OAUTH1/consumers", "consumer", new { description = "d" });
        var of = "/OS-OAUTH1/consumers/" + (string)consumer["id"]!;
        Assert.True(((string)consumer["secret"]!).Length > 30);
        Assert.False((await clouds.Send("GET", of, clouds.Admin)).Json["consumer"]!.AsObject().ContainsKey("secret"));
        Assert.Equal("e", (string)(await clouds.Send("PATCH", of, clouds.Admin, new { consumer = new { description = "e" } })).Json["consumer"]!["description"]!);
        Assert.Equal(204, (await clouds.Send("DELETE", of, clouds.Admin)).Status);
        Assert.Empty((await clouds.Send("GET", "/OS-OAUTH1/consumers", clouds.Admin)).Json["consumers"]!.AsArray());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_domains_configuration_is_stored_and_returned_in_parts(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var domain = await clouds.MadeId("/domains", "domain", new { name = "d" });
        var path = $"/domains/{domain}/config";
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
        var config = new { identity = new { driver = "ldap" }, ldap = new { url = "ldap://x", password = "hidden" } };
        Assert.Equal(201, (await clouds.Send("PUT", path, clouds.Admin, new { config })).Status);
        Assert.Equal(200, (await clouds.Send("PUT", path, clouds.Admin, new { config })).Status);
        Assert.DoesNotContain("hidden", (await clouds.Send("GET", path, clouds.Admin)).Text, StringComparison.Ordinal);
        Assert.Equal("{\"config\":{\"ldap\":{\"url\":\"ldap://x\"}}}", (await clouds.Send("GET", path + "/ldap", clouds.Admin)).Text);
        Assert.Equal("{\"config\":{\"driver\":\"ldap\"}}", (await clouds.Send("GET", path + "/identity/driver", clouds.Admin)).Text);
        var group = await clouds.Send("PATCH", path + "/identity", clouds.Admin, new { config = new { identity = new { driver = "sql", list_limit = 7 } } });
        Assert.Equal(7, (int)group.Json["config"]!["identity"]!["list_limit"]!);
        var option = await clouds.Send("PATCH", path + "/identity/driver", clouds.Admin, new { config = new { driver = "x" } });
        Assert.Equal("x", (string)option.Json["config"]!["identity"]!["driver"]!);
        Assert.Equal(403, (await clouds.Send("PATCH", path + "/identity", clouds.Admin, new { config = new { ldap = new { url = "y" } } })).Status);
        Assert.Equal(403, (await clouds.Send("PUT", path, clouds.Admin, new { config = new { other = new { x = 1 } } })).Status);
        Assert.Equal(400, (await clouds.Send("PUT", path, clouds.Admin, "{\"config\":{\"ldap\":5}}")).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path + "/identity/driver", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path + "/identity/driver", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path + "/identity", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path + "/identity", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
        var defaults = (await clouds.Send("GET", "/domains/config/default", clouds.Admin)).Json["config"]!.AsObject();
        foreach (var (name, options) in defaults)
        {
            foreach (var (key, _) in options!.AsObject())
            {
                Assert.True((await clouds.Send("GET", $"/domains/config/{name}/{key}/default", clouds.Admin)).Json["config"]!.AsObject().ContainsKey(key));
            }
        }

        Assert.Equal(403, (await clouds.Send("GET", path, clouds.Demo)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_project_sees_the_endpoints_that_it_was_given(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var project = await clouds.ProjectId("demo");
        var all = (await clouds.Send("GET", "/endpoints?interface=public", clouds.Admin)).Json["endpoints"]!.AsArray();
        var endpoint = (string)all[0]!["id"]!;
        var service = (string)all.Single(item => (string)item!["service_id"]! != (string)all[0]!["service_id"]!)!["service_id"]!;
        var before = (await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Text;
        var pair = $"/OS-EP-FILTER/projects/{project}/endpoints/{endpoint}";
        Assert.Equal(404, (await clouds.Send("HEAD", pair, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", pair, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("HEAD", pair, clouds.Admin)).Status);
        Assert.Equal(endpoint, Assert.Single(await Seen(clouds)));
        Assert.Single((await clouds.Send("GET", $"/OS-EP-FILTER/projects/{project}/endpoints", clouds.Admin)).Json["endpoints"]!.AsArray());
        Assert.Equal(project, (string)Assert.Single((await clouds.Send("GET", $"/OS-EP-FILTER/endpoints/{endpoint}/projects",
            clouds.Admin)).Json["projects"]!.AsArray())!["id"]!);
        var group = await clouds.MadeId("/OS-EP-FILTER/endpoint_groups", "endpoint_group", new { name = "g", filters = new { service_id = service } });
        var of = $"/OS-EP-FILTER/endpoint_groups/{group}";
        Assert.Equal(200, (await clouds.Send("HEAD", of, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", $"{of}/projects/{project}", clouds.Admin)).Status);
        Assert.Equal(200, (await clouds.Send("GET", $"{of}/projects/{project}", clouds.Admin)).Status);
        Assert.Equal(4, (await Seen(clouds)).Count);
        Assert.Equal(3, (await clouds.Send("GET", of + "/endpoints", clouds.Admin)).Json["endpoints"]!.AsArray().Count);
        Assert.Single((await clouds.Send("GET", of + "/projects", clouds.Admin)).Json["projects"]!.AsArray());
        Assert.Single((await clouds.Send("GET", $"/OS-EP-FILTER/projects/{project}/endpoint_groups", clouds.Admin)).Json["endpoint_groups"]!.AsArray());
        Assert.Equal(400, (await clouds.Send("PATCH", of, clouds.Admin, new { endpoint_group = new { filters = new { url = "x" } } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", pair, clouds.Admin)).Status);
        Assert.Equal(3, (await Seen(clouds)).Count);
        Assert.Equal(204, (await clouds.Send("DELETE", of, clouds.Admin)).Status);
        Assert.Equal(before, (await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Text);
        Assert.Equal(403, (await clouds.Send("PUT", pair, clouds.Demo)).Status);
    }

    [Fact]
    public async Task An_endpoint_makes_the_region_that_it_names()
    {
        await using var clouds = await Clouds.Start();
        var service = await clouds.MadeId("/services", "service", new { type = "x", name = "x" });
        var endpoint = await clouds.Made("/endpoints", "endpoint", new { service_id = service, @interface = "public", url = "http://x", region = "new" });
        Assert.Equal("new", (string)endpoint["region"]!);
        Assert.Equal(200, (await clouds.Send("GET", "/regions/new", clouds.Admin)).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/endpoints", clouds.Admin, new
        {
            endpoint = new
            {
                service_id = service, @interface = "public",
                url = "http://x", region_id = "none"
            }
        })).Status);
        Assert.Equal(400, (await clouds.Send("POST", "/endpoints", clouds.Admin, new
        {
            endpoint = new
            {
                service_id = service, @interface = "public",
                url = "http://x", enabled = "True"
            }
        })).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Revocations_are_listed_for_services(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var token = await clouds.Login("demo", Clouds.DemoPassword, Clouds.Project("demo"));
        Assert.Equal(204, (await clouds.Validate(token, method: "DELETE")).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Demo, token)).Status);
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "pw" });
        Assert.Equal(200, (await clouds.Send("PATCH", "/users/" + user, clouds.Admin, new { user = new { enabled = false } })).Status);
        var events = (await clouds.Send("GET", "/OS-REVOKE/events", clouds.Admin)).Json["events"]!.AsArray();
        Assert.Contains(events, item => (string?)item!["user_id"] == user);
        Assert.Contains(events, item => item!["audit_id"] is not null);
        Assert.Empty((await clouds.Send("GET", "/OS-REVOKE/events?since=2100-01-01T00:00:00Z", clouds.Admin)).Json["events"]!.AsArray());
        Assert.Equal(400, (await clouds.Send("GET", "/OS-REVOKE/events?since=soon", clouds.Admin)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/OS-REVOKE/events", clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Authenticate(new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } } } })).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_tenant_reads_the_journal_of_what_is_its_own(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, admin) = (await clouds.ProjectId("demo"), await clouds.ProjectId("admin"));
        foreach (var i in Enumerable.Range(0, 3)) await clouds.Send("PATCH", "/projects/" + demo, clouds.Admin, new { project = new { description = "d" + i } });
        var own = (await clouds.Send("GET", "/audit/entries", clouds.Demo)).Json["entries"]!.AsArray();
        Assert.Equal(4, own.Count);
        Assert.All(own, entry => Assert.Equal(demo, (string)entry!["owner"]!));
        Assert.Equal("d2", (string)own[0]!["resource"]!["description"]!);
        Assert.Equal("updated", (string)own[0]!["change"]!);
        Assert.StartsWith("req-", (string)own[0]!["request_id"]!, StringComparison.Ordinal);
        var page = (await clouds.Send("GET", "/audit/entries?limit=3&kind=project", clouds.Demo)).Json;
        Assert.Equal(3, page["entries"]!.AsArray().Count);
        var next = new Uri((string)page["links"]!["next"]!);
        Assert.Equal("created", (string)Assert.Single((await clouds.Cloud.Send("GET", next.PathAndQuery, clouds.Demo)).Json["entries"]!.AsArray())!["change"]!);
        var asked = (await clouds.Send("GET", "/audit/entries?owner=" + admin, clouds.Demo)).Json["entries"]!.AsArray();
        Assert.All(asked, entry => Assert.Equal(demo, (string)entry!["owner"]!));
        Assert.True((await clouds.Send("GET", "/audit/entries", clouds.Admin)).Json["entries"]!.AsArray().Count > 20);
        Assert.Equal(400, (await clouds.Send("GET", "/audit/entries?limit=x", clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/audit/entries", await clouds.Login("demo", Clouds.DemoPassword, "unscoped"))).Status);
    }

    private static async Task<List<string>> Seen(Clouds clouds) => (await clouds.Send("GET", "/auth/catalog", clouds.Demo)).Json["catalog"]!.AsArray()
        .SelectMany(service => service!["endpoints"]!.AsArray()).Select(endpoint => (string)endpoint!["id"]!).ToList();
}
