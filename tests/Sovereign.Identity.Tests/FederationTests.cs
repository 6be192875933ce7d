using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>Identity providers, their protocols, mappings, and other clouds that trust this one: what the operator keeps for logins by federation.</summary>
public sealed class FederationTests
{
    private const string Of = "/OS-FEDERATION";
    private static readonly object[] rules = [new { local = new[] { new { user = new { name = "{0}" } } }, remote = new[] { new { type = "REMOTE_USER" } } }];

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_identity_provider_gets_a_domain_and_names_that_nobody_else_has(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var path = Of + "/identity_providers/acme";
        var made = await clouds.Send("PUT", path, clouds.Admin, new
        {
            identity_provider = new { description = "d", remote_ids = new[] { "https://b", "https://a" }, authorization_ttl = 60, domain_id = (string?)null },
        });
        Assert.Equal(201, made.Status);
        var provider = made.Json["identity_provider"]!;
        Assert.Equal("""["https://a","https://b"]""", provider["remote_ids"]!.ToJsonString());
        Assert.False((bool)provider["enabled"]!);
        Assert.Equal(60, (int)provider["authorization_ttl"]!);
        Assert.EndsWith("/identity_providers/acme/protocols", (string)provider["links"]!["protocols"]!, StringComparison.Ordinal);
        var domain = "/domains/" + (string)provider["domain_id"]!;
        Assert.Equal((string)provider["domain_id"]!, (string)(await clouds.Send("GET", domain, clouds.Admin)).Json["domain"]!["name"]!);

        Assert.Equal(409, await Put(clouds, path, new { identity_provider = new { } }));
        Assert.Equal(409, await Put(clouds, Of + "/identity_providers/two", new { identity_provider = new { remote_ids = new[] { "https://a" } } }));
        var domains = (await clouds.Send("GET", "/domains", clouds.Admin)).Json["domains"]!.AsArray().Count;
        Assert.Equal(2, domains);
        Assert.Equal(201, await Put(clouds, Of + "/identity_providers/two", new { identity_provider = new { domain_id = "default", enabled = true } }));
        Assert.Equal(409, (await Patch(clouds, Of + "/identity_providers/two", new { identity_provider = new { remote_ids = new[] { "https://a" } } })).Status);
        Assert.Equal("acme", Assert.Single(await Ids(clouds, "/identity_providers?enabled=false")));
        Assert.Equal("two", Assert.Single(await Ids(clouds, "/identity_providers?id=two")));

        var changed = await Patch(clouds, path, new { identity_provider = new { enabled = true, remote_ids = new[] { "https://c" }, authorization_ttl = (int?)null } });
        Assert.True((bool)changed.Json["identity_provider"]!["enabled"]!);
        Assert.Null(changed.Json["identity_provider"]!["authorization_ttl"]);
        Assert.Equal(200, (await Patch(clouds, Of + "/identity_providers/two", new { identity_provider = new { remote_ids = new[] { "https://a" } } })).Status);

        Assert.Equal(200, (await clouds.Send("PATCH", domain, clouds.Admin, new { domain = new { enabled = false } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", domain, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", Of + "/identity_providers/two", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("DELETE", Of + "/identity_providers/two", clouds.Admin)).Status);
        Assert.Equal(201, await Put(clouds, Of + "/identity_providers/three", new { identity_provider = new { remote_ids = new[] { "https://a", "https://c" } } }));
    }

    [Theory]
    [InlineData("""{"identity_provider":{"domain_id":"none"}}""")]
    [InlineData("""{"identity_provider":{"authorization_ttl":-1}}""")]
    [InlineData("""{"identity_provider":{"authorization_ttl":"x"}}""")]
    [InlineData("""{"identity_provider":{"remote_ids":["a","a"]}}""")]
    [InlineData("""{"identity_provider":{"remote_ids":[null]}}""")]
    [InlineData("""{"identity_provider":{"remote_ids":"a"}}""")]
    [InlineData("""{"identity_provider":{"enabled":"True"}}""")]
    [InlineData("""{"identity_provider":{"secret":"x"}}""")]
    [InlineData("""{"identity_provider":[]}""")]
    [InlineData("""{}""")]
    public async Task What_is_no_identity_provider_is_refused(string body)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Send("PUT", Of + "/identity_providers/x", clouds.Admin, body)).Status);
        Assert.Equal(400, await Put(clouds, $"{Of}/identity_providers/{new string('x', 65)}", new { identity_provider = new { } }));
        Assert.Equal(404, (await Patch(clouds, Of + "/identity_providers/x", new { identity_provider = new { enabled = true } })).Status);
        Assert.Equal(403, (await clouds.Send("GET", Of + "/identity_providers", clouds.Demo)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Protocols_stand_below_their_provider_and_name_a_mapping(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        Assert.Equal(201, await Put(clouds, Of + "/identity_providers/acme", new { identity_provider = new { } }));
        Assert.Equal(201, await Put(clouds, Of + "/mappings/m", new { mapping = new { rules } }));
        var path = Of + "/identity_providers/acme/protocols/openid";
        Assert.Equal(400, await Put(clouds, path, new { protocol = new { mapping_id = "none" } }));
        Assert.Equal(400, await Put(clouds, path, new { protocol = new { } }));
        Assert.Equal(404, await Put(clouds, Of + "/identity_providers/none/protocols/openid", new { protocol = new { mapping_id = "m" } }));
        Assert.Equal(201, await Put(clouds, path, new { protocol = new { mapping_id = "m", remote_id_attribute = "HTTP_OIDC_ISS" } }));
        Assert.Equal(409, await Put(clouds, path, new { protocol = new { mapping_id = "m" } }));
        var shown = (await clouds.Send("GET", path, clouds.Admin)).Json["protocol"]!;
        Assert.Equal("openid HTTP_OIDC_ISS", $"{shown["id"]} {shown["remote_id_attribute"]}");
        Assert.EndsWith("/identity_providers/acme", (string)shown["links"]!["identity_provider"]!, StringComparison.Ordinal);
        Assert.EndsWith("/acme/protocols/openid", (string)shown["links"]!["self"]!, StringComparison.Ordinal);
        Assert.Equal("openid", Assert.Single(await Ids(clouds, "/identity_providers/acme/protocols")));
        Assert.Empty(await Ids(clouds, "/identity_providers/none/protocols"));

        Assert.Equal(201, await Put(clouds, Of + "/mappings/n", new { mapping = new { rules } }));
        Assert.Equal("n", (string)(await Patch(clouds, path, new { protocol = new { mapping_id = "n" } })).Json["protocol"]!["mapping_id"]!);
        Assert.Equal(404, (await Patch(clouds, path + "2", new { protocol = new { mapping_id = "n" } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", Of + "/mappings/n", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", Of + "/identity_providers/acme", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Mappings_are_kept_as_they_were_given(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var path = Of + "/mappings/m";
        var made = await clouds.Send("PUT", path, clouds.Admin, new { mapping = new { rules } });
        Assert.Equal(201, made.Status);
        Assert.Equal("1.0", (string)made.Json["mapping"]!["schema_version"]!);
        Assert.Equal("{0}", (string)made.Json["mapping"]!["rules"]![0]!["local"]![0]!["user"]!["name"]!);
        Assert.Equal(409, await Put(clouds, path, new { mapping = new { rules } }));
        var inDomain = """
            {"mapping":{"schema_version":"2.0","rules":[{"local":[{"user":{"name":"{0}","email":"{1}","type":"ephemeral"},"groups":"{2}","domain":{"name":"d"}},
            {"group":{"name":"g","domain":{"id":"default"}}},{"projects":[{"name":"p","domain":{"id":"default"},"roles":[{"name":"member"}]}]}],
            "remote":[{"type":"A"},{"type":"B","any_one_of":["^x.*@example\\.org$"],"regex":true},{"type":"C","blacklist":["z"]}]}]}}
            """;
        Assert.Equal("2.0", (string)(await clouds.Send("PATCH", path, clouds.Admin, inDomain)).Json["mapping"]!["schema_version"]!);
        Assert.Equal(400, (await clouds.Send("PUT", Of + "/mappings/n", clouds.Admin, inDomain.Replace("2.0", "1.0", StringComparison.Ordinal))).Status);
        Assert.Equal("m", Assert.Single(await Ids(clouds, "/mappings")));
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("GET", path, clouds.Admin)).Status);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""[{"local":[]}]""")]
    [InlineData("""[{"local":[],"remote":[]}]""")]
    [InlineData("""[{"local":[{"user":"x"}],"remote":[{"type":"A"}]}]""")]
    [InlineData("""[{"local":[{"user":{"type":"other"}}],"remote":[{"type":"A"}]}]""")]
    [InlineData("""[{"local":[{"group":{"name":"g"}}],"remote":[{"type":"A"}]}]""")]
    [InlineData("""[{"local":[{"group":{"id":"g","name":"h"}}],"remote":[{"type":"A"}]}]""")]
    [InlineData("""[{"local":[{"projects":[{"name":"p"}]}],"remote":[{"type":"A"}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"any_one_of":["x"]}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A","any_one_of":["x"],"not_any_of":["y"]}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A","any_one_of":"x"}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A","other":["x"]}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A","any_one_of":["("],"regex":true}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A","any_one_of":["(a)\\1"],"regex":true}]}]""")]
    [InlineData("""[{"local":[],"remote":[{"type":"A"}],"more":1}]""")]
    public async Task What_are_no_rules_is_refused(string wrong)
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal(400, (await clouds.Send("PUT", Of + "/mappings/m", clouds.Admin, "{\"mapping\":{\"rules\":" + wrong + "}}")).Status);
        Assert.Equal(400, (await clouds.Send("PUT", Of + "/mappings/m", clouds.Admin, new { mapping = new { rules, schema_version = "3.0" } })).Status);
        Assert.Equal(400, (await clouds.Send("PUT", Of + "/mappings/m", clouds.Admin, new { mapping = new { } })).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Tokens_name_the_service_providers_that_are_enabled(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var path = Of + "/service_providers/beta";
        var made = await clouds.Send("PUT", path, clouds.Admin, new { service_provider = new { auth_url = "https://b/auth", sp_url = "https://b/sp" } });
        Assert.Equal(201, made.Status);
        Assert.Equal("ss:mem: False", $"{made.Json["service_provider"]!["relay_state_prefix"]} {(bool)made.Json["service_provider"]!["enabled"]!}");
        Assert.Null(await Known(clouds));
        Assert.Equal(200, (await Patch(clouds, path, new { service_provider = new { enabled = true, description = "d" } })).Status);
        Assert.Equal("""[{"id":"beta","auth_url":"https://b/auth","sp_url":"https://b/sp"}]""", (await Known(clouds))!.ToJsonString());
        var unscoped = await clouds.Login("demo", Clouds.DemoPassword, "unscoped");
        Assert.Single((await clouds.Validate(unscoped)).Json["token"]!["service_providers"]!.AsArray());
        Assert.Equal("beta", Assert.Single(await Ids(clouds, "/service_providers?enabled=true")));
        foreach (var wrong in new object[] { new { auth_url = "https://b" }, new { auth_url = "no", sp_url = "https://b" }, new { id = "x" } })
        {
            Assert.Equal(400, await Put(clouds, Of + "/service_providers/c", new { service_provider = wrong }));
        }

        Assert.Equal(409, await Put(clouds, path, new { service_provider = new { auth_url = "https://b", sp_url = "https://b" } }));
        Assert.Equal(400, (await Patch(clouds, path, new { service_provider = new { } })).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Null(await Known(clouds));
    }

    [Fact]
    public async Task The_callers_projects_and_domains_are_there_under_their_older_names()
    {
        await using var clouds = await Clouds.Start();
        Assert.Equal("demo", (string)Assert.Single((await clouds.Send("GET", Of + "/projects", clouds.Demo)).Json["projects"]!.AsArray())!["name"]!);
        Assert.Equal(200, (await clouds.Send("HEAD", Of + "/projects", clouds.Demo)).Status);
        Assert.Equal(
            (await clouds.Send("GET", "/auth/domains", clouds.Admin)).Json["domains"]!.ToJsonString(),
            (await clouds.Send("GET", Of + "/domains", clouds.Admin)).Json["domains"]!.ToJsonString());
    }

    private static async Task<JsonNode?> Known(Clouds clouds) => (await clouds.Validate(clouds.Demo)).Json["token"]!["service_providers"];

    private static async Task<int> Put(Clouds clouds, string path, object body) => (await clouds.Send("PUT", path, clouds.Admin, body)).Status;

    private static Task<TestReply> Patch(Clouds clouds, string path, object body) => clouds.Send("PATCH", path, clouds.Admin, body);

    private static async Task<List<string>> Ids(Clouds clouds, string path)
    {
        var reply = (await clouds.Send("GET", Of + path, clouds.Admin)).Json.AsObject();
        return reply.First(member => member.Key != "links").Value!.AsArray().Select(item => (string)item!["id"]!).ToList();
    }
}
