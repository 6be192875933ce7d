using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Image.Tests;

public sealed class ImageApiTests
{
    private const string PatchMedia = "application/openstack-images-v2.1-json-patch";
    private ImageModule module = null!;

    public static TheoryData<string> Engines => [.. TestDatabase.Engines];

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task An_image_lives_from_create_to_delete_as_in_the_original(string engine)
    {
        await using var cloud = await Start(engine);
        var created = await cloud.Send("POST", "/image/v2/images", body: new JsonObject
        {
            ["hw_rng_model"] = "virtio", ["disk_format"] = "qcow2", ["name"] = "timg", ["tags"] = new JsonArray("t1"), ["container_format"] = "bare",
            ["owner_specified.openstack.md5"] = "",
        });
        Assert.Equal(201, created.Status);
        var id = (string)created.Json["id"]!;
        Assert.Equal("http://cloud.example:8443/image/v2/images/" + id, created.Headers["Location"]);
        Assert.Equal(
            """
            checksum container_format created_at disk_format file hw_rng_model id min_disk min_ram name os_hash_algo os_hash_value os_hidden owner owner_specified.openstack.md5 protected schema self size status tags updated_at virtual_size visibility
            """,
            string.Join(' ', created.Json.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal)));
        Assert.Equal(("queued", "shared", null, "/v2/images/" + id), ((string)created.Json["status"]!, (string)created.Json["visibility"]!, (string?)created.Json["size"], (string)created.Json["self"]!));
        Assert.Equal(204, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Status);

        var content = TestImages.Qcow2();
        Assert.Equal(204, (await Upload(cloud, id, content)).Status);
        var shown = (await cloud.Send("GET", "/image/v2/images/" + id)).Json;
        Assert.Equal(("active", content.Length, 32 << 20), ((string)shown["status"]!, (int)shown["size"]!, (int)shown["virtual_size"]!));
#pragma warning disable CA5351 // The API's checksum.
        Assert.Equal(Convert.ToHexStringLower(MD5.HashData(content)), (string)shown["checksum"]!);
#pragma warning restore CA5351
        Assert.Equal(("sha512", Convert.ToHexStringLower(SHA512.HashData(content))), ((string)shown["os_hash_algo"]!, (string)shown["os_hash_value"]!));
        Assert.Equal(409, (await Upload(cloud, id, content)).Status);

