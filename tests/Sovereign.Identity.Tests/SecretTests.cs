using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Identity.Tests;

/// <summary>Credentials that the cloud computes with, and credentials that are bound to some calls.</summary>
public sealed class SecretTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_credential_is_kept_sealed_and_given_back_to_its_user(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, project) = (await clouds.UserId("demo"), await clouds.ProjectId("demo"));
        const string Blob = "{\"access\": \"the-access-key\", \"secret\": \"the-secret-key\"}";
        var made = await clouds.Send("POST", "/credentials", clouds.Demo, new
        {
            credential = new
            {
                user_id = demo, project_id = project, type = "ec2",
                blob = Blob
            }
        });
        Assert.True(made.Status == 201, made.Text);
        var credential = made.Json["credential"]!;
        var id = (string)credential["id"]!;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("the-access-key"u8)), id);
        Assert.Equal(Blob, (string)credential["blob"]!);
        var stored = clouds.Cloud.Kernel.Database.Read(session => session.FirstOrDefault<byte[]>("SELECT sealed FROM user_credentials"))!;
        Assert.DoesNotContain("the-secret-key", Encoding.Latin1.GetString(stored), StringComparison.Ordinal);
        Assert.Equal(409, (await clouds.Send("POST", "/credentials", clouds.Demo, new
        {
            credential = new
            {
                user_id = demo, project_id = project,
                type = "ec2", blob = Blob
            }
        })).Status);
        var other = await clouds.MadeId("/users", "user", new { name = "other", password = "pw" });
        var foreign = await clouds.Login("other", "pw", null);
        Assert.Equal(403, (await clouds.Send("GET", "/credentials/" + id, foreign)).Status);
        Assert.Equal(403, (await clouds.Send("DELETE", "/credentials/" + id, foreign)).Status);
        Assert.Empty((await clouds.Send("GET", "/credentials", foreign)).Json["credentials"]!.AsArray());
        Assert.Equal(403, (await clouds.Send("POST", "/credentials", clouds.Demo, new { credential = new { user_id = other, type = "cert", blob = "x" } })).Status);
        var changed = await clouds.Send("PATCH", "/credentials/" + id, clouds.Admin, new { credential = new { blob = "{\"access\":\"n\",\"secret\":\"m\"}" } });
        Assert.Equal(200, changed.Status);
        Assert.Equal(id, (string)changed.Json["credential"]!["id"]!);
        Assert.Single((await clouds.Send("GET", "/credentials?type=ec2&user_id=" + demo, clouds.Admin)).Json["credentials"]!.AsArray());
        Assert.Empty((await clouds.Send("GET", "/credentials?type=totp", clouds.Admin)).Json["credentials"]!.AsArray());
        Assert.Equal(204, (await clouds.Send("DELETE", "/credentials/" + id, clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("GET", "/credentials/" + id, clouds.Admin)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_key_pair_signs_for_its_user_and_project(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, project) = (await clouds.UserId("demo"), await clouds.ProjectId("demo"));
        var path = $"/users/{demo}/credentials/OS-EC2";
        var made = await clouds.Send("POST", path, clouds.Demo, new { tenant_id = project });
        Assert.True(made.Status == 201, made.Text);
        var pair = made.Json["credential"]!;
        Assert.Equal(["access", "links", "secret", "tenant_id", "trust_id", "user_id"], pair.AsObject().Select(m => m.Key).Order());
        var (access, secret) = ((string)pair["access"]!, (string)pair["secret"]!);
        Assert.Equal(secret, (string)(await clouds.Send("GET", $"{path}/{access}", clouds.Demo)).Json["credential"]!["secret"]!);
        Assert.Single((await clouds.Send("GET", path, clouds.Demo)).Json["credentials"]!.AsArray());
        var signed = Version2(access, secret);
        Assert.Equal(403, (await clouds.Send("POST", "/ec2tokens", clouds.Demo, signed)).Status);
        var issued = await clouds.Send("POST", "/ec2tokens", clouds.Admin, signed);
        Assert.True(issued.Status == 200, issued.Text);
        Assert.Equal("ec2credential", (string)issued.Json["token"]!["methods"]![0]!);
        Assert.Equal(project, (string)issued.Json["token"]!["project"]!["id"]!);
        var token = issued.Headers["X-Subject-Token"];
        Assert.Equal(demo, (string)(await clouds.Validate(token)).Json["token"]!["user"]!["id"]!);
        var exchange = new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope = Clouds.Project("demo") } };
        Assert.Equal(403, (await clouds.Authenticate(exchange)).Status);
        Assert.Equal(401, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, Version2(access, secret + "x"))).Status);
        Assert.Equal(404, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, Version2("unknown", secret))).Status);
        Assert.Equal(401, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, "{}")).Status);
        Assert.Equal(401, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, Version2(access, secret, "2001-01-01T00:00:00Z"))).Status);
        var s3 = await clouds.Send("POST", "/s3tokens", clouds.Admin, S3(access, secret));
        Assert.True(s3.Status == 200, s3.Text);
        Assert.False(s3.Headers.ContainsKey("X-Subject-Token"));
        Assert.Equal(401, (await clouds.Send("POST", "/s3tokens", clouds.Admin, S3(access, secret + "x"))).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"{path}/{access}", clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("GET", $"{path}/{access}", clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, signed)).Status);
        Assert.Equal(403, (await clouds.Send("GET", $"/users/{await clouds.UserId("admin")}/credentials/OS-EC2", clouds.Demo)).Status);
    }

    /// <summary>The example of the original's client library: its signature is known.</summary>
    [Fact]
    public async Task A_signature_of_version_4_is_that_of_the_original()
    {
        await using var clouds = await Clouds.Start();
        const string Blob = "{\"access\":\"AKIDEXAMPLE\",\"secret\":\"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\"}";
        var project = await clouds.ProjectId("demo");
        Assert.Equal(201, (await clouds.Send("POST", "/credentials", clouds.Demo, new
        {
            credential = new
            {
                user_id = await clouds.UserId("demo"),
                project_id = project, type = "ec2", blob = Blob
            }
        })).Status);
        var now = TimeProvider.System.GetUtcNow();
        var (date, day) = (now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture), now.ToString("yyyyMMdd", CultureInfo.InvariantCulture));
        const string BodyHash = "b6359072c78d70ebee1e81adcbab4f01bf2c23245fa365ef83fe8f1f955085e2";
        const string Names = "content-type;host;x-amz-date";
        var canonical = $"POST\n/\n\ncontent-type:application/x-www-form-urlencoded\nhost:iam.amazonaws.com\nx-amz-date:{date}\n\n{Names}\n{BodyHash}";
        var scope = $"{day}/us-east-1/iam/aws4_request";
        var text = $"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = "AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"u8.ToArray();
        foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        var headers = new Dictionary<string, string>
        {
            ["Content-type"] = "application/x-www-form-urlencoded", ["X-Amz-Date"] = date, ["Host"] = "iam.amazonaws.com",
            ["Authorization"] = $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope},SignedHeaders={Names},Signature={signature}",
        };
        object Body(string given) => new
        {
            credentials = new
            {
                access = "AKIDEXAMPLE", signature = given, host = "iam.amazonaws.com", verb = "POST",
                path = "/", @params = new { Action = "ListUsers" }, headers, body_hash = BodyHash
            }
        };
        Assert.Equal(200, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, Body(signature))).Status);
        Assert.Equal(401, (await clouds.Send("POST", "/ec2tokens", clouds.Admin, Body(signature[..^1] + "x"))).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_credential_with_access_rules_makes_no_other_calls(string engine)
    {
        await using var clouds = await Clouds.Start(engine);
        var (demo, project) = (await clouds.UserId("demo"), await clouds.ProjectId("demo"));
        var path = $"/users/{demo}/application_credentials";
        var rules = new[] { new { service = "identity", method = "GET", path = "/v3/projects/*" }, new { service = "compute", method = "GET", path = "/v2.1/**" } };
        var made = await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "bound", access_rules = rules } });
        Assert.True(made.Status == 201, made.Text);
        var credential = made.Json["application_credential"]!;
        Assert.Equal(["id", "method", "path", "service"], credential["access_rules"]![0]!.AsObject().Select(m => m.Key).Order());
        Assert.Equal(201, (await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "again", access_rules = rules } })).Status);
        var known = (await clouds.Send("GET", $"/users/{demo}/access_rules", clouds.Demo)).Json["access_rules"]!.AsArray();
        Assert.Equal(2, known.Count);
        var token = await Login(clouds, credential);
        Assert.Equal(2, (await clouds.Validate(clouds.Admin, token)).Json["token"]!["application_credential"]!["access_rules"]!.AsArray().Count);
        Assert.Equal(200, (await clouds.Send("GET", "/projects/" + project, token)).Status);
        Assert.Equal(401, (await clouds.Send("GET", "/auth/projects", token)).Status);
        Assert.Equal(401, (await clouds.Send("GET", $"/projects/{project}/tags", token)).Status);
        Assert.Equal(401, (await clouds.Send("PATCH", "/projects/" + project, token, new { project = new { name = "x" } })).Status);
        var rule = (string)known[0]!["id"]!;
        Assert.Equal(200, (await clouds.Send("GET", $"/users/{demo}/access_rules/{rule}", clouds.Demo)).Status);
        Assert.Equal(403, (await clouds.Send("DELETE", $"/users/{demo}/access_rules/{rule}", clouds.Demo)).Status);
        var byId = await clouds.Send("POST", path, clouds.Demo, new { application_credential = new { name = "by-id", access_rules = new[] { new { id = rule } } } });
        Assert.Equal(rule, (string)Assert.Single(byId.Json["application_credential"]!["access_rules"]!.AsArray())!["id"]!);
        foreach (var item in (await clouds.Send("GET", path, clouds.Demo)).Json["application_credentials"]!.AsArray())
        {
            Assert.Equal(204, (await clouds.Send("DELETE", $"{path}/{(string)item!["id"]!}", clouds.Demo)).Status);
        }

        Assert.Equal(204, (await clouds.Send("DELETE", $"/users/{demo}/access_rules/{rule}", clouds.Demo)).Status);
        Assert.Equal(404, (await clouds.Send("GET", $"/users/{demo}/access_rules/{rule}", clouds.Demo)).Status);
        foreach (var bad in new[] { "[]", "[{\"service\":\"compute\",\"method\":\"get\",\"path\":\"/x\"}]",
            "[{\"service\":\"compute\",\"method\":\"GET\",\"path\":\"x\"}]", "{}", "[{}]" })
        {
            Assert.Equal(400, (await clouds.Send("POST", path, clouds.Demo, $"{{\"application_credential\":{{\"name\":\"bad\",\"access_rules\":{bad}}}}}")).Status);
        }
    }

    [Fact]
    public async Task A_credential_loses_what_its_user_loses()
    {
        await using var clouds = await Clouds.Start();
        var group = await clouds.MadeId("/groups", "group", new { name = "g" });
        var user = await clouds.MadeId("/users", "user", new { name = "u", password = "pw" });
        var (project, member) = (await clouds.ProjectId("demo"), await clouds.RoleId("member"));
        Assert.Equal(204, (await clouds.Send("PUT", $"/groups/{group}/users/{user}", clouds.Admin)).Status);
        Assert.Equal(204, (await clouds.Send("PUT", $"/projects/{project}/groups/{group}/roles/{member}", clouds.Admin)).Status);
        var own = await clouds.Login("u", "pw", Clouds.Project("demo"));
        var made = await clouds.Send("POST", $"/users/{user}/application_credentials", own, new { application_credential = new { name = "a" } });
        var token = await Login(clouds, made.Json["application_credential"]!);
        Assert.Equal(200, (await clouds.Validate(token)).Status);
        Assert.Equal(204, (await clouds.Send("DELETE", $"/projects/{project}/groups/{group}/roles/{member}", clouds.Admin)).Status);
        Assert.Equal(401, (await clouds.Validate(token)).Status);
        var again = await clouds.Authenticate(ByCredential(made.Json["application_credential"]!));
        Assert.Equal(401, again.Status);
    }

    private static async Task<string> Login(Clouds clouds, JsonNode credential)
    {
        var reply = await clouds.Authenticate(ByCredential(credential));
        Assert.True(reply.Status == 201, reply.Text);
        return reply.Headers["X-Subject-Token"];
    }

    private static object ByCredential(JsonNode credential) => new
    {
        auth = new
        {
            identity = new
            {
                methods = new[] { "application_credential" },
                application_credential = new { id = (string)credential["id"]!, secret = (string)credential["secret"]! },
            },
        },
    };

    private static object Version2(string access, string secret, string? at = null)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["SignatureVersion"] = "2", ["AWSAccessKeyId"] = access, ["Action"] = "Describe things", ["SignatureMethod"] = "HmacSHA256",
        };
        if (at is not null) values["Timestamp"] = at;
        var query = string.Join('&', values.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"GET\nec2.example\n/\n{query}")));
        return new { credentials = new { access, signature, host = "ec2.example", verb = "GET", path = "/", @params = values } };
    }

    private static object S3(string access, string secret)
    {
        const string Scope = "20260101/RegionOne/s3/aws4_request";
        var text = Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n20260101T000000Z\n{Scope}\n{new string('0', 64)}");
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in Scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return new { credentials = new { access, token = Convert.ToBase64String(text), signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, text)) } };
    }
}
