using System.Diagnostics;
using System.Text.Json.Nodes;
using Sovereign.Image.Imports;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Image.Tests;

/// <summary>The stock client is the judge: it goes through the same address that links have, by way of the test server as its proxy.</summary>
[Collection(nameof(Alone))]
public sealed class StockClientTests
{
    private static readonly TimeSpan commandTimeMax = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task The_stock_client_creates_lists_shows_changes_saves_and_deletes_an_image()
    {
        Assert.True(File.Exists("/usr/bin/openstack"), "python3-openstackclient is not installed.");
        await using var cloud = await TestCloud.Start(kernel => [new ImageModule(kernel)]);
        var directory = Directory.CreateTempSubdirectory("sovereign-client-").FullName;
        try
        {
            var file = Path.Combine(directory, "tiny.qcow2");
            await File.WriteAllBytesAsync(file, TestImages.Qcow2(), TestContext.Current.CancellationToken);
            var created = await Run(cloud, "member-a", "image", "create", "--file", file, "--disk-format", "qcow2", "--container-format", "bare", "--property", "os_distro=others", "--tag", "t1", "timg", "-f", "json");
            var id = (string)created!["id"]!;
            Assert.Equal("timg", (string)created["name"]!);
            var shown = await Run(cloud, "member-a", "image", "show", "timg", "-f", "json");
            Assert.Equal(("active", "qcow2", "shared", 32 << 20), ((string)shown!["status"]!, (string)shown["disk_format"]!, (string)shown["visibility"]!, (int)shown["virtual_size"]!));
            Assert.Equal("others", (string)shown["properties"]!["os_distro"]!);
            await Run(cloud, "member-a", "image", "set", "--name", "timg2", "--property", "architecture=x86_64", "--min-ram", "64", "--tag", "t2", "timg");
            await Run(cloud, "member-a", "image", "unset", "--property", "os_distro", "--tag", "t1", "timg2");
            var listed = (await Run(cloud, "member-a", "image", "list", "--long", "--tag", "t2", "--sort", "name:asc", "-f", "json"))!.AsArray().Single()!;
            Assert.Equal((id, "timg2", "active"), ((string)listed["ID"]!, (string)listed["Name"]!, (string)listed["Status"]!));
            var saved = Path.Combine(directory, "saved");
            await Run(cloud, "member-a", "image", "save", "--file", saved, "timg2");
            Assert.Equal(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(saved, TestContext.Current.CancellationToken));
            await Run(cloud, "admin", "image", "set", "--deactivate", id);
            await Run(cloud, "admin", "image", "set", "--activate", "--public", id);
            Assert.Equal("public", (string)(await Run(cloud, "member-b", "image", "show", id, "-f", "json"))!["visibility"]!);
            await Run(cloud, "member-a", "image", "set", "--protected", "timg2");
            await Assert.ThrowsAsync<InvalidOperationException>(() => Run(cloud, "member-a", "image", "delete", "timg2"));
            await Run(cloud, "member-a", "image", "set", "--unprotected", "timg2");
            await Run(cloud, "member-a", "image", "delete", "timg2");
            Assert.Empty((await Run(cloud, "admin", "image", "list", "-f", "json"))!.AsArray());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_stock_clients_import_images_share_them_and_read_tasks_stores_and_usage()
    {
        Assert.True(File.Exists("/usr/bin/glance"), "python3-glanceclient, which python3-openstackclient brings, is not installed.");
        var directory = Directory.CreateTempSubdirectory("sovereign-client-").FullName;
        await using var web = await WebPlace.Start();
        await using var cloud = await TestCloud.Start(kernel => [new ImageModule(kernel, new ImportOptions([System.Net.IPNetwork.Parse("127.0.0.0/8")], null, null))]);
        try
        {
            var file = Path.Combine(directory, "tiny.qcow2");
            web.Files["/tiny"] = TestImages.Qcow2();
            await File.WriteAllBytesAsync(file, TestImages.Qcow2(), TestContext.Current.CancellationToken);
            await Run(cloud, "member-a", "image", "create", "--import", "--file", file, "--disk-format", "qcow2", "staged", "-f", "json");
            string[] form = ["--disk-format", "qcow2", "--container-format", "bare"];
            await Glance(cloud, "member-a", ["image-create-via-import", "--import-method", "web-download", "--uri", web.Url("tiny"), .. form, "--name", "fetched"]);
            await Glance(cloud, "member-a", ["image-create-via-import", "--import-method", "glance-direct", "--file", file, .. form, "--name", "direct"]);
            foreach (var name in (string[])["staged", "fetched", "direct"])
            {
                JsonNode? shown = null;
                for (var tries = 0; tries < 20 && (string?)shown?["status"] != "active"; tries++)
                {
                    shown = await Run(cloud, "member-a", "image", "show", name, "-f", "json");
                }

                Assert.Equal((name, "active", 32 << 20), (name, (string)shown!["status"]!, (int)shown["virtual_size"]!));
            }

            var id = (string)(await Run(cloud, "member-a", "image", "show", "fetched", "-f", "json"))!["id"]!;
            Assert.Contains("web-download", await Glance(cloud, "member-a", ["import-info"]), StringComparison.Ordinal);
            Assert.Contains("local", await Glance(cloud, "member-a", ["stores-info"]), StringComparison.Ordinal);
            Assert.Contains("image_count_total", await Glance(cloud, "member-a", ["usage"]), StringComparison.Ordinal);
            Assert.Contains("success", await Glance(cloud, "member-a", ["image-tasks", id]), StringComparison.Ordinal);
            Assert.Contains("success", await Glance(cloud, "admin", ["task-list"]), StringComparison.Ordinal);
            var project = TestCallers.Id("project-b");
            await Glance(cloud, "member-a", ["member-create", id, project]);
            Assert.Contains("pending", await Glance(cloud, "member-a", ["member-list", "--image-id", id]), StringComparison.Ordinal);
            Assert.DoesNotContain(id, await Glance(cloud, "member-b", ["image-list"]), StringComparison.Ordinal);
            await Glance(cloud, "member-b", ["member-update", id, project, "accepted"]);
            Assert.Contains(id, await Glance(cloud, "member-b", ["image-list", "--visibility", "shared"]), StringComparison.Ordinal);
            await Glance(cloud, "member-a", ["image-deactivate", id]);
            await Glance(cloud, "member-a", ["image-reactivate", id]);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_large_image_streams_both_ways_in_constant_memory()
    {
        const int megabytes = 512;
        await using var cloud = await TestCloud.Start(kernel => [new ImageModule(kernel)]);
        var id = await ImageApiTests.Create(cloud, "raw");
        using var content = new StreamContent(new Zeros(megabytes * 1024L * 1024));
        content.Headers.ContentType = new("application/octet-stream");
        var before = GC.GetTotalAllocatedBytes();
        var clock = Stopwatch.StartNew();
        Assert.Equal(204, (await cloud.Send("PUT", $"/image/v2/images/{id}/file", body: content)).Status);
        var up = megabytes / clock.Elapsed.TotalSeconds;
        clock.Restart();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/image/v2/images/{id}/file");
        request.Headers.Add("X-Auth-Token", "member-a");
        using var response = await cloud.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[1 << 20];
        long received = 0;
        for (int count; (count = await body.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;) received += count;
        var down = megabytes / clock.Elapsed.TotalSeconds;
        var allocated = (GC.GetTotalAllocatedBytes() - before) >> 20;
        TestContext.Current.TestOutputHelper?.WriteLine($"up {up:F0} MiB/s, down {down:F0} MiB/s, {allocated} MiB allocated by server and client together");
        Assert.Equal(megabytes * 1024L * 1024, received);
        Assert.InRange(allocated, 0, megabytes / 4);
    }

    private static async Task<JsonNode?> Run(TestCloud cloud, string token, params string[] arguments)
    {
        var text = await Ask("/usr/bin/openstack", cloud, token, arguments);
        return arguments.Contains("json") ? JsonNode.Parse(text) : null;
    }

    private static Task<string> Glance(TestCloud cloud, string token, IReadOnlyList<string> arguments) =>
        Ask("/usr/bin/glance", cloud, token, ["--os-image-url", "http://cloud.example:8443/image", "--os-auth-token", token, .. arguments]);

    private static async Task<string> Ask(string program, TestCloud cloud, string token, IReadOnlyList<string> arguments)
    {
        // With standard input closed: the glance client takes an open one that is no terminal for the image's bytes.
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", "exec \"$@\" <&-", "sh", program]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in new[]
        {
            // The glance client knows only the plug-in of passwords, and needs none for a token and an URL.
            ("OS_AUTH_TYPE", program.EndsWith("glance", StringComparison.Ordinal) ? "password" : "admin_token"), ("OS_ENDPOINT", "http://cloud.example:8443/image/v2"), ("OS_TOKEN", token), ("http_proxy", cloud.Http.BaseAddress!.ToString()),
            ("no_proxy", ""), ("HOME", cloud.Kernel.Settings.DataDirectory),   // the glance client keeps schemas in its home
        })
        {
            start.Environment[name] = value;
        }

        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timer.CancelAfter(commandTimeMax);
        try
        {
            await process.WaitForExitAsync(timer.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await errors} {await output}");
        return await output;
    }

    /// <summary>Zeros, as many as wanted.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long given;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => given; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var now = (int)Math.Min(count, length - given);
            Array.Clear(buffer, offset, now);
            given += now;
            return now;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var now = (int)Math.Min(buffer.Length, length - given);
            buffer.Span[..now].Clear();
            given += now;
            return ValueTask.FromResult(now);
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>What measures the process's own allocations runs beside nothing else.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
