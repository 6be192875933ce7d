using System.Text.Json.Nodes;
using Sovereign.Testing.Clouds;
using Xunit;
using static Sovereign.Image.Tests.ImageApiTests;

namespace Sovereign.Image.Tests;

public sealed class ImageAccessTests
{
    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Fact]
    public async Task A_private_image_does_not_exist_for_others()
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "raw", visibility: "private");
        await Upload(cloud, id, new byte[10]);
        foreach (var (method, path) in new[] { ("GET", ""), ("DELETE", ""), ("GET", "/file"), ("PUT", "/tags/x"), ("DELETE", "/tags/x"), ("GET", "/members"), ("POST", "/actions/deactivate") })
        {
            Assert.Equal(404, (await cloud.Send(method, $"/image/v2/images/{id}{path}", "member-b")).Status);
        }

        Assert.Equal(404, (await Patch(cloud, id, """[{"op":"add","path":"/x","value":"y"}]""", "member-b")).Status);
        Assert.Equal(404, (await Upload(cloud, id, [], "member-b")).Status);
        Assert.Equal(403, (await cloud.Send("DELETE", "/image/v2/images/" + id, "reader-a")).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/image/v2/images/" + id, "reader-a")).Status);
        Assert.Equal(401, (await cloud.Send("GET", "/image/v2/images", token: null)).Status);
        Assert.Empty((await cloud.Send("GET", "/image/v2/images?visibility=all", "member-b")).Json["images"]!.AsArray());
        Assert.Single((await cloud.Send("GET", "/image/v2/images", "admin")).Json["images"]!.AsArray());
    }

    [Fact]
    public async Task Only_an_administrator_makes_an_image_public_and_others_may_then_only_look()
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "raw");
        Assert.Equal(403, (await Patch(cloud, id, """[{"op":"replace","path":"/visibility","value":"public"}]""")).Status);
        Assert.Equal(403, (await cloud.Send("POST", "/image/v2/images", body: new { visibility = "public" })).Status);
        Assert.Equal(403, (await cloud.Send("POST", "/image/v2/images", body: new { owner = "someone" })).Status);
        Assert.Equal(200, (await Patch(cloud, id, """[{"op":"replace","path":"/visibility","value":"public"}]""", "admin")).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/image/v2/images/" + id, "member-b")).Status);
        Assert.Equal(403, (await cloud.Send("DELETE", "/image/v2/images/" + id, "member-b")).Status);
        Assert.Equal(403, (await Patch(cloud, id, """[{"op":"add","path":"/x","value":"y"}]""", "member-b")).Status);
        Assert.Equal(403, (await Upload(cloud, id, [1], "member-b")).Status);
        Assert.Equal(403, (await cloud.Send("GET", $"/image/v2/images/{id}/members")).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task A_shared_image_is_offered_accepted_and_taken_back(string engine)
    {
        await using var cloud = await Start(engine);
        var id = await Create(cloud, "raw");
        var b = TestCallers.Id("project-b");
        Assert.Equal("""{"members":[],"schema":"/v2/schemas/members"}""", (await cloud.Send("GET", $"/image/v2/images/{id}/members")).Text);
        var offered = await cloud.Send("POST", $"/image/v2/images/{id}/members", body: new { member = b });
        Assert.Equal((200, "pending", b, id), (offered.Status, (string)offered.Json["status"]!, (string)offered.Json["member_id"]!, (string)offered.Json["image_id"]!));
        Assert.Equal(409, (await cloud.Send("POST", $"/image/v2/images/{id}/members", body: new { member = b })).Status);
        Assert.Equal(200, (await cloud.Send("GET", "/image/v2/images/" + id, "member-b")).Status);
        Assert.Empty((await cloud.Send("GET", "/image/v2/images", "member-b")).Json["images"]!.AsArray());
        Assert.Single((await cloud.Send("GET", "/image/v2/images?member_status=pending&visibility=shared", "member-b")).Json["images"]!.AsArray());
        Assert.Equal(403, (await cloud.Send("PUT", $"/image/v2/images/{id}/members/{b}", body: new { status = "accepted" })).Status);
        Assert.Equal(400, (await cloud.Send("PUT", $"/image/v2/images/{id}/members/{b}", "member-b", new { status = "wanted" })).Status);
        Assert.Equal(200, (await cloud.Send("PUT", $"/image/v2/images/{id}/members/{b}", "member-b", new { status = "accepted" })).Status);
        Assert.Single((await cloud.Send("GET", "/image/v2/images", "member-b")).Json["images"]!.AsArray());
        Assert.Equal(403, (await cloud.Send("DELETE", $"/image/v2/images/{id}/members/{b}", "member-b")).Status);
        Assert.Equal(204, (await cloud.Send("DELETE", $"/image/v2/images/{id}/members/{b}")).Status);
        Assert.Equal(404, (await cloud.Send("GET", "/image/v2/images/" + id, "member-b")).Status);
    }

    [Fact]
    public async Task A_deactivated_image_gives_its_bytes_to_administrators_only()
    {
        await using var cloud = await Start();
        var id = await Make(cloud, "raw", new byte[10]);
        Assert.Equal(204, (await cloud.Send("POST", $"/image/v2/images/{id}/actions/deactivate", "admin")).Status);
        Assert.Equal(403, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Status);
        Assert.Equal(200, (await cloud.Send("GET", $"/image/v2/images/{id}/file", "admin")).Status);
        Assert.Equal(204, (await cloud.Send("POST", $"/image/v2/images/{id}/actions/reactivate", "admin")).Status);
        Assert.Equal(200, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Lists_are_filtered_sorted_and_paged(string engine)
    {
        await using var cloud = await Start(engine);
        for (var i = 0; i < 5; i++)
        {
            await cloud.Send("POST", "/image/v2/images", body: new JsonObject
            {
                ["name"] = $"n{i}", ["disk_format"] = i % 2 == 0 ? "raw" : "qcow2", ["tags"] = new JsonArray("all", $"t{i}"), ["os_distro"] = i < 2 ? "debian" : "alpine",
                ["min_ram"] = i, ["protected"] = i == 4, ["os_hidden"] = i == 3,
            });
        }

        var a = TestCallers.Id("project-a");
        foreach (var (query, expected) in new[]
        {
            ("sort=name:asc", "n0 n1 n2 n4"), ("sort_key=name&sort_dir=desc", "n4 n2 n1 n0"), ("sort_key=name", "n4 n2 n1 n0"), ("name=n1", "n1"),
            ("name=in:n0,n2,nx&sort=name:asc", "n0 n2"), ("tag=all&tag=t2", "n2"), ("disk_format=qcow2", "n1"), ("os_distro=debian&sort=name:asc", "n0 n1"),
            ("protected=true", "n4"), ("os_hidden=true", "n3"), ("owner=" + a + "&sort=name:asc&limit=2", "n0 n1"), ("owner=x", ""), ("status=active", ""),
            ("visibility=public", ""), ("visibility=shared&sort=name:asc", "n0 n1 n2 n4"), ("min_ram=2", "n2"), ("no_such=1", ""), ("created_at=gt:2020-01-01T00:00:00Z&name=n0", "n0"),
            ("size_min=1", ""), ("sort=disk_format:asc,name:desc", "n1 n4 n2 n0"), ("member_status=all&name=n0", "n0"),
        })
        {
            var reply = await cloud.Send("GET", "/image/v2/images?" + query);
            Assert.True(reply.Status == 200, query + ": " + reply.Text);
            Assert.Equal((query, expected), (query, string.Join(' ', reply.Json["images"]!.AsArray().Select(i => (string)i!["name"]!))));
        }

        var names = new List<string>();
        var next = "/v2/images?limit=2&sort=name:asc";
        while (next is not null)
        {
            var page = (await cloud.Send("GET", "/image" + next)).Json;
            Assert.Equal("/v2/schemas/images", (string)page["schema"]!);
            Assert.Equal(next, (string)page["first"]!);
            names.AddRange(page["images"]!.AsArray().Select(i => (string)i!["name"]!));
            next = (string?)page["next"];
        }

        Assert.Equal(["n0", "n1", "n2", "n4"], names);
        foreach (var wrong in new[] { "limit=x", "limit=-1", "marker=nope", "sort_key=nope", "sort=name:up", "visibility=secret", "member_status=x", "protected=maybe", "size_min=a", "created_at=yesterday-ish", "name=%00" })
        {
            Assert.Equal((wrong, 400), (wrong, (await cloud.Send("GET", "/image/v2/images?" + wrong)).Status));
        }
    }

    [Theory]
    [InlineData("""{"id":"x"}""", 400)]
    [InlineData("""{"status":"active"}""", 403)]
    [InlineData("""{"checksum":"x"}""", 403)]
    [InlineData("""{"deleted":"x"}""", 403)]
    [InlineData("""{"name":5}""", 400)]
    [InlineData("""{"os_distro":5}""", 400)]
    [InlineData("""{"os_distro":null}""", 400)]
    [InlineData("""{"disk_format":"floppy"}""", 400)]
    [InlineData("""{"container_format":"box"}""", 400)]
    [InlineData("""{"visibility":"secret"}""", 400)]
    [InlineData("""{"min_ram":-1}""", 400)]
    [InlineData("""{"min_ram":1.5}""", 400)]
    [InlineData("""{"min_ram":"5"}""", 400)]
    [InlineData("""{"tags":"x"}""", 400)]
    [InlineData("""{"tags":[5]}""", 400)]
    [InlineData("""{"protected":"yes"}""", 400)]
    [InlineData("""{"name":"a","name":"b"}""", 400)]
    [InlineData("""{"name":"\u0000"}""", 400)]
    [InlineData("""{"name":"\ud800"}""", 400)]
    [InlineData("""{"\u0000":"x"}""", 400)]
    [InlineData("""{"\ud800":"x"}""", 400)]
    [InlineData("""{"name":""", 400)]
    [InlineData("""[]""", 400)]
    [InlineData("", 400)]
    public async Task A_bad_image_is_refused(string body, int status)
    {
        await using var cloud = await Start();
        Assert.Equal(status, (await cloud.Send("POST", "/image/v2/images", body: body)).Status);
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/id","value":"x"}]""", 403)]
    [InlineData("""[{"op":"replace","path":"/status","value":"x"}]""", 403)]
    [InlineData("""[{"op":"replace","path":"/location","value":"x"}]""", 403)]
    [InlineData("""[{"op":"remove","path":"/name"}]""", 403)]
    [InlineData("""[{"op":"remove","path":"/nothing"}]""", 409)]
    [InlineData("""[{"op":"replace","path":"/nothing","value":"x"}]""", 409)]
    [InlineData("""[{"op":"move","path":"/name","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"name","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/a/b","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/a~2","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/a~","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/","value":"x"}]""", 400)]
    [InlineData("""[{"op":"add","path":"/x"}]""", 400)]
    [InlineData("""[{"path":"/x","value":"y"}]""", 400)]
    [InlineData("""[5]""", 400)]
    [InlineData("""{"op":"add"}""", 400)]
    public async Task A_bad_patch_is_refused(string patch, int status)
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "raw");
        Assert.Equal(status, (await Patch(cloud, id, patch)).Status);
        Assert.Equal(415, (await Patch(cloud, id, "[]", media: "application/json")).Status);
        Assert.Equal(200, (await Patch(cloud, id, """[{"add":"/x","value":"y"}]""", media: "application/openstack-images-v2.0-json-patch")).Status);
    }

    [Fact]
    public async Task Version_documents_schemas_and_info_are_where_clients_look()
    {
        await using var cloud = await Start();
        foreach (var (path, status) in new[] { ("/image", 300), ("/image/", 300), ("/image/v2", 300), ("/image/v2/", 300), ("/image/versions", 200) })
        {
            var reply = await cloud.Send("GET", path, token: null);
            Assert.Equal((path, status), (path, reply.Status));
            Assert.Equal("http://cloud.example:8443/image/v2/", (string)reply.Json["versions"]![0]!["links"]![0]!["href"]!);
        }

        foreach (var name in new[] { "image", "images", "member", "members" }) Assert.Equal(name, (string)(await cloud.Send("GET", "/image/v2/schemas/" + name)).Json["name"]!);
        Assert.Equal(404, (await cloud.Send("GET", "/image/v2/schemas/x")).Status);
        Assert.Equal(2, (await cloud.Send("GET", "/image/v2/info/import")).Json["import-methods"]!["value"]!.AsArray().Count);
        Assert.Single((await cloud.Send("GET", "/image/v2/info/stores")).Json["stores"]!.AsArray());
        Assert.Equal(404, (await cloud.Send("GET", "/image/v2/images/..%2f..%2fetc%2fpasswd")).Status);
    }

    private static async Task<TestCloud> Start(string engine = "sqlite") => await TestCloud.Start(kernel => [new ImageModule(kernel)], engine: engine);
}
