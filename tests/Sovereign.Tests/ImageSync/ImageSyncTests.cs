using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Network;
using Sovereign.ImageSync;
using Sovereign.Launcher;
using Sovereign.Serve;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Tests.ImageSync;

/// <summary>The sync against a whole cloud, with a mirror on loopback and with a directory.</summary>
public sealed class ImageSyncTests : IAsyncLifetime
{
    private const string Path = "cloud-images.ubuntu.com/releases/noble/release/";
    private const string File = "ubuntu-24.04-server-cloudimg-amd64.img";
    private readonly string directory = Directory.CreateTempSubdirectory("sovereign-sync-").FullName;
    private readonly List<string> said = [];
    private Composition house = null!;
    private TestCloud cloud = null!;

    public async ValueTask InitializeAsync() => cloud = await TestCloud.Start(
        kernel => (house = Composition.Of(kernel, ("admin-password", "demo-password"), new NetworkOptions("198.18.0.0/20"))).Modules, _ => house.Callers);

    public async ValueTask DisposeAsync()
    {
        await cloud.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_standard_image_comes_from_a_directory_and_a_new_version_takes_its_name_over()
    {
        Lay(1);
        Assert.Equal(0, await Sync(null, directory));
        var first = Assert.Single(await Images());
        Assert.Equal(("public", "active", "24.04", "generic", "ubuntu"), (
            (string)first["visibility"]!, (string)first["status"]!, (string)first["os_version"]!, (string)first["os_purpose"]!, (string)first["image_original_user"]!));
        foreach (var name in (string[])[
            "architecture", "hw_disk_bus", "replace_frequency", "provided_until", "uuid_validity", "image_source", "image_description", "image_build_date",
        ])
        {
            Assert.False(string.IsNullOrEmpty((string?)first[name]), name);
        }

        Assert.Equal(0, await Sync(null, directory));
        Assert.Equal((string)first["id"]!, (string)Assert.Single(await Images())["id"]!);
        Assert.Contains("Ubuntu 24.04: is the newest.", said);

        Lay(2);
        Assert.Equal(0, await Sync(null, directory));
        var second = Assert.Single(await Images());
        Assert.NotEqual((string)first["id"]!, (string)second["id"]!);
        var hidden = Assert.Single(await Images("&os_hidden=true"));
        Assert.Equal(((string)first["id"]!, "oldgeneric"), ((string)hidden["id"]!, (string)hidden["os_purpose"]!));
        Assert.Matches("^Ubuntu 24.04 [0-9]{8}$", (string)hidden["name"]!);
    }

    [Fact]
    public async Task A_download_from_a_mirror_that_is_cut_off_goes_on_and_a_wrong_checksum_is_refused()
    {
        var content = Lay(1, size: 3_000_000);
        await using var web = await Mirror.Start(directory);
        web.CutOnce = true;
        Assert.Equal(0, await Sync(web.Address, null));
        Assert.Contains(web.Asked, asked => asked.EndsWith($"{File} bytes={content.Length / 2}-", StringComparison.Ordinal));
        Assert.Single(await Images());
        await System.IO.File.WriteAllTextAsync(
            System.IO.Path.Combine(directory, Path, "SHA256SUMS"), $"{new string('a', 64)} *{File}\n", TestContext.Current.CancellationToken);
        Assert.Equal(1, await Sync(web.Address, null));
        Assert.Contains(said, line => line.Contains("sum is wrong", StringComparison.Ordinal));
        Assert.Single(await Images());
    }

    [Fact]
    public async Task What_an_ended_run_left_is_made_up_for()
    {
        var content = Lay(1);
        var token = await Token();
        var left = await cloud.Send("POST", "/image/v2/images", token, new JsonObject
        {
            ["name"] = "Ubuntu 24.04", ["visibility"] = "private", ["disk_format"] = "qcow2", ["container_format"] = "bare", [ImageSyncRun.Checksum] = Sum(content),
        }.ToJsonString());
        Assert.Equal(0, await Sync(null, directory));
        Assert.Equal((string)left.Json["id"]!, (string)Assert.Single(await Images())["id"]!);
    }

    [Fact]
    public async Task What_is_not_there_is_said_and_the_rest_goes_on()
    {
        Lay(1);
        Assert.Equal(1, await Sync(null, directory, "Debian 12", "Ubuntu 24.04"));
        Assert.Contains(said, line => line.StartsWith("Debian 12: ", StringComparison.Ordinal) && line.Contains("is not there", StringComparison.Ordinal));
        Assert.Single(await Images());
    }

    [Fact]
    public void The_catalogue_says_what_the_standards_ask_for()
    {
        var all = StandardImages.Load();
        Assert.Equal(["Ubuntu 24.04"], all.Select(["mandatory"]).Select(image => image.Name));
        Assert.Equal(["Ubuntu 24.04", "Debian 12"], all.Select([]).Select(image => image.Name));
        Assert.Equal("ubuntu-capi-image-v1.33.1", Assert.Single(all.Select(["ubuntu-capi-image-v1.33.1"])).Name);
        Assert.Throws<LauncherException>(() => all.Select(["ubuntu-capi-image-v../../x"]));
        Assert.Throws<LauncherException>(() => all.Select(["Windows"]));
        foreach (var image in all.Images)
        {
            Assert.Contains(image.Sources, source => image.Url.StartsWith(source, StringComparison.Ordinal));
            foreach (var name in (string[])["architecture", "os_distro", "os_version", "os_purpose", "image_original_user", "image_description", "replace_frequency"])
            {
                Assert.True(image.Properties.ContainsKey(name), $"{image.Name} has no {name}");
            }
        }

        var generic = all.Images.Where(image => image.Properties["os_purpose"] == "generic").ToList();
        Assert.Equal(generic.Count, generic.DistinctBy(image => (image.Properties["os_distro"], image.Properties["os_version"])).Count());
    }

    [Fact]
    public void A_login_is_read_from_clouds_yaml_and_what_is_missing_is_named()
    {
        var file = System.IO.Path.Combine(directory, "clouds.yaml");
        System.IO.File.WriteAllText(
            file, "clouds:\n  a:\n    auth:\n      auth_url: https://x/v3\n      username: u\n      password: p\n      project_name: q\n  b:\n    auth: {}\n");
        Assert.Equal(new CloudLogin("https://x/v3", "u", "p", "Default", "q", "Default", "", null), CloudLogin.Read(file, "a"));
        Assert.Contains("auth_url", Assert.Throws<LauncherException>(() => CloudLogin.Read(file, "b")).Message, StringComparison.Ordinal);
        Assert.Throws<LauncherException>(() => CloudLogin.Read(file, "c"));
        Assert.Throws<LauncherException>(() => CloudLogin.Read(file + "x", "a"));
    }

    private async Task<int> Sync(string? mirror, string? from, params string[] select)
    {
        var login = new CloudLogin("http://cloud.example:8443/identity/v3", "admin", "admin-password", "Default", "admin", "Default", "RegionOne", null);
        using var api = new HttpClient(new ToCloud(cloud.Http.BaseAddress!));
        using var web = new HttpClient();
        var fetcher = new ImageFetcher(web, mirror, from, System.IO.Path.Combine(directory, "work"), TimeProvider.System, said.Add);
        return await new ImageSyncRun(new CloudImages(api, login, TimeProvider.System), fetcher, said.Add)
            .Run(StandardImages.Load().Select(select.Length == 0 ? ["mandatory"] : select), TestContext.Current.CancellationToken);
    }

    private byte[] Lay(int version, int size = 5 * 65_536)
    {
        var content = Qcow2(size);
        content[^1] = (byte)version;
        var place = Directory.CreateDirectory(System.IO.Path.Combine(directory, Path)).FullName;
        System.IO.File.WriteAllBytes(System.IO.Path.Combine(place, File), content);
        System.IO.File.WriteAllText(System.IO.Path.Combine(place, "SHA256SUMS"), $"{new string('0', 64)} *other.img\n{Sum(content)[7..]} *{File}\n");
        return content;
    }

    /// <summary>The smallest that passes for a disk of 32 MiB.</summary>
    private static byte[] Qcow2(int size)
    {
        const int cluster = 65_536;
        var file = new byte[size];
        "QFI"u8.CopyTo(file);
        file[3] = 0xfb;
        void Put32(int at, uint value) => System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at), value);
        void Put64(int at, ulong value) => System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(at), value);
        Put32(4, 3);
        Put32(20, 16);
        Put64(24, 32 << 20);
        Put32(36, 1);
        Put64(40, 3 * cluster);
        Put64(48, cluster);
        Put32(56, 1);
        Put32(96, 4);
        Put32(100, 104);
        return file;
    }

    private static string Sum(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task<IReadOnlyList<JsonNode>> Images(string query = "") =>
        (await cloud.Send("GET", "/image/v2/images?visibility=public" + query, await Token())).Json["images"]!.AsArray().Select(image => image!).ToList();

    private async Task<string> Token() => (await cloud.Send("POST", "/identity/v3/auth/tokens", null, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"admin","password":"admin-password","domain":{"name":"Default"}}}},
        "scope":{"project":{"name":"admin","domain":{"name":"Default"}}}}}
        """)).Headers["X-Subject-Token"];

    /// <summary>Links have the public name; the test's server has a port of its own.</summary>
    private sealed class ToCloud(Uri address) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(address, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
