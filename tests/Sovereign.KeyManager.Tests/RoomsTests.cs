using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.KeyManager.Tests;

public class RoomsTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Containers_hold_secrets_by_name(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var (one, two) = (await world.Secret("one", "1"), await world.Secret("two", "2"));
        var made = await world.Must(201, "POST", "/containers", body: Container("certificate", ("certificate", one), ("private_key", two)));
        var path = KeyWorld.Path((string)made.Json["container_ref"]!);
        var shown = (await world.Must(200, "GET", path)).Json.AsObject();
        Assert.Equal(
            ["created", "updated", "status", "name", "type", "creator_id", "secret_refs", "consumers", "container_ref"], shown.Select(member => member.Key));
        Assert.Equal("certificate private_key", string.Join(' ', shown["secret_refs"]!.AsArray().Select(part => (string)part!["name"]!)));
        foreach (var (body, status) in new[]
        {
            (Container("certificate", ("private_key", two)), 400), (Container("rsa", ("public_key", one)), 400), (Container("odd"), 400),
            (Container("certificate", ("certificate", one), ("odd", two)), 400), (Container("generic", ("a", one), ("a", two)), 400),
            (Container("generic", ("a", one), ("b", one)), 400), (Container("generic", ("a", "/secrets/" + Guid.Empty)), 404), ("{}", 400),
            ("{\"type\":\"generic\",\"secret_refs\":[{\"secret_ref\":\"http://elsewhere/v1/secrets/1\"}]}", 400), ("{\"type\":\"generic\",\"secret_refs\":[null]}", 400),
        }) await world.Must(status, "POST", "/containers", body: body);
        await world.Must(400, "POST", path + "/secrets", body: Ref("x", one));
        var generic = KeyWorld.Path((string)(await world.Must(201, "POST", "/containers", body: Container("generic"))).Json["container_ref"]!);
        await world.Must(201, "POST", generic + "/secrets", body: Ref("x", one));
        await world.Must(409, "POST", generic + "/secrets", body: Ref("x", one));
        await world.Must(204, "DELETE", generic + "/secrets", body: Ref("x", one));
        await world.Must(404, "DELETE", generic + "/secrets", body: Ref("x", one));
        Assert.Equal(2, (int)(await world.Must(200, "GET", "/containers?limit=1")).Json["total"]!);
        Assert.Equal(1, (int)(await world.Must(200, "GET", "/containers?type=generic")).Json["total"]!);
        await world.Must(403, "GET", path, "member-b");
        await world.Must(403, "DELETE", path, "member-b");
        await world.Must(204, "DELETE", path);
        await world.Must(404, "GET", path);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Consumers_are_said_and_taken_back(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var secret = await world.Secret();
        const string Body = "{\"service\": \"image\", \"resource_type\": \"image\", \"resource_id\": \"1\"}";
        for (var i = 0; i < 2; i++) await world.Must(200, "POST", secret + "/consumers", body: Body, headers: ("OpenStack-API-Version", "key-manager 1.1"));
        Assert.Equal(1, (int)(await world.Must(200, "GET", secret + "/consumers")).Json["total"]!);
        Assert.Contains("\"resource_id\":\"1\"", (await world.Send("GET", secret, headers: ("OpenStack-API-Version", "key-manager 1.1"))).Text, StringComparison.Ordinal);
        await world.Must(400, "POST", secret + "/consumers", body: "{\"service\": \"\", \"resource_type\": \"image\", \"resource_id\": \"1\"}");
        await world.Must(200, "DELETE", secret + "/consumers", body: Body);
        await world.Must(404, "DELETE", secret + "/consumers", body: Body);
        var container = KeyWorld.Path((string)(await world.Must(201, "POST", "/containers", body: Container("generic"))).Json["container_ref"]!);
        var added = await world.Must(200, "POST", container + "/consumers", body: "{\"name\": \"lb\", \"URL\": \"http://lb/1\"}");
        Assert.Equal("[{\"name\":\"lb\",\"URL\":\"http://lb/1\"}]", added.Json["consumers"]!.ToJsonString());
        await world.Must(403, "POST", container + "/consumers", "member-b", "{\"name\": \"lb\", \"URL\": \"http://lb/1\"}");
        await world.Must(204, "DELETE", container);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_acl_opens_a_secret_to_others_and_closes_it_to_its_project(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var secret = await world.Secret();
        Assert.Equal("{\"read\":{\"project-access\":true}}", (await world.Must(200, "GET", secret + "/acl")).Text);
        await world.Must(200, "GET", secret + "/payload", "other-a");
        await world.Must(403, "GET", secret + "/payload", "reader-a");
        var set = await world.Must(
            200, "PUT", secret + "/acl", body: $"{{\"read\": {{\"users\": [\"{TestCallers.Id("member-b")}\"], \"project-access\": false}}}}");
        Assert.EndsWith("/acl", (string)set.Json["acl_ref"]!, StringComparison.Ordinal);
        await world.Must(200, "GET", secret + "/payload", "member-b");
        await world.Must(200, "GET", secret + "/payload", "member-a");
        Assert.Equal(1, (int)(await world.Must(200, "GET", "/secrets?acl_only=true", "member-b")).Json["total"]!);
        foreach (var method in new[] { "GET", "DELETE" }) await world.Must(403, method, secret, "other-a");
        foreach (var path in new[] { "", "/acl" }) await world.Must(403, "DELETE", secret + path, "member-b");
        await world.Must(403, "GET", secret + "/acl", "member-b");
        await world.Must(200, "PATCH", secret + "/acl", body: "{\"read\": {\"project-access\": true}}");
        await world.Must(200, "GET", secret, "other-a");
        await world.Must(200, "GET", secret, "member-b");
        foreach (var bad in new[] { "{\"write\": {}}", "{\"read\": {\"users\": [null]}}", "{\"read\": {\"users\": \"x\"}}", "{\"read\": {\"odd\": 1}}" })
        {
            await world.Must(400, "PUT", secret + "/acl", body: bad);
        }

        await world.Must(200, "DELETE", secret + "/acl");
        await world.Must(403, "GET", secret, "member-b");
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Orders_make_keys_and_say_what_can_not_be_made(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var key = await Ordered(world, "{\"type\":\"key\",\"meta\":{\"name\":\"k\",\"algorithm\":\"aes\",\"bit_length\":256,\"mode\":\"cbc\"}}", "ACTIVE");
        var secret = KeyWorld.Path((string)key["secret_ref"]!);
        Assert.Equal(32, (await world.Must(200, "GET", secret + "/payload")).Bytes.Length);
        Assert.Equal("symmetric", (string)(await world.Must(200, "GET", secret)).Json["secret_type"]!);
        var pair = await Ordered(
            world, "{\"type\":\"asymmetric\",\"meta\":{\"name\":\"p\",\"algorithm\":\"rsa\",\"bit_length\":2048,\"passphrase\":\"open\"}}", "ACTIVE");
        Assert.DoesNotContain("open", pair["meta"]!.ToJsonString(), StringComparison.Ordinal);
        var parts = world.Cloud.Kernel.Database.Read(session => world.Module.Secrets.Container(session, world.Grant(), (string)pair["container_ref"]!)).Value;
        using var rsa = RSA.Create();
        rsa.ImportFromEncryptedPem(
            Encoding.UTF8.GetString(parts.Secrets["private_key"].Payload), Encoding.UTF8.GetString(parts.Secrets["private_key_passphrase"].Payload));
        Assert.Equal(rsa.ExportSubjectPublicKeyInfoPem(), Encoding.UTF8.GetString(parts.Secrets["public_key"].Payload));
        var failed = await Ordered(world, "{\"type\":\"key\",\"meta\":{\"algorithm\":\"odd\",\"bit_length\":256}}", "ERROR");
        Assert.Equal("400", (string)failed["error_status_code"]!);
        Assert.Contains("odd", (string)failed["error_reason"]!, StringComparison.Ordinal);
        foreach (var bad in new[]
        {
            "{\"type\":\"certificate\",\"meta\":{}}", "{\"type\":\"odd\",\"meta\":{}}", "{\"type\":\"key\"}", "{\"type\":\"key\",\"meta\":{\"bit_length\":8}}",
            "{\"type\":\"key\",\"meta\":{\"algorithm\":\"aes\"}}", "{\"type\":\"key\",\"meta\":{\"algorithm\":\"aes\",\"bit_length\":9}}",
            "{\"type\":\"key\",\"meta\":{\"algorithm\":\"aes\",\"bit_length\":128,\"payload\":\"x\"}}",
        }) await world.Must(400, "POST", "/orders", body: bad);
        var path = KeyWorld.Path((string)key["order_ref"]!);
        await world.Must(404, "GET", path, "member-b");
        await world.Must(204, "DELETE", path);
        await world.Must(404, "GET", path);
        await world.Must(200, "GET", secret);
        Assert.Equal(2, (int)(await world.Must(200, "GET", "/orders")).Json["total"]!);
        world.Verified();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Quotas_hold_exactly(string engine)
    {
        await using var world = await KeyWorld.Start(engine);
        var project = TestCallers.Id("project-a");
        Assert.Equal(
            "{\"quotas\":{\"secrets\":-1,\"orders\":-1,\"containers\":-1,\"consumers\":-1,\"cas\":-1}}", (await world.Must(200, "GET", "/quotas", "reader-a")).Text);
        await world.Must(404, "GET", "/project-quotas/" + project, "admin");
        await world.Must(204, "PUT", "/project-quotas/" + project, "admin", "{\"project_quotas\": {\"secrets\": 2, \"containers\": 0, \"consumers\": 1, \"orders\": 1}}");
        Assert.Equal(
            "{\"project_quotas\":{\"secrets\":2,\"orders\":1,\"containers\":0,\"consumers\":1,\"cas\":null}}",
            (await world.Must(200, "GET", "/project-quotas/" + project, "admin")).Text);
        Assert.Equal(1, (int)(await world.Must(200, "GET", "/project-quotas", "admin")).Json["total"]!);
        await world.Must(403, "PUT", "/project-quotas/" + project, body: "{\"project_quotas\": {}}");
        foreach (var bad in new[] { "{}", "{\"project_quotas\": {\"odd\": 1}}", "{\"project_quotas\": {\"secrets\": -2}}", "{\"project_quotas\": {\"secrets\": \"x\"}}" })
        {
            await world.Must(400, "PUT", "/project-quotas/" + project, "admin", bad);
        }

        var first = await world.Secret();
        await world.Secret();
        await world.Must(403, "POST", "/secrets", body: "{}");
        await world.Must(403, "POST", "/containers", body: Container("generic"));
        await world.Must(200, "POST", first + "/consumers", body: "{\"service\": \"s\", \"resource_type\": \"t\", \"resource_id\": \"1\"}");
        await world.Must(403, "POST", first + "/consumers", body: "{\"service\": \"s\", \"resource_type\": \"t\", \"resource_id\": \"2\"}");
        var over = await Ordered(world, "{\"type\":\"key\",\"meta\":{\"algorithm\":\"aes\",\"bit_length\":128}}", "ERROR");
        Assert.Equal("403", (string)over["error_status_code"]!);
        await world.Must(403, "POST", "/orders", body: "{\"type\":\"key\",\"meta\":{\"algorithm\":\"aes\",\"bit_length\":128}}");
        await world.Must(204, "DELETE", first);
        await world.Secret();
        await world.Must(204, "DELETE", "/project-quotas/" + project, "admin");
        await world.Must(404, "DELETE", "/project-quotas/" + project, "admin");
        await world.Secret();
        world.Verified();
    }

    [Fact]
    public async Task There_is_one_store_that_a_project_may_prefer()
    {
        await using var world = await KeyWorld.Start();
        var store = KeyWorld.Path((string)(await world.Must(200, "GET", "/secret-stores", "reader-a")).Json["secret_stores"]![0]!["secret_store_ref"]!);
        Assert.True((bool)(await world.Must(200, "GET", "/secret-stores/global-default")).Json["global_default"]!);
        await world.Must(200, "GET", store);
        await world.Must(404, "GET", "/secret-stores/" + Guid.Empty);
        await world.Must(404, "GET", "/secret-stores/preferred", "admin");
        await world.Must(403, "POST", store + "/preferred");
        await world.Must(204, "POST", store + "/preferred", "admin");
        await world.Must(200, "GET", "/secret-stores/preferred", "admin");
        await world.Must(204, "DELETE", store + "/preferred", "admin");
        await world.Must(404, "DELETE", store + "/preferred", "admin");
    }

    [Fact]
    public async Task Version_documents_are_where_clients_look()
    {
        await using var world = await KeyWorld.Start();
        var old = await world.Cloud.Send("GET", "/key-manager/", null);
        Assert.Equal((300, "stable"), (old.Status, (string)old.Json["versions"]!["values"]![0]!["status"]!));
        var now = await world.Cloud.Send("GET", "/key-manager", null, null, ("OpenStack-API-Version", "key-manager latest"));
        Assert.Equal("1.1", (string)now.Json["versions"]![0]!["max_version"]!);
        Assert.Equal("v1", (string)(await world.Must(200, "GET", "/", null)).Json["version"]!["id"]!);
        await world.Must(401, "GET", "/secrets", null);
        await world.Must(406, "GET", "/secrets", headers: ("OpenStack-API-Version", "key-manager 1.2"));
    }

    [Fact]
    public async Task A_service_s_secret_moves_and_goes_with_what_it_is_for()
    {
        await using var world = await KeyWorld.Start();
        var (secrets, kernel) = (world.Module.Secrets, world.Cloud.Kernel);
        async Task<T> Write<T>(Func<Tx, Outcome<T>> change) => (await kernel.Queue.Write<T>("test", Origin.System, change, default)).Value;
        var (a, b, user) = (TestCallers.Id("project-a"), TestCallers.Id("project-b"), TestCallers.Id("member-b"));
        var id = await Write(tx => secrets.Create(
            tx, new SecretOrder(a, TestCallers.Id("member-a"), "k", "symmetric", "application/octet-stream", [1, 2, 3]) { KeptFor = "volume 1" }));
        await world.Must(409, "DELETE", "/secrets/" + id);
        await Write(tx => secrets.Use(tx, id, a, "volume", "volume", "1"));
        await Write(tx => secrets.Give(tx, id, b, user));
        Assert.Equal([1, 2, 3], kernel.Database.Read(session => secrets.Payload(session, world.Grant("member-b"), id)).Value.Payload);
        Assert.IsType<Fault.Forbidden>(kernel.Database.Read(session => secrets.Payload(session, world.Grant(), id)).Fault);
        world.Verified();
        await Write<Done>(tx =>
        {
            secrets.Unuse(tx, id, "volume", "volume", "1");
            secrets.Delete(tx, id);
            secrets.Delete(tx, id);
            return Done.Value;
        });
        Assert.IsType<Fault.NotFound>(kernel.Database.Read(session => secrets.Reopen(session, id)).Fault);
        world.Verified();
    }

    private static string Ref(string name, string path) => $"{{\"name\":\"{name}\",\"secret_ref\":\"http://cloud.example:8443/key-manager/v1{path}\"}}";

    private static string Container(string type, params (string Name, string Path)[] secrets) =>
        $"{{\"name\":\"c\",\"type\":\"{type}\",\"secret_refs\":[{string.Join(',', secrets.Select(secret => Ref(secret.Name, secret.Path)))}]}}";

    private static async Task<System.Text.Json.Nodes.JsonNode> Ordered(KeyWorld world, string body, string status)
    {
        var path = KeyWorld.Path((string)(await world.Must(202, "POST", "/orders", body: body)).Json["order_ref"]!);
        for (var i = 0; i < 400; i++)
        {
            var shown = (await world.Must(200, "GET", path)).Json;
            if ((string)shown["status"]! == status) return shown;
            Assert.Equal("PENDING", (string)shown["status"]!);
            await Task.Delay(25);
        }

        throw new TimeoutException($"{path} does not become {status}.");
    }
}
