using System.Net.Http.Headers;
using System.Text;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.KeyManager.Tests;

public class SecretTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_secret_is_stored_shown_opened_and_deleted(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var made = await world.Must(201, "POST", "/secrets/", body:
            "{\"name\":\"tsec\",\"algorithm\":\"aes\",\"mode\":\"cbc\",\"bit_length\":256,\"secret_type\":\"opaque\","
            + "\"payload\":\"AAECA//+\",\"payload_content_type\":\"application/octet-stream\",\"payload_content_encoding\":\"base64\"}");
        var path = KeyWorld.Path((string)made.Json["secret_ref"]!);
        Assert.Equal((string)made.Json["secret_ref"]!, made.Headers["Location"]);
        Assert.Equal("key-manager 1.0", made.Headers["OpenStack-API-Version"]);
        var shown = (await world.Must(200, "GET", path)).Json.AsObject();
        Assert.Equal(
            ["created", "updated", "status", "name", "secret_type", "expiration", "algorithm", "bit_length", "mode", "creator_id", "content_types", "secret_ref"],
            shown.Select(member => member.Key));
        Assert.Equal("{\"default\":\"application/octet-stream\"}", shown["content_types"]!.ToJsonString());
        Assert.Equal(TestCallers.Id("member-a"), (string)shown["creator_id"]!);
        Assert.Contains("\"consumers\":[]", (await world.Send("GET", path, headers: ("OpenStack-API-Version", "key-manager 1.1"))).Text, StringComparison.Ordinal);
        foreach (var (at, accept) in new[] { (path + "/payload", "application/octet-stream"), (path, "application/octet-stream"), (path + "/payload", "") })
        {
            var opened = await world.Must(200, "GET", at, headers: accept.Length == 0 ? [] : [("Accept", accept)]);
            Assert.Equal([0, 1, 2, 3, 255, 254], opened.Bytes);
            Assert.Equal("application/octet-stream", opened.Headers["Content-Type"]);
        }

        foreach (var accept in new[] { "text/plain", "image/png" }) await world.Must(406, "GET", path + "/payload", headers: ("Accept", accept));
        Assert.Empty((await world.Must(204, "DELETE", path)).Bytes);
        var gone = await world.Must(404, "GET", path);
        Assert.Equal("{\"code\":404,\"title\":\"Not Found\",\"description\":\"Secret not found.\"}", gone.Text);
        await world.Must(404, "GET", "/secrets/no-uuid");
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_payload_comes_in_a_second_step_once(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var path = KeyWorld.Path((string)(await world.Must(201, "POST", "/secrets", body: "{\"name\": null}")).Json["secret_ref"]!);
        Assert.DoesNotContain("content_types", (await world.Must(200, "GET", path)).Text, StringComparison.Ordinal);
        await world.Must(404, "GET", path + "/payload");
        await world.Must(415, "PUT", path, body: "{}");
        await world.Must(400, "PUT", path, body: Raw("", "text/plain"));
        await world.Must(400, "PUT", path, body: Raw("not base64!", "application/octet-stream", "base64"));
        await world.Must(400, "PUT", path, body: Raw("aGk=", "application/octet-stream", "gzip"));
        await world.Must(413, "PUT", path, body: Raw(new string('x', 20_001), "text/plain"));
        await world.Must(403, "PUT", path, "member-b", Raw("hi", "text/plain"));
        await world.Must(204, "PUT", path, body: Raw("aGk=", "application/octet-stream", "base64"));
        await world.Must(409, "PUT", path, body: Raw("again", "text/plain"));
        Assert.Equal("hi", (await world.Must(200, "GET", path + "/payload", headers: ("Accept", "text/plain"))).Text);
        world.Verified();
    }

    [Fact]
    public async Task Payloads_lie_sealed_and_are_in_no_journal()
    {
        await using var world = await KeyWorld.Start();
        var path = await world.Secret(payload: "a-payload-that-nobody-may-find");
        var kernel = world.Cloud.Kernel;
        var rows = kernel.Database.Read(session => session.Query<byte[]>("SELECT sealed FROM key_secrets"));
        Assert.DoesNotContain("a-payload", Encoding.Latin1.GetString(Assert.Single(rows)), StringComparison.Ordinal);
        var entries = kernel.Journal.Entries(null, long.MaxValue, null, null, 100);
        Assert.NotEmpty(entries);
        foreach (var (_, document) in entries) Assert.DoesNotContain("a-payload", Encoding.UTF8.GetString(document!), StringComparison.Ordinal);

        Assert.Equal("a-payload-that-nobody-may-find", (await world.Must(200, "GET", path + "/payload", headers: ("Accept", "text/plain"))).Text);
    }

    [Theory]
    [InlineData("{", 400)]
    [InlineData("[]", 400)]
    [InlineData("{\"payload\": \"x\"}", 400)]
    [InlineData("{\"payload\": \"\", \"payload_content_type\": \"text/plain\"}", 400)]
    [InlineData("{\"payload\": null, \"payload_content_type\": \"text/plain\"}", 400)]
    [InlineData("{\"payload\": 5, \"payload_content_type\": \"text/plain\"}", 400)]
    [InlineData("{\"payload\": \"x\", \"payload_content_type\": \"image/png\"}", 400)]
    [InlineData("{\"payload\": \"x\", \"payload_content_type\": \"text/plain\", \"payload_content_encoding\": \"base64\"}", 400)]
    [InlineData("{\"payload\": \"!!\", \"payload_content_type\": \"application/octet-stream\", \"payload_content_encoding\": \"base64\"}", 400)]
    [InlineData("{\"payload\": \"eA==\", \"payload_content_type\": \"application/octet-stream\"}", 400)]
    [InlineData("{\"payload_content_type\": \"text/plain\"}", 400)]
    [InlineData("{\"secret_type\": \"odd\"}", 400)]
    [InlineData("{\"bit_length\": 0}", 400)]
    [InlineData("{\"bit_length\": \"many\"}", 400)]
    [InlineData("{\"expiration\": \"2020-01-01T00:00:00\"}", 400)]
    [InlineData("{\"expiration\": \"someday\"}", 400)]
    public async Task A_wrong_secret_is_refused_in_words(string body, int status)
    {
        await using var world = await KeyWorld.Start();
        var reply = await world.Must(status, "POST", "/secrets", body: body);
        Assert.Equal(["code", "title", "description"], reply.Json.AsObject().Select(member => member.Key));
        Assert.NotEqual("", (string)reply.Json["description"]!);
        Assert.Equal(0, (int)(await world.Must(200, "GET", "/secrets")).Json["total"]!);
    }

    [Fact]
    public async Task Names_and_payloads_have_their_limits()
    {
        await using var world = await KeyWorld.Start();
        await world.Must(201, "POST", "/secrets", body: new { name = new string('n', 255), payload = new string('p', 20_000), payload_content_type = "text/plain" });
        await world.Must(400, "POST", "/secrets", body: new { name = new string('n', 256) });
        await world.Must(413, "POST", "/secrets", body: new { payload = new string('p', 20_001), payload_content_type = "text/plain" });
        await world.Must(413, "POST", "/secrets", body: new { payload = new string('p', 30_000), payload_content_type = "text/plain" });
        await world.Must(415, "POST", "/secrets", body: Raw("x", "text/plain"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Lists_filter_sort_and_page(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        foreach (var (name, bits) in new[] { ("a", 128), ("b", 256), ("c", 256) })
        {
            await world.Must(
                201, "POST", "/secrets", body: $"{{\"name\":\"{name}\",\"bit_length\":{bits},\"algorithm\":\"aes\",\"mode\":\"cbc\",\"secret_type\":\"symmetric\"}}");
        }

        Assert.Equal("abc", await Names(world, ""));
        Assert.Equal("bc", await Names(world, "?bits=256"));
        Assert.Equal("abc", await Names(world, "?bits=odd&alg=aes&mode=cbc&secret_type=symmetric"));
        Assert.Equal("", await Names(world, "?alg=rsa"));
        Assert.Equal("b", await Names(world, "?name=b"));
        Assert.Equal("cba", await Names(world, "?sort=name:desc"));
        Assert.Equal("bca", await Names(world, "?sort=bit_length:desc,name"));
        Assert.Equal("abc", await Names(world, "?created=gt:2020-01-01T00:00:00,lt:2100-01-01T00:00:00"));
        Assert.Equal("", await Names(world, "?expiration=gte:2020-01-01"));
        Assert.Equal("", await Names(world, "?acl_only=true"));
        foreach (var bad in new[] { "created=odd", "sort=odd", "sort=name:up", "sort=name,name", "updated=gt:2020-01-01,gte:2020-01-01" })
        {
            await world.Must(400, "GET", "/secrets?" + bad);
        }

        var page = (await world.Must(200, "GET", "/secrets?limit=1&offset=1")).Json;
        Assert.Equal("http://cloud.example:8443/key-manager/v1/secrets?limit=1&offset=0", (string)page["previous"]!);
        Assert.Equal("http://cloud.example:8443/key-manager/v1/secrets?limit=1&offset=2", (string)page["next"]!);
        Assert.Equal(3, (int)page["total"]!);
        Assert.Equal(0, (int)(await world.Must(200, "GET", "/secrets", "member-b")).Json["total"]!);
        await world.Must(403, "GET", "/secrets", "reader-a");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Pairs_of_a_secret_are_replaced_added_changed_and_removed(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var at = await world.Secret() + "/metadata";
        Assert.Equal("{\"metadata\":{}}", (await world.Must(200, "GET", at)).Text);
        await world.Must(201, "PUT", at, body: "{\"metadata\": {\"Key\": \"v\"}}");
        Assert.Equal("{\"metadata\":{\"key\":\"v\"}}", (await world.Must(200, "GET", at)).Text);
        await world.Must(201, "POST", at, body: "{\"key\": \"two\", \"value\": \"2\"}");
        await world.Must(409, "POST", at, body: "{\"key\": \"two\", \"value\": \"3\"}");
        await world.Must(200, "PUT", at + "/two", body: "{\"key\": \"two\", \"value\": \"3\"}");
        Assert.Equal("{\"key\":\"two\",\"value\":\"3\"}", (await world.Must(200, "GET", at + "/two")).Text);
        await world.Must(409, "PUT", at + "/two", body: "{\"key\": \"key\", \"value\": \"3\"}");
        await world.Must(404, "PUT", at + "/three", body: "{\"key\": \"three\", \"value\": \"3\"}");
        await world.Must(204, "DELETE", at + "/two");
        await world.Must(404, "GET", at + "/two");
        foreach (var bad in new[] { "{\"metadata\": {\"k\": 1}}", "{\"metadata\": {\"a b\": \"v\"}}", "{\"metadata\": null}", "{}" })
        {
            await world.Must(400, "PUT", at, body: bad);
        }

        await world.Must(403, "GET", at, "member-b");
        world.Verified();
    }

    [Fact]
    public async Task A_secret_that_expired_is_not_found()
    {
        await using var world = await KeyWorld.Start();
        var soon = DateTime.UtcNow.AddSeconds(1.2).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", System.Globalization.CultureInfo.InvariantCulture);
        var path = KeyWorld.Path((string)(await world.Must(
            201, "POST", "/secrets", body: new { payload = "p", payload_content_type = "text/plain", expiration = soon })).Json["secret_ref"]!);
        await world.Must(200, "GET", path);
        await Task.Delay(1500);
        await world.Must(404, "GET", path);
        await world.Must(404, "GET", path + "/payload");
        Assert.Equal(0, (int)(await world.Must(200, "GET", "/secrets")).Json["total"]!);
    }

    private static async Task<string> Names(KeyWorld world, string query) =>
        string.Concat((await world.Must(200, "GET", "/secrets" + query)).Json["secrets"]!.AsArray().Select(secret => (string)secret!["name"]!));

    private static ByteArrayContent Raw(string text, string type, string? encoding = null)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return content;
    }
}
