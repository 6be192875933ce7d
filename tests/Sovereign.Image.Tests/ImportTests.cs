using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sovereign.Image.Imports;
using Sovereign.Kernel;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Image.Tests;

public sealed class ImportTests : IDisposable
{
    private static readonly byte[] content = TestImages.Qcow2();
    private readonly string shelf = Directory.CreateTempSubdirectory("sovereign-shelf-").FullName;
    private ImageModule module = null!;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    public void Dispose() => Directory.Delete(shelf, recursive: true);

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Staged_bytes_become_the_image_when_they_are_imported(string engine)
    {
        await using var cloud = await Start(engine: engine);
        var created = await cloud.Send("POST", "/image/v2/images", body: new { name = "s", disk_format = "qcow2", container_format = "bare" });
        Assert.Equal("glance-direct,web-download,copy-from-directory", created.Headers["OpenStack-image-import-methods"]);
        Assert.Equal("local", created.Headers["OpenStack-image-store-ids"]);
        var id = (string)created.Json["id"]!;
        Assert.Equal(409, (await Import(cloud, id, new { name = "glance-direct" })).Status);
        Assert.Equal(204, (await Stage(cloud, id, content)).Status);
        Assert.Equal("uploading", await Status(cloud, id));
        Assert.Equal(1L, await Usage(cloud, "image_stage_total"));
        Assert.Equal(409, (await Stage(cloud, id, content)).Status);
        Assert.Equal(409, (await ImageApiTests.Upload(cloud, id, content)).Status);
        Assert.Equal(202, (await Import(cloud, id, new { name = "glance-direct" })).Status);
        var shown = await Active(cloud, id);
        Assert.Equal((content.Length, 32 << 20, "", ""), (
            (int)shown["size"]!, (int)shown["virtual_size"]!, (string)shown["os_glance_importing_to_stores"]!, (string)shown["os_glance_failed_import"]!));
        Assert.Null(shown["stores"]);
        Assert.Equal(content, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Bytes);
        var task = (await cloud.Send("GET", $"/image/v2/images/{id}/tasks")).Json["tasks"]!.AsArray().Single()!;
        Assert.Equal(("success", "api_image_import", "glance-direct", id), (
            (string)task["status"]!, (string)task["type"]!, (string)task["input"]!["import_req"]!["method"]!["name"]!, (string)task["result"]!["image_id"]!));
        Assert.Equal(403, (await cloud.Send("GET", "/image/v2/tasks")).Status);
        Assert.Equal(id, (string)(await cloud.Send("GET", "/image/v2/tasks?status=success", "admin")).Json["tasks"]!.AsArray().Single()!["image_id"]!);
        Assert.Equal("success", (string)(await cloud.Send("GET", "/image/v2/tasks/" + task["id"], "admin")).Json["status"]!);
        Assert.Equal(404, (await cloud.Send("GET", $"/image/v2/images/{id}/tasks", "member-b")).Status);
        Assert.Equal((1L, 0L, 1L), (await Usage(cloud, "image_count_total"), await Usage(cloud, "image_stage_total"), await Usage(cloud, "image_size_total")));
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id)).Status);
        await Rest(cloud);
        Assert.Empty(Files(cloud));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_image_comes_from_the_web_and_a_cut_download_goes_on_where_it_ended(string engine)
    {
        await using var web = await WebPlace.Start();
        await using var cloud = await Start(engine: engine);
        web.Files["/a.qcow2"] = content;
        web.Redirects["/latest"] = "/a.qcow2";
        web.Cut(1);
        var id = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(202, (await Import(cloud, id, new { name = "web-download", uri = web.Url("latest") })).Status);
        Assert.Equal("local", (string)(await cloud.Send("GET", "/image/v2/images/" + id)).Json["os_glance_importing_to_stores"]!);
        Assert.Equal(content.Length, (int)(await Active(cloud, id))["size"]!);
        Assert.Contains(web.Asked, asked => asked.StartsWith("/a.qcow2bytes=", StringComparison.Ordinal));
        Assert.Equal(content, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Bytes);
        await Rest(cloud);
    }

    [Fact]
    public async Task What_can_t_be_imported_fails_says_why_and_leaves_the_image_queued()
    {
        await using var web = await WebPlace.Start();
        await using var cloud = await Start();
        web.Files["/raw"] = new byte[100_000];
        web.Redirects["/out"] = "http://192.168.1.1/x";
        web.Redirects["/round"] = "/round";
        var id = await ImageApiTests.Create(cloud, "qcow2");
        foreach (var (path, why) in new[] { ("raw", "qcow2"), ("nothing", "404"), ("out", "filtering"), ("round", "times") })
        {
            Assert.Equal(202, (await Import(cloud, id, new { name = "web-download", uri = web.Url(path) })).Status);
            await Until(async () => await Status(cloud, id) == "queued");
            var task = (await cloud.Send("GET", $"/image/v2/images/{id}/tasks")).Json["tasks"]!.AsArray()[^1]!;
            Assert.Equal("failure", (string)task["status"]!);
            Assert.Contains(why, (string)task["message"]!, StringComparison.Ordinal);
            var shown = (await cloud.Send("GET", "/image/v2/images/" + id)).Json;
            Assert.Equal(("", "local"), ((string)shown["os_glance_importing_to_stores"]!, (string)shown["os_glance_failed_import"]!));
        }

        await Rest(cloud);
        Assert.Empty(Files(cloud));
        Assert.Equal(204, (await ImageApiTests.Upload(cloud, id, content)).Status);
    }

    [Theory]
    [InlineData("http://127.0.0.2/x")]
    [InlineData("http://[::1]/x")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://10.1.2.3/x")]
    [InlineData("http://[::ffff:10.1.2.3]/x")]
    [InlineData("http://[fe80::1]/x")]
    [InlineData("http://[64:ff9b::a01:203]/x")]
    [InlineData("http://100.64.0.1/x")]
    [InlineData("http://0.0.0.0/x")]
    [InlineData("http://8.8.8.8:22/x")]
    [InlineData("http://user:secret@8.8.8.8/x")]
    [InlineData("http://2130706434/x")]
    [InlineData("http://0x7f.2/x")]
    [InlineData("ftp://8.8.8.8/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("//8.8.8.8/x")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_source_that_is_not_public_is_refused_at_once(string? uri)
    {
        await using var cloud = await Start(private_: "127.0.0.1/32");
        var id = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(400, (await Import(cloud, id, new { name = "web-download", uri })).Status);
        Assert.Equal("queued", await Status(cloud, id));
    }

    [Fact]
    public void Names_are_judged_by_the_address_that_is_connected_to()
    {
        var guard = new AddressGuard(new ImportOptions([IPNetwork.Parse("10.9.0.0/16")], null, null));
        Assert.True(guard.Allows(IPAddress.Parse("8.8.8.8"), 443));
        Assert.True(guard.Allows(IPAddress.Parse("2a01:4f8::1"), 80));
        Assert.True(guard.Allows(IPAddress.Parse("10.9.8.7"), 5000));
        Assert.False(guard.Allows(IPAddress.Parse("10.8.8.7"), 443));
        Assert.False(guard.Allows(IPAddress.Parse("::ffff:127.0.0.1"), 443));
        Assert.False(guard.Allows(IPAddress.Parse("2002:7f00:1::"), 443));
        Assert.True(guard.Check("http://localhost/x").Ok);
    }

    [Fact]
    public async Task A_name_that_leads_inside_is_refused_when_it_is_asked()
    {
        await using var cloud = await Start(private_: "10.99.0.0/16");
        var id = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(202, (await Import(cloud, id, new { name = "web-download", uri = "http://localhost/x" })).Status);
        await Until(async () => await Status(cloud, id) == "queued");
        Assert.Contains("not a place", (await cloud.Send("GET", $"/image/v2/images/{id}/tasks")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_wishes_are_refused_with_their_reason()
    {
        await using var cloud = await Start();
        var id = await ImageApiTests.Create(cloud, "qcow2");
        foreach (var (body, status) in new (object Body, int Status)[]
        {
            (new { }, 400), (new { method = "x" }, 400), (new { method = new { } }, 400), (new { method = new { name = "copy-image" } }, 400),
            (new { method = new { name = "web-download", uri = "http://8.8.8.8/" }, stores = new[] { "other" } }, 400),
            (new { method = new { name = "web-download", uri = "http://8.8.8.8/" }, stores = new[] { "local" }, all_stores = true }, 400),
            (new { method = new { name = "copy-from-directory", file = "x" } }, 403),
        })
        {
            Assert.Equal(status, (await cloud.Send("POST", $"/image/v2/images/{id}/import", body: body)).Status);
        }

        var bare = (string)(await cloud.Send("POST", "/image/v2/images", body: new { name = "x" })).Json["id"]!;
        Assert.Equal(400, (await Import(cloud, bare, new { name = "web-download", uri = "http://8.8.8.8/" })).Status);
        Assert.Equal(404, (await Import(cloud, id, new { name = "glance-direct" }, "member-b")).Status);
        Assert.Equal(403, (await Import(cloud, id, new { name = "glance-direct" }, "reader-a")).Status);
        Assert.Equal(415, (await Stage(cloud, id, content, media: "text/plain")).Status);
        Assert.Equal(404, (await Stage(cloud, id, content, "member-b")).Status);
        Assert.Equal(403, (await ImageApiTests.Patch(cloud, id, """[{"op":"add","path":"/os_glance_failed_import","value":"x"}]""")).Status);
        foreach (var name in new[] { "../x", "/etc/passwd", ".hidden", "", "a/b", "missing" })
        {
            var reply = await Import(cloud, id, new { name = "copy-from-directory", file = name }, "admin");
            Assert.Equal(name == "missing" ? 202 : 400, reply.Status);
        }

        await Until(async () => await Status(cloud, id) == "queued");
        await Rest(cloud);
    }

    [Fact]
    public async Task Administrators_import_files_of_the_directory_and_links_lead_nowhere()
    {
        await File.WriteAllBytesAsync(Path.Combine(shelf, "a.qcow2"), content, TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(shelf, "link"), Path.Combine(shelf, "a.qcow2"));
        await using var cloud = await Start();
        var id = await ImageApiTests.Create(cloud, "qcow2", "admin");
        Assert.Equal(202, (await Import(cloud, id, new { name = "copy-from-directory", file = "link" }, "admin")).Status);
        await Until(async () => await Status(cloud, id, "admin") == "queued");
        Assert.Equal(202, (await Import(cloud, id, new { name = "copy-from-directory", file = "a.qcow2" }, "admin")).Status);
        await Active(cloud, id, "admin");
        Assert.True(File.Exists(Path.Combine(shelf, "a.qcow2")));
        await Rest(cloud);
    }

    [Theory]
    [InlineData("vmdk", "-o subformat=monolithicSparse")]
    [InlineData("vmdk", "-o subformat=streamOptimized")]
    [InlineData("vhd", "")]
    [InlineData("vhdx", "")]
    [InlineData("vdi", "")]
    [InlineData("raw", "")]
    public async Task Foreign_formats_are_converted_to_the_store_s_format(string format, string options)
    {
        var made = await TestImages.Make(shelf, format, options);
        await using var cloud = await Start(format: "qcow2");
        var id = await ImageApiTests.Create(cloud, format);
        Assert.Equal(204, (await Stage(cloud, id, made)).Status);
        Assert.Equal(202, (await Import(cloud, id, new { name = "glance-direct" })).Status);
        var shown = await Active(cloud, id);
        Assert.Equal("qcow2", (string)shown["disk_format"]!);
        Assert.InRange((long)shown["virtual_size"]!, 8 << 20, 9 << 20);
        var saved = (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Bytes;
        Assert.True(saved.AsSpan().StartsWith("QFI"u8));
        var plain = await ImageApiTests.Create(cloud, format);
        Assert.Equal(204, (await ImageApiTests.Upload(cloud, plain, made)).Status);
        await Rest(cloud);
    }

    [Fact]
    public async Task An_image_deleted_during_its_import_ends_the_download_and_leaves_nothing()
    {
        await using var web = await WebPlace.Start();
        await using var cloud = await Start();
        var hold = new TaskCompletionSource();
        web.Hold = hold.Task;
        web.Files["/a"] = content;
        var id = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(202, (await Import(cloud, id, new { name = "web-download", uri = web.Url("a") })).Status);
        await Until(() => Task.FromResult(Files(cloud).Count > 0));
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id)).Status);
        await Rest(cloud);
        Assert.Empty(Files(cloud));
        hold.SetResult();
        var staged = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(204, (await Stage(cloud, staged, content)).Status);
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + staged)).Status);
        await Rest(cloud);
        Assert.Empty(Files(cloud));
    }

    [Fact]
    public async Task Limits_hold_for_images_bytes_and_stages()
    {
        await using var cloud = await Start();
        var project = TestCallers.Id("project-a");
        await Limit(cloud, "image_count_total", 2);
        var first = await ImageApiTests.Create(cloud, "qcow2");
        var second = await ImageApiTests.Create(cloud, "qcow2");
        Assert.Equal(413, (await cloud.Send("POST", "/image/v2/images", body: new { name = "third" })).Status);
        await Limit(cloud, "image_size_total", content.Length);
        Assert.Equal(204, (await ImageApiTests.Upload(cloud, first, content)).Status);
        Assert.Equal(413, (await ImageApiTests.Upload(cloud, second, content)).Status);
        Assert.Equal("queued", await Status(cloud, second));
        await Limit(cloud, "image_stage_total", 10);
        Assert.Equal(413, (await Stage(cloud, second, content)).Status);
        Assert.Equal("queued", await Status(cloud, second));
        await Limit(cloud, "image_stage_total", null);
        Assert.Equal(204, (await Stage(cloud, second, content)).Status);
        Assert.Equal(202, (await Import(cloud, second, new { name = "glance-direct" })).Status);
        await Until(async () => await Status(cloud, second) == "queued");
        Assert.Contains("Quota", (await cloud.Send("GET", $"/image/v2/images/{second}/tasks")).Text, StringComparison.OrdinalIgnoreCase);
        await Rest(cloud);
        Assert.Single(Files(cloud));

        Task Limit(TestCloud at, string name, long? limit) => at.Kernel.Queue.Write<Kernel.Outcomes.Done>("test", Kernel.Store.Origin.System, tx =>
        {
            at.Kernel.Quotas.SetLimit(tx, "image", name, project, limit);
            return Kernel.Outcomes.Done.Value;
        });
    }

    [Fact]
    public async Task What_this_cloud_has_not_it_says()
    {
        await using var cloud = await Start();
        var id = await ImageApiTests.Make(cloud, "qcow2", content);
        Assert.Equal(404, (await cloud.Send("GET", "/image/v2/cache", "admin")).Status);
        Assert.Equal(403, (await cloud.Send("GET", $"/image/v2/images/{id}/locations", "admin")).Status);
        Assert.Equal(403, (await cloud.Send("DELETE", $"/image/v2/stores/local/{id}", "admin")).Status);
        Assert.Equal(404, (await cloud.Send("DELETE", $"/image/v2/stores/other/{id}", "admin")).Status);
        Assert.Equal(403, (await ImageApiTests.Patch(cloud, id, """[{"op":"add","path":"/locations/-","value":{"url":"file:///etc/passwd","metadata":{}}}]""")).Status);
        Assert.Equal("file", (string)(await cloud.Send("GET", "/image/v2/info/stores/detail", "admin")).Json["stores"]![0]!["type"]!);
        foreach (var name in new[] { "image", "images", "member", "members", "task", "tasks" })
        {
            Assert.Equal(200, (await cloud.Send("GET", "/image/v2/schemas/" + name)).Status);
        }

        Assert.Equal("v2.17", (string)(await cloud.Send("GET", "/image/versions", token: null)).Json["versions"]![0]!["id"]!);
    }

    private async Task<TestCloud> Start(string? private_ = "127.0.0.0/8", string? format = null, string engine = "sqlite") => await TestCloud.Start(
        kernel => [module = new ImageModule(kernel, new ImportOptions([IPNetwork.Parse(private_!)], shelf, format))], engine: engine);

    internal static Task<TestReply> Import(TestCloud cloud, string id, object method, string token = "member-a") =>
        cloud.Send("POST", $"/image/v2/images/{id}/import", token, new { method });

    internal static async Task<TestReply> Stage(TestCloud cloud, string id, byte[] bytes, string token = "member-a", string media = "application/octet-stream")
    {
        using var body = new ByteArrayContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue(media);
        return await cloud.Send("PUT", $"/image/v2/images/{id}/stage", token, body);
    }

    private static async Task<JsonNode> Active(TestCloud cloud, string id, string token = "member-a")
    {
        JsonNode? shown = null;
        await Until(async () =>
        {
            shown = (await cloud.Send("GET", "/image/v2/images/" + id, token)).Json;
            var status = (string)shown["status"]!;
            if (status == "queued") throw new InvalidOperationException((await cloud.Send("GET", $"/image/v2/images/{id}/tasks", token)).Text);
            return status == "active";
        });
        return shown!;
    }

    private static async Task<string> Status(TestCloud cloud, string id, string token = "member-a") =>
        (string)(await cloud.Send("GET", "/image/v2/images/" + id, token)).Json["status"]!;

    private static async Task<long> Usage(TestCloud cloud, string name) => (long)(await cloud.Send("GET", "/image/v2/info/usage")).Json["usage"]![name]!["usage"]!;

    private async Task Rest(TestCloud cloud)
    {
        await Until(() => Task.FromResult(cloud.Kernel.Due.AtRest));
        Assert.Empty(module.Verify());
        Assert.Empty(cloud.Kernel.Quotas.Verify());
    }

    private static List<string> Files(TestCloud cloud) =>
        Directory.EnumerateFiles(Path.Combine(cloud.Kernel.Settings.DataDirectory, "images"), "*", SearchOption.AllDirectories).ToList();

    private static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 1_200; i++)
        {
            if (await holds()) return;
            await Task.Delay(TimeSpan.FromMilliseconds(25));
        }

        Assert.Fail("It did not come true.");
    }
}
