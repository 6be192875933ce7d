using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Identity.Consumers;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>OAuth 1: consumers ask, users lend roles on a project, and consumers log in with them by signatures.</summary>
public sealed class OAuthTests
{
    private const string RequestPath = "/identity/v3/OS-OAUTH1/request_token";
    private const string AccessPath = "/identity/v3/OS-OAUTH1/access_token";
    private const string LoginPath = "/identity/v3/auth/tokens";
    private static readonly object login = new { auth = new { identity = new { methods = new[] { "oauth1" }, oauth1 = new { } } } };
    private static int nonces;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Fact]
    public void The_text_and_the_signature_are_those_of_the_protocols_own_example()
    {
        var text = OAuthRequest.Text("get", "http://photos.example.net/photos",
        [
            ("realm", "x"), ("oauth_signature", "y"), ("size", "original"), ("file", "vacation.jpg"), ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"), ("oauth_nonce", "kllo9940pd9333jh"), ("oauth_timestamp", "1191242096"),
            ("oauth_signature_method", "HMAC-SHA1"), ("oauth_version", "1.0"),
        ]);
        Assert.Equal("tR3+Ty81lMeYAr/Fid0kMTYa/WM=", OAuthRequest.Signature("kd94hf93k423kf44&pfkkdhi9sl3r4s00"u8.ToArray(), text));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_consumer_logs_in_with_the_roles_that_a_user_lent(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (consumer, request, verifier) = await Authorized(clouds);
        var granted = await Signed(clouds, consumer with { Token = request.Key, TokenSecret = request.Secret, Verifier = verifier }, AccessPath);
        Assert.Equal(201, granted.Status);
        Assert.StartsWith("application/x-www-form-urlencoded", granted.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Contains("&oauth_expires_at=20", granted.Text, StringComparison.Ordinal);
        var access = OAuthSigner.Given(granted.Text);
        var bearer = consumer with { Token = access.Key, TokenSecret = access.Secret };
        var issued = await Signed(clouds, bearer, LoginPath, login);
        Assert.Equal(201, issued.Status);
        var token = issued.Json["token"]!;
        var admin = await clouds.UserId("admin");
        Assert.Equal((admin, await clouds.ProjectId("admin")), ((string)token["user"]!["id"]!, (string)token["project"]!["id"]!));
        Assert.Equal(["member", "reader"], token["roles"]!.AsArray().Select(role => (string)role!["name"]!));
        Assert.Equal((access.Key, consumer.ConsumerKey), ((string)token["OS-OAUTH1"]!["access_token_id"]!, (string)token["OS-OAUTH1"]!["consumer_id"]!));
        Assert.Equal("""["oauth1"]""", token["methods"]!.ToJsonString());

        var lent = issued.Headers["X-Subject-Token"];
        Assert.True(lent.Length <= 255);
        Assert.Equal(200, (await clouds.Validate(lent)).Status);
        Assert.Equal(403, (await clouds.Send("GET", "/users", lent)).Status);
        var rescoped = await clouds.Authenticate(new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = lent } } } });
        Assert.Equal(403, rescoped.Status);
        var credential = new { application_credential = new { name = "x" } };
        Assert.Equal(403, (await clouds.Send("POST", $"/users/{admin}/application_credentials", lent, credential)).Status);

        var of = $"/users/{admin}/OS-OAUTH1/access_tokens";
        var listed = Assert.Single((await clouds.Send("GET", of, clouds.Admin)).Json["access_tokens"]!.AsArray())!;
        Assert.Equal(admin, (string)listed["authorizing_user_id"]!);
        Assert.EndsWith($"{access.Key}/roles", (string)listed["links"]!["roles"]!, StringComparison.Ordinal);
        var path = $"{of}/{access.Key}";
        Assert.Equal(listed.ToJsonString(), (await clouds.Send("GET", path, clouds.Admin)).Json["access_token"]!.ToJsonString());
        var member = await clouds.RoleId("member");
        Assert.Equal(member, (string)Assert.Single((await clouds.Send("GET", path + "/roles", clouds.Admin)).Json["roles"]!.AsArray())!["id"]!);
        Assert.Equal("member", (string)(await clouds.Send("GET", $"{path}/roles/{member}", clouds.Admin)).Json["role"]!["name"]!);
        Assert.Equal(404, (await clouds.Send("GET", $"{path}/roles/{await clouds.RoleId("reader")}", clouds.Admin)).Status);
        var demo = await clouds.UserId("demo");
        Assert.Equal(404, (await clouds.Send("GET", $"/users/{demo}/OS-OAUTH1/access_tokens/{access.Key}", clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Send("DELETE", $"/users/{demo}/OS-OAUTH1/access_tokens/{access.Key}", clouds.Admin)).Status);

        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Admin, lent)).Status);
        Assert.Equal(401, (await Signed(clouds, bearer, LoginPath, login)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_signature_counts_once_and_only_with_all_that_it_needs(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (consumer, request, verifier) = await Authorized(clouds);
        var bearer = consumer with { Token = request.Key, TokenSecret = request.Secret, Verifier = verifier };
        Assert.Equal(401, (await Signed(clouds, bearer with { Verifier = "0123456789abcdef" }, AccessPath)).Status);
        Assert.Equal(401, (await Signed(clouds, bearer with { TokenSecret = consumer.ConsumerSecret }, AccessPath)).Status);
        Assert.Equal(401, (await Signed(clouds, bearer with { ConsumerSecret = request.Secret }, AccessPath)).Status);
        var other = (await Consumer(clouds)) with { Token = request.Key, TokenSecret = request.Secret, Verifier = verifier };
        Assert.Equal(401, (await Signed(clouds, other, AccessPath)).Status);
        Assert.Equal(404, (await Signed(clouds, bearer with { Token = "none" }, AccessPath)).Status);
        Assert.Equal(400, (await Signed(clouds, bearer with { Verifier = null }, AccessPath)).Status);
        Assert.Equal(401, (await Signed(clouds, bearer, AccessPath, late: TimeSpan.FromMinutes(11))).Status);
        Assert.Equal(401, (await Signed(clouds, bearer, AccessPath, late: TimeSpan.FromMinutes(-11))).Status);
        var access = OAuthSigner.Given((await Signed(clouds, bearer, AccessPath)).Text);
        Assert.Equal(404, (await Signed(clouds, bearer, AccessPath)).Status);

        var user = consumer with { Token = access.Key, TokenSecret = access.Secret };
        var header = user.Header("POST", LoginPath, Now(clouds), Nonce());
        Assert.Equal(201, (await clouds.Cloud.Send("POST", LoginPath, null, login, header)).Status);
        Assert.Equal(401, (await clouds.Cloud.Send("POST", LoginPath, null, login, header)).Status);
        Assert.Equal(401, (await clouds.Cloud.Send("POST", LoginPath, null, login, user.Header("POST", AccessPath, Now(clouds), Nonce()))).Status);
        Assert.Equal(400, (await clouds.Cloud.Send("POST", LoginPath, null, login)).Status);
        var plain = header.Value.Replace("HMAC-SHA1", "PLAINTEXT", StringComparison.Ordinal);
        foreach (var wrong in new[] { "OAuth", "OAuth x", "OAuth a=b", "OAuth a=\"b\", a=\"c\"", "Bearer x", plain })
        {
            Assert.Equal(400, (await clouds.Cloud.Send("POST", LoginPath, null, login, ("Authorization", wrong))).Status);
        }

        // A client that knows this cloud by its public address signs that one.
        var byPublicUrl = user with { Address = new Uri("http://cloud.example:8443") };
        Assert.Equal(201, (await Signed(clouds, byPublicUrl, LoginPath, login)).Status);
        Assert.Equal(401, (await Signed(clouds, user with { Address = new Uri("http://other.example") }, LoginPath, login)).Status);
    }

    [Fact]
    public async Task A_request_token_needs_a_consumer_a_project_and_a_user_with_the_roles()
    {
        await using var clouds = await Clouds.Start();
        var consumer = (await Consumer(clouds)) with { Callback = "oob" };
        var project = ("Requested-Project-Id", await clouds.ProjectId("demo"));
        Assert.Equal(400, (await Signed(clouds, consumer, RequestPath)).Status);
        Assert.Equal(404, (await Signed(clouds, consumer, RequestPath, null, default, ("Requested-Project-Id", "none"))).Status);
        Assert.Equal(400, (await Signed(clouds, consumer with { Callback = null }, RequestPath, null, default, project)).Status);
        Assert.Equal(404, (await Signed(clouds, consumer with { ConsumerKey = "none" }, RequestPath, null, default, project)).Status);
        Assert.Equal(401, (await Signed(clouds, consumer with { ConsumerSecret = "none" }, RequestPath, null, default, project)).Status);
        var request = OAuthSigner.Given((await Signed(clouds, consumer, RequestPath, null, default, project)).Text);
        var path = "/OS-OAUTH1/authorize/" + request.Key;
        var roles = new { roles = new[] { new { name = "member" } } };
        Assert.Equal(401, (await clouds.Send("PUT", path, clouds.Admin, roles)).Status);
        Assert.Equal(403, (await clouds.Send("PUT", path, clouds.Demo, roles)).Status);
        Assert.Equal(400, (await clouds.Send("PUT", path, clouds.Admin, new { roles = Array.Empty<object>() })).Status);
        Assert.Equal(400, (await clouds.Send("PUT", path, clouds.Admin, new { })).Status);
        Assert.Equal(404, (await clouds.Send("PUT", "/OS-OAUTH1/authorize/none", clouds.Admin, roles)).Status);
        var unauthorised = consumer with { Token = request.Key, TokenSecret = request.Secret, Verifier = "0123456789abcdef" };
        Assert.Equal(401, (await Signed(clouds, unauthorised, AccessPath)).Status);
    }

    [Theory]
    [InlineData("consumer")]
    [InlineData("role")]
    [InlineData("user")]
    [InlineData("project")]
    public async Task What_was_lent_ends_with_what_it_was_lent_by(string end)
    {
        await using var clouds = await Clouds.Start();
        var project = await clouds.MadeId("/projects", "project", new { name = "p" });
        var role = await clouds.MadeId("/roles", "role", new { name = "r" });
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "the-user's-password" });
        foreach (var given in new[] { role, await clouds.RoleId("admin") })
        {
            Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/users/{user}/roles/{given}", clouds.Admin)).Status);
        }

        var lender = await clouds.Login("u", "the-user's-password", Clouds.Project("p"));
        var consumer = await Consumer(clouds);
        var request = OAuthSigner.Given((await Signed(clouds, consumer with { Callback = "oob" }, RequestPath, null, default, ("Requested-Project-Id", project))).Text);
        var authorised = await clouds.Send("PUT", "/OS-OAUTH1/authorize/" + request.Key, lender, new { roles = new[] { new { id = role } } });
        var bearer = consumer with { Token = request.Key, TokenSecret = request.Secret, Verifier = (string)authorised.Json["token"]!["oauth_verifier"]! };
        var access = OAuthSigner.Given((await Signed(clouds, bearer, AccessPath)).Text);
        var lent = (await Signed(clouds, consumer with { Token = access.Key, TokenSecret = access.Secret }, LoginPath, login)).Headers["X-Subject-Token"];
        var path = end switch
        {
            "consumer" => "/OS-OAUTH1/consumers/" + consumer.ConsumerKey,
            "role" => "/roles/" + role,
            "user" => "/users/" + user,
            _ => "/projects/" + project,
        };
        Assert.Equal(200, (await clouds.Validate(clouds.Admin, lent)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", path, clouds.Admin)).Status);
        Assert.Equal(404, (await clouds.Validate(clouds.Admin, lent)).Status);
        Assert.Empty((await clouds.Send("GET", $"/users/{user}/OS-OAUTH1/access_tokens", clouds.Admin)).Json["access_tokens"]!.AsArray());
        Assert.Equal(401, (await Signed(clouds, consumer with { Token = access.Key, TokenSecret = access.Secret }, LoginPath, login)).Status);
        Assert.Empty(clouds.Cloud.Kernel.Journal.Verify());
    }

    private static async Task<(OAuthSigner Consumer, (string Key, string Secret) Request, string Verifier)> Authorized(Clouds clouds)
    {
        var consumer = await Consumer(clouds);
        var project = ("Requested-Project-Id", await clouds.ProjectId("admin"));
        var asked = await Signed(clouds, consumer with { Callback = "oob" }, RequestPath, null, default, project);
        Assert.Equal(201, asked.Status);
        var request = OAuthSigner.Given(asked.Text);
        var roles = new JsonObject { ["roles"] = new JsonArray(new JsonObject { ["id"] = await clouds.RoleId("member") }) };
        var authorised = await clouds.Send("PUT", "/OS-OAUTH1/authorize/" + request.Key, clouds.Admin, roles.ToJsonString());
        Assert.Equal(200, authorised.Status);
        return (consumer, request, (string)authorised.Json["token"]!["oauth_verifier"]!);
    }

    private static async Task<OAuthSigner> Consumer(Clouds clouds)
    {
        var made = await clouds.Made("/OS-OAUTH1/consumers", "consumer", new { description = "d" });
        return new OAuthSigner(clouds.Cloud.Http.BaseAddress!, (string)made["id"]!, (string)made["secret"]!);
    }

    private static Task<TestReply> Signed(
        Clouds clouds, OAuthSigner signer, string path, object? body = null, TimeSpan late = default, params (string Name, string Value)[] headers) =>
        clouds.Cloud.Send("POST", path, null, body, [.. headers, signer.Header("POST", path, Now(clouds) - late, Nonce())]);

    private static DateTimeOffset Now(Clouds clouds) => clouds.Cloud.Kernel.Clock.GetUtcNow();

    private static string Nonce() => Interlocked.Increment(ref nonces).ToString("D20", CultureInfo.InvariantCulture);
}