        var saved = await cloud.Send("GET", $"/image/v2/images/{id}/file");
        Assert.Equal((200, (string)shown["checksum"]!, "application/octet-stream"), (saved.Status, saved.Headers["Content-MD5"], saved.Headers["Content-Type"]));
        Assert.Equal(content, saved.Bytes);
        var info = module.Find(AccessGrant.OfSystem(), id).Value;
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), info.Digest);
        using (var opened = module.OpenContent(info.Digest!).Value) Assert.Equal(content.Length, opened.Length);

        var patched = await Patch(cloud, id, """[{"op":"replace","path":"/name","value":"t2"},{"op":"add","path":"/a~1b~0c","value":"x"},{"op":"remove","path":"/hw_rng_model"},{"op":"add","path":"/tags","value":["t1","t2"]}]""");
        Assert.Equal((200, "t2", "x", 2), (patched.Status, (string)patched.Json["name"]!, (string)patched.Json["a/b~c"]!, patched.Json["tags"]!.AsArray().Count));
        Assert.False(patched.Json.AsObject().ContainsKey("hw_rng_model"));
        Assert.Equal(200, (await Patch(cloud, id, """[{"op":"add","path":"/protected","value":true}]""")).Status);
        var kept = await cloud.Send("DELETE", "/image/v2/images/" + id);
        Assert.Equal(403, kept.Status);
        Assert.Contains($"Image {id} is protected and cannot be deleted.", kept.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await Patch(cloud, id, """[{"op":"replace","path":"/protected","value":false}]""")).Status);
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id)).Status);
        var gone = await cloud.Send("GET", "/image/v2/images/" + id);
        Assert.Equal(404, gone.Status);
        Assert.Contains("No image found with ID " + id, gone.Text, StringComparison.Ordinal);
        await Until(() => Task.FromResult(Files(cloud).Count == 0));
        await Until(() => Task.FromResult(cloud.Kernel.Due.AtRest));
        Assert.Empty(module.Verify());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Content_of_a_removed_image_stays_while_a_disk_stands_on_it(string engine)
    {
        await using var cloud = await Start(engine);
        var created = await cloud.Send("POST", "/image/v2/images", body: new JsonObject { ["disk_format"] = "qcow2", ["container_format"] = "bare" });
        var id = (string)created.Json["id"]!;
        await Upload(cloud, id, TestImages.Qcow2());
        var digest = module.Find(AccessGrant.OfSystem(), id).Value.Digest!;
        var disks = new HashSet<string> { digest };
        module.KeepFor((_, asked) => disks.Contains(asked));
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id)).Status);
        await Until(() => Task.FromResult(cloud.Kernel.Due.AtRest));
        using (var opened = module.OpenContent(digest).Value) Assert.Equal(TestImages.Qcow2().Length, opened.Length);
        Assert.Empty(module.Verify());

        disks.Clear();
        await cloud.Kernel.Queue.Write<Done>("test", Kernel.Store.Origin.System, tx =>
        {
            module.Left(tx, digest);
            return Done.Value;
        }, default);
        await Until(() => Task.FromResult(Files(cloud).Count == 0));
        Assert.IsType<Fault.NotFound>(module.OpenContent(digest).Fault);
    }

    [Fact]
    public async Task Ranges_are_answered_in_part()
    {
        await using var cloud = await Start();
        var content = Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 7)).ToArray();
        var id = await Make(cloud, "raw", content);
        foreach (var (range, from, to) in new[] { ("bytes=0-0", 0, 0), ("bytes=100-2000099", 100, 2_000_099), ("bytes=2999990-", 2_999_990, 2_999_999), ("bytes=-5", 2_999_995, 2_999_999), ("bytes=10-99999999", 10, 2_999_999) })
        {
            var part = await cloud.Send("GET", $"/image/v2/images/{id}/file", headers: ("Range", range));
            Assert.Equal((206, $"bytes {from}-{to}/3000000"), (part.Status, part.Headers["Content-Range"]));
            Assert.Equal(content[from..(to + 1)], part.Bytes);
        }

        foreach (var wrong in new[] { "bytes=3000000-", "bytes=5-4", "lines=1-2", "bytes=0-1,3-4", "x" })
        {
            Assert.Equal(416, (await cloud.Send("GET", $"/image/v2/images/{id}/file", headers: ("Range", wrong))).Status);
        }
    }

    [Fact]
    public async Task Refused_content_goes_back_to_queued_and_leaves_no_bytes()
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "qcow2");
        foreach (var content in new[] { TestImages.Qcow2(change: f => TestImages.Put64(f, 8, 512)), new byte[70_000], [] })
        {
            Assert.Equal(400, (await Upload(cloud, id, content)).Status);
            Assert.Equal("queued", (string)(await cloud.Send("GET", "/image/v2/images/" + id)).Json["status"]!);
        }

        var raw = await Create(cloud, "raw");
        Assert.Contains("qcow2", (await Upload(cloud, raw, TestImages.Qcow2())).Text, StringComparison.Ordinal);
        var iso = await Create(cloud, "iso");
        Assert.Equal(400, (await Upload(cloud, iso, TestImages.Qcow2())).Status);
        var bare = (await cloud.Send("POST", "/image/v2/images", body: new { name = "x" })).Json["id"]!;
        Assert.Equal(400, (await Upload(cloud, (string)bare!, new byte[10])).Status);
        Assert.Equal(415, (await Upload(cloud, id, TestImages.Qcow2(), media: "text/plain")).Status);
        Assert.Empty(Files(cloud));
        Assert.Equal(204, (await Upload(cloud, id, TestImages.Qcow2())).Status);
    }

    [Fact]
    public async Task A_cut_upload_goes_back_to_queued_and_a_second_one_meanwhile_is_refused()
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "raw");
        using var cut = new CancellationTokenSource();
        var source = new Trickle(cut.Token);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/image/v2/images/{id}/file") { Content = new StreamContent(source) };
        request.Headers.TryAddWithoutValidation("X-Auth-Token", "member-a");
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var sending = cloud.Http.SendAsync(request, cut.Token);
        await Until(async () => (string)(await cloud.Send("GET", "/image/v2/images/" + id)).Json["status"]! == "saving");
        Assert.Equal(409, (await Upload(cloud, id, new byte[10])).Status);
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        await Until(async () => (string)(await cloud.Send("GET", "/image/v2/images/" + id)).Json["status"]! == "queued");
        Assert.Empty(Files(cloud));
        Assert.Equal(204, (await Upload(cloud, id, new byte[10])).Status);
    }

    [Fact]
    public async Task An_image_deleted_during_its_upload_leaves_nothing()
    {
        await using var cloud = await Start();
        var id = await Create(cloud, "raw");
        using var end = new CancellationTokenSource();
        using var content = new StreamContent(new Trickle(end.Token, ends: true));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var sending = cloud.Send("PUT", $"/image/v2/images/{id}/file", body: content);
        await Until(async () => (string)(await cloud.Send("GET", "/image/v2/images/" + id)).Json["status"]! == "saving");
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id)).Status);
        await end.CancelAsync();
        Assert.Equal(410, (await sending).Status);
        await Until(() => Task.FromResult(Files(cloud).Count == 0));
        await Until(() => Task.FromResult(cloud.Kernel.Due.AtRest));
        Assert.Empty(module.Verify());
    }

    [Fact]
    public async Task Content_is_shared_inside_a_project_or_when_public_and_goes_with_its_last_image()
    {
        await using var cloud = await Start();
        var content = TestImages.Qcow2();
        var first = await Make(cloud, "qcow2", content);
        var second = await Make(cloud, "qcow2", content);
        Assert.Single(Files(cloud));
        var foreign = await Make(cloud, "qcow2", content, token: "member-b");
        Assert.Equal(2, Files(cloud).Count);
        Assert.Empty(module.Verify());
        foreach (var (id, token) in new[] { (first, "member-a"), (foreign, "member-b") }) Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + id, token)).Status);
        await Until(() => Task.FromResult(Files(cloud).Count == 1));
        Assert.Equal(content, (await cloud.Send("GET", $"/image/v2/images/{second}/file")).Bytes);
        Assert.Equal(200, (await Patch(cloud, second, """[{"op":"replace","path":"/visibility","value":"public"}]""", "admin")).Status);
        var other = await Make(cloud, "qcow2", content, token: "member-b");
        Assert.Single(Files(cloud));
        Assert.Equal(204, (await cloud.Send("DELETE", "/image/v2/images/" + second)).Status);
        await Until(() => Task.FromResult(cloud.Kernel.Due.AtRest));
        Assert.Equal(content, (await cloud.Send("GET", $"/image/v2/images/{other}/file", "member-b")).Bytes);
        Assert.Empty(module.Verify());
    }

    [Fact]
    public async Task What_a_dead_process_left_is_cleaned_at_the_next_start()
    {
        await using var cloud = await Start();
        var id = await Make(cloud, "raw", new byte[100]);
        var stuck = await Create(cloud, "raw");
        await cloud.Kernel.Queue.Write<Kernel.Outcomes.Done>("test", Kernel.Store.Origin.System, tx =>
        {
            tx.Execute("UPDATE images SET status = 'saving', upload_id = 'u' WHERE id = @stuck", new { stuck });
            return Kernel.Outcomes.Done.Value;
        }, TestContext.Current.CancellationToken);
        var images = Path.Combine(cloud.Kernel.Settings.DataDirectory, "images");
        await File.WriteAllTextAsync(Path.Combine(images, "uploads", "u"), "half", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(images, "content", "zz"));
        await File.WriteAllTextAsync(Path.Combine(images, "content", "zz", "stray"), "stray", TestContext.Current.CancellationToken);
        await new ImageModule(cloud.Kernel).Start(TestContext.Current.CancellationToken);
        Assert.Equal("queued", (string)(await cloud.Send("GET", "/image/v2/images/" + stuck)).Json["status"]!);
        Assert.Single(Files(cloud));
        Assert.Equal(100, (await cloud.Send("GET", $"/image/v2/images/{id}/file")).Bytes.Length);
        Assert.Empty(module.Verify());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(images, "content")));
    }

    [Fact]
    public async Task An_image_is_registered_once_by_name_and_content()
    {
        await using var cloud = await Start();
        var path = Path.Combine(cloud.Kernel.Settings.DataDirectory, "tiny.qcow2");
        await File.WriteAllBytesAsync(path, TestImages.Qcow2(), TestContext.Current.CancellationToken);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await module.Register("tiny", path, "qcow2", new Dictionary<string, string> { ["os_distro"] = "others" }, 1, 64, TestCallers.Id("admins"), TestContext.Current.CancellationToken)).Value);
        }

        Assert.Single(ids.Distinct());
        Assert.Single(Files(cloud));
        var tiny = (await cloud.Send("GET", "/image/v2/images?name=tiny", "member-b")).Json["images"]!.AsArray().Single()!;
        Assert.Equal(("public", "active", "others", 64), ((string)tiny["visibility"]!, (string)tiny["status"]!, (string)tiny["os_distro"]!, (int)tiny["min_ram"]!));
        Assert.NotNull((await module.Register("bad", path, "raw", new Dictionary<string, string>(), 0, 0, TestCallers.Id("admins"), TestContext.Current.CancellationToken)).Fault);
        Assert.Empty(module.Verify());
    }

    private async Task<TestCloud> Start(string engine = "sqlite") => await TestCloud.Start(kernel => [module = new ImageModule(kernel)], engine: engine);

    internal static async Task<string> Create(TestCloud cloud, string format, string token = "member-a", string name = "i", string visibility = "shared") =>
        (string)(await cloud.Send("POST", "/image/v2/images", token, new { name, disk_format = format, container_format = "bare", visibility })).Json["id"]!;

    internal static async Task<string> Make(TestCloud cloud, string format, byte[] content, string token = "member-a")
    {
        var id = await Create(cloud, format, token);
        Assert.Equal(204, (await Upload(cloud, id, content, token)).Status);
        return id;
    }

    internal static async Task<TestReply> Upload(TestCloud cloud, string id, byte[] content, string token = "member-a", string media = "application/octet-stream")
    {
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue(media);
        return await cloud.Send("PUT", $"/image/v2/images/{id}/file", token, body);
    }

    internal static async Task<TestReply> Patch(TestCloud cloud, string id, string changes, string token = "member-a", string media = PatchMedia)
    {
        using var body = new StringContent(changes);
        body.Headers.ContentType = new MediaTypeHeaderValue(media);
        return await cloud.Send("PATCH", "/image/v2/images/" + id, token, body);
    }

    private static List<string> Files(TestCloud cloud) =>
        Directory.EnumerateFiles(Path.Combine(cloud.Kernel.Settings.DataDirectory, "images"), "*", SearchOption.AllDirectories).ToList();

    private static async Task Until(Func<Task<bool>> holds)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (await holds()) return;
            await Task.Delay(20);
        }

        Assert.Fail("It did not come to pass in 60 s.");
    }

    /// <summary>Gives some bytes and then waits until it is told to end or to break.</summary>
    private sealed class Trickle(CancellationToken over, bool ends = false) : Stream
    {
        private bool begun;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => 0; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!begun)
            {
                begun = true;
                var count = Math.Min(buffer.Length, 4096);
                buffer.Span[..count].Clear();
                return count;
            }

            try
            {
                await Task.Delay(Timeout.Infinite, over);
            }
            catch (OperationCanceledException) when (ends)
            {
                return 0;
            }

            throw new IOException("Cut.");
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
