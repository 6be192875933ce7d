using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;
using Xunit;

namespace Sovereign.Node.Tests.Volumes;

/// <summary>Volumes of a real Ceph cluster, whose pool "volumes" is empty before and after each test.</summary>
public sealed class RbdVolumesTests : VolumesContract
{
    /// <summary>Directory of a cluster that tests/e2e/ceph/lib.sh started.</summary>
    public const string Variable = "SOVEREIGN_TEST_CEPH";

    private readonly string directory = Directory.CreateTempSubdirectory("sov-rbd-").FullName;
    private readonly ProcessRunner runner = new(TimeProvider.System);
    private readonly RbdVolumes driver;

    public RbdVolumesTests() => driver = Node("one");

    protected override IVolumeBackend Driver => driver;

    private static string Cluster => Environment.GetEnvironmentVariable(Variable)
        ?? throw new InvalidOperationException($"{Variable} is not set: it names the directory of a Ceph cluster, which './sovereign test' starts "
            + "(packages ceph-mon, ceph-mgr, ceph-osd, ceph-common, qemu-block-extra).");

    [Fact]
    public async Task The_pool_is_told_as_one_place_that_nodes_share()
    {
        var facts = await Driver.Facts(Stop);
        Assert.Equal(("ceph", "rbd", true), (facts.Name, facts.Driver, facts.Shared));
        using var other = Node("two");
        Assert.Equal(facts.Place, (await other.Facts(Stop)).Place);
        Assert.EndsWith("/volumes", facts.Place, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volumes_of_one_image_stand_on_one_import_that_goes_with_the_last_of_them()
    {
        var (image, path, begins) = await Image();
        using var other = Node("two");
        foreach (var (id, node) in new[] { ("one", driver), ("two", other) })
            await node.Ensure(Volume(id) with { Source = new VolumeSourceSpec { Image = image } }, new VolumeMaterial(path, null, null), Stop);
        Assert.Equal(["image.d", "volume.one.0", "volume.two.0"], await Images());
        // What one node made is there for the other.
        Assert.Equal(Size, (await Driver.Open(Volume("two"), Stop))!.SizeBytes);
        Assert.Equal(begins, (await Bytes(Volume("two")))[..begins.Length]);
        await Driver.Remove("one", Stop);
        Assert.Equal(["image.d", "volume.two.0"], await Images());
        await other.Remove("two", Stop);
    }

    [Fact]
    public async Task What_a_crash_left_half_made_is_made_anew()
    {
        await Rbd("create", "--size", "7M", "volumes/fresh.one.volume.one.0");
        await Driver.Ensure(Volume("one"), VolumeMaterial.None, Stop);
        Assert.Equal(["volume.one.0"], await Images());
        await Rbd("create", "--size", "7M", "volumes/fresh.three.volume.one.0");
        await Driver.Remove("one", Stop);
        Assert.Empty(await Images());
    }

    [Fact]
    public async Task What_was_made_of_a_volume_stays_when_it_goes_and_takes_the_rest_along()
    {
        var volume = await Written("one", First, encrypted: false);
        await Driver.Snapshot(volume, "two", Stop);
        var second = Volume("two") with { Source = new VolumeSourceSpec { VolumeId = "one" } };
        await Driver.Ensure(second, new VolumeMaterial(null, volume, null), Stop);
        await Driver.Snapshot(second, "three", Stop);
        var third = Volume("three") with { Source = new VolumeSourceSpec { VolumeId = "two" } };
        await Driver.Ensure(third, new VolumeMaterial(null, second, null), Stop);
        await Driver.Remove("one", Stop);
        await Driver.Remove("two", Stop);
        Assert.Equal(["volume.three.0"], await Images());
        Assert.Equal(First, (await Bytes(third))[..First.Length]);
        await Driver.Remove("three", Stop);
    }

    protected override async Task<(VolumeImageSpec Spec, string Path, byte[] Begins)> Image()
    {
        var raw = Path.Combine(directory, "raw");
        await File.WriteAllBytesAsync(raw, [.. First, .. new byte[65536 - First.Length]], Stop);
        await runner.Must("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, Path.Combine(directory, "d")], Stop);
        return (new VolumeImageSpec("d", "qcow2", 65536), Path.Combine(directory, "d"), First);
    }

    // A test that failed leaves its volumes to nobody.
    protected override async ValueTask Clean()
    {
        try
        {
            foreach (var id in await Driver.List(Stop)) await Driver.Remove(id, Stop);
            Assert.Empty(await Images());
            Assert.Equal("[]", (await Rbd("trash", "ls", "--format", "json", "volumes")).Trim());
        }
        finally
        {
            driver.Dispose();
            Directory.Delete(directory, recursive: true);
        }
    }

    private RbdVolumes Node(string hostName)
    {
        var options = new RbdOptions("ceph", "volumes", "sovereign", Path.Combine(Cluster, "ceph.conf"), Path.Combine(Cluster, "client.sovereign.keyring"));
        return new RbdVolumes(options, Directory.CreateDirectory(Path.Combine(directory, hostName)).FullName, hostName, runner);
    }

    private async Task<List<string>> Images() => [.. (await Rbd("ls", "volumes")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    private Task<string> Rbd(params string[] arguments) => runner.Must("rbd", ["--conf", Path.Combine(Cluster, "ceph.conf"), .. arguments], Stop);
}
