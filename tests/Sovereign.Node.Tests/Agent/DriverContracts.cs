using System.Security.Cryptography;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Fabric;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;
using Sovereign.Node.Tests.Fabric;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Agent;

/// <summary>What every disk driver must do.</summary>
public abstract class DisksContract : IAsyncLifetime
{
    protected static readonly byte[] Image = new byte[65536];
    protected static readonly string Digest = Convert.ToHexStringLower(SHA256.HashData(Image));
    protected static readonly RootDiskSpec Root = new(Digest, "raw", Image.Length, 1 << 20);

    protected abstract IDisks Driver { get; }

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => Prepare();

    public async ValueTask DisposeAsync()
    {
        await Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    protected virtual ValueTask Clean() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_image_is_fetched_once_and_disks_stand_on_it()
    {
        await Driver.EnsureImage(Digest, Open, Stop);
        await Driver.EnsureImage(Digest, (_, _) => throw new InvalidOperationException("It is here already."), Stop);
        Assert.True(await Driver.HasImage(Digest, Stop));
        Assert.False(await Driver.HasOverlay("one", Stop));
        Assert.Equal(await Driver.EnsureOverlay("one", Root, Stop), await Driver.EnsureOverlay("one", Root, Stop));
        Assert.True(await Driver.HasOverlay("one", Stop));
        Assert.Equal(["one"], await Driver.List(Stop));
        Assert.Equal(0, await Driver.Reclaim(new HashSet<string>(), Stop));
        await Driver.Remove("one", Stop);
        await Driver.Remove("one", Stop);
        Assert.Empty(await Driver.List(Stop));
        Assert.Equal(0, await Driver.Reclaim(new HashSet<string> { Digest }, Stop));
        Assert.Equal(1, await Driver.Reclaim(new HashSet<string>(), Stop));
        Assert.False(await Driver.HasImage(Digest, Stop));
    }

    [Fact]
    public async Task A_newer_generation_of_a_disk_is_a_copy_or_new_and_the_older_goes_when_it_is_not_kept()
    {
        await Driver.EnsureImage(Digest, Open, Stop);
        var first = await Driver.EnsureOverlay("one", Root, Stop);
        var copy = Root with { Generation = 1, CopyOf = 0, SizeBytes = 2 << 20 };
        var second = await Driver.EnsureOverlay("one", copy, Stop);
        await Driver.Settle("one", copy, Stop);
        Assert.Equal(first, await Driver.EnsureOverlay("one", Root with { CopyOf = 1 }, Stop));
        Assert.Equal(second, await Driver.EnsureOverlay("one", copy with { CopyOf = null }, Stop));
        await Driver.EnsureOverlay("one", Root with { Generation = 2 }, Stop);
        await Driver.Settle("one", Root with { Generation = 2 }, Stop);
        Assert.Equal(["one"], await Driver.List(Stop));
        await Driver.Remove("one", Stop);
        Assert.False(await Driver.HasOverlay("one", Stop));
    }

    [Fact]
    public async Task A_disk_goes_to_another_machine_once()
    {
        await Driver.EnsureImage(Digest, Open, Stop);
        await Driver.EnsureOverlay("one", Root, Stop);
        using var bytes = new MemoryStream();
        await using (var content = await Driver.OpenPacked("carry-1", "one", Root, "root", Stop)) await content.CopyToAsync(bytes, Stop);
        var carried = new CarriedDiskSpec("carry-1", "root", Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), bytes.Length);
        await Driver.DropPacked("carry-1", Stop);
        await Driver.DropPacked("carry-1", Stop);
        await Driver.EnsureCarried("two", Root, carried, (offset, _) => Task.FromResult<Stream>(new MemoryStream(bytes.ToArray()[(int)offset..])), Stop);
        await Driver.EnsureCarried("two", Root, carried, (_, _) => throw new InvalidOperationException("It is here already."), Stop);
        Assert.True(await Driver.HasOverlay("two", Stop));
        await Driver.EnsureOverlay("two", Root with { SizeBytes = 2 << 20 }, Stop);
        Assert.Equal(["one", "two"], await Driver.List(Stop));
    }

    [Fact]
    public async Task A_disk_without_its_image_is_refused() => await Assert.ThrowsAnyAsync<Exception>(() => Driver.EnsureOverlay("one",
        Root, Stop));

    protected static Task<Stream> Open(long offset, CancellationToken stop) => Task.FromResult<Stream>(new MemoryStream(Image, (int)offset,
        Image.Length - (int)offset));
}

public sealed class SimulatedDisksTests : DisksContract
{
    protected override IDisks Driver { get; } = new SimulatedDisks(new SimulatedMachine());
}

public sealed class Qcow2DisksTests : DisksContract
{
    private readonly string directory = Directory.CreateTempSubdirectory("sov-disks-").FullName;
    private readonly ProcessRunner runner = new(TimeProvider.System);

    public Qcow2DisksTests() => Driver = new Qcow2Disks(directory, runner);

    protected override IDisks Driver { get; }

    [Fact]
    public async Task Bytes_that_do_not_have_the_digest_are_refused_and_nothing_is_left()
    {
        var failure = await Assert.ThrowsAsync<NodeException>(() => Driver.EnsureImage(new string('a', 64), Open, Stop));
        Assert.Contains("digest", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(directory, "images")));
    }

    [Fact]
    public async Task A_download_that_was_cut_goes_on_where_it_ended()
    {
        await File.WriteAllBytesAsync(Path.Combine(directory, "images", Digest + ".part"), Image[..1000], Stop);
        var asked = -1L;
        await Driver.EnsureImage(Digest, (offset, stop) => { asked = offset; return Open(offset, stop); }, Stop);
        Assert.Equal(1000, asked);
        Assert.True(await Driver.HasImage(Digest, Stop));
    }

    [Fact]
    public async Task An_empty_disk_travels_packed_and_stays_sparse()
    {
        await Driver.EnsureImage(Digest, Open, Stop);
        await Driver.EnsureOverlay("one", Root, Stop);
        var path = await Driver.EnsureBlank("one", new BlankDiskSpec("swap", 8 << 20), Stop);
        var before = await File.ReadAllBytesAsync(path, Stop);
        using var bytes = new MemoryStream();
        await using (var content = await Driver.OpenPacked("carry-1", "one", Root, "swap", Stop)) await content.CopyToAsync(bytes, Stop);
        Assert.True(bytes.Length < 100_000);
        await Driver.DropPacked("carry-1", Stop);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(directory, "snapshots")));
        var carried = new CarriedDiskSpec("carry-1", "swap", Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())), bytes.Length);
        await Driver.EnsureCarried("two", Root, carried, (offset, _) => Task.FromResult<Stream>(new MemoryStream(bytes.ToArray()[(int)offset..])), Stop);
        var after = await Driver.EnsureBlank("two", new BlankDiskSpec("swap", 8 << 20), Stop);
        Assert.Equal(before, await File.ReadAllBytesAsync(after, Stop));
        var wrong = carried with { Digest = new string('a', 64) };
        await Assert.ThrowsAsync<NodeException>(() => Driver.EnsureCarried("three", Root, wrong, (_, _) => Task.FromResult<Stream>(new MemoryStream([1])), Stop));
    }

    [Fact]
    public async Task An_image_that_points_at_another_file_is_refused()
    {
        var path = Path.Combine(directory, "evil");
        await runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", path], Stop);
        var bytes = await File.ReadAllBytesAsync(path, Stop);
        var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
        await Driver.EnsureImage(digest, (_, _) => Task.FromResult<Stream>(new MemoryStream(bytes)), Stop);
        var failure = await Assert.ThrowsAsync<NodeException>(() => Driver.EnsureOverlay("one", new RootDiskSpec(digest, "qcow2",
            bytes.Length, 0), Stop));
        Assert.Contains("refers to another file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_config_drive_is_a_disk_with_long_names_that_other_programs_read()
    {
        var domain = RealCloud.Domain(Digest, "raw", 1, []);
        var path = Path.Combine(directory, "config.iso");
        await File.WriteAllBytesAsync(path, ConfigDrive.Build(domain.Guest), Stop);
        var listing = await runner.Must("isoinfo", ["-R", "-f", "-i", path], Stop);
        Assert.Contains("/openstack/latest/meta_data.json", listing, StringComparison.Ordinal);
        Assert.Contains("/openstack/2018-08-27/vendor_data2.json", listing, StringComparison.Ordinal);
        Assert.Equal(domain.Guest.MetaDataJson, await runner.Must("isoinfo", ["-R", "-i", path, "-x", "/openstack/latest/meta_data.json"],
            Stop));
        Assert.Equal("hello", await runner.Must("isoinfo", ["-R", "-i", path, "-x", "/openstack/content/0000"], Stop));
        Assert.Contains("Volume id: config-2", await runner.Must("isoinfo", ["-d", "-i", path], Stop), StringComparison.Ordinal);
    }

    protected override ValueTask Clean()
    {
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What every hypervisor driver must do.</summary>
public abstract class HypervisorContract : IAsyncLifetime
{
    protected abstract IHypervisor Driver { get; }

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected abstract Task<DomainDisks> Disk(DomainSpec domain);

    /// <summary>An empty qcow2 file of the disk's size.</summary>
    protected virtual Task<string> Target() => Task.FromResult("t");

    public ValueTask InitializeAsync() => Prepare();

    public async ValueTask DisposeAsync()
    {
        await Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    protected virtual ValueTask Clean() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_domain_starts_once_is_seen_is_killed_and_goes()
    {
        var domain = RealCloud.Domain("d", "raw", 1, []) with { RebootCount = 3 };
        Assert.Equal(DomainPower.Absent, (await Driver.Look(domain.Id, Stop)).Power);
        var disk = await Disk(domain);
        await Driver.Start(domain, disk, Stop);
        await Driver.Start(domain, disk, Stop);
        Assert.Equal(new DomainSight(domain.Id, DomainPower.Running, 3), await Driver.Look(domain.Id, Stop));
        Assert.Equal([domain.Id], (await Driver.List(Stop)).Select(s => s.Id));
        await Assert.ThrowsAnyAsync<Exception>(() => Driver.Remove(domain.Id, Stop));
        await Driver.Kill(domain.Id, Stop);
        await Driver.Kill(domain.Id, Stop);
        Assert.Equal(DomainPower.Halted, (await Driver.Look(domain.Id, Stop)).Power);
        await Driver.PowerDown(domain.Id, Stop);
        await Driver.Remove(domain.Id, Stop);
        await Driver.Remove(domain.Id, Stop);
        Assert.Equal(DomainPower.Absent, (await Driver.Look(domain.Id, Stop)).Power);
        Assert.Empty(await Driver.ConsoleTail(domain.Id, 100, Stop));
    }

    [Fact]
    public async Task A_domain_that_ends_while_it_is_asked_has_no_volumes()
    {
        for (var domain = RealCloud.Domain("d", "raw", 1, []); domain.RebootCount < 5; domain = domain with { RebootCount = domain.RebootCount + 1 })
        {
            await Driver.Start(domain, await Disk(domain), Stop);
            var asking = Asking(domain.Id);
            await Driver.Kill(domain.Id, Stop);
            await asking;
            await Driver.Remove(domain.Id, Stop);
        }

        async Task Asking(string id)
        {
            for (var i = 0; i < 2000; i++) Assert.Empty(await Driver.VolumesOf(id, Stop));
        }
    }

    [Fact]
    public async Task A_running_domain_s_disk_is_copied_again_and_again_but_not_one_that_is_off()
    {
        var domain = RealCloud.Domain("d", "raw", 1, []);
        await Driver.Start(domain, await Disk(domain), Stop);
        var target = await Target();
        await Driver.CopyDisk(domain.Id, target, Stop);
        await Driver.Pause(domain.Id, Stop);
        await Driver.CopyDisk(domain.Id, target, Stop);
        await Driver.Kill(domain.Id, Stop);
        await Assert.ThrowsAnyAsync<Exception>(() => Driver.CopyDisk(domain.Id, target, Stop));
    }

    [Fact]
    public async Task A_domain_stands_still_sleeps_and_wakes()
    {
        var domain = RealCloud.Domain("d", "raw", 1, []);
        var disk = await Disk(domain);
        await Driver.Start(domain, disk, Stop);
        await Driver.Pause(domain.Id, Stop);
        await Driver.Pause(domain.Id, Stop);
        Assert.Equal(DomainPower.Paused, (await Driver.Look(domain.Id, Stop)).Power);
        Assert.Equal("paused", (await Driver.Diagnose(domain.Id, Stop))!.State);
        await Driver.Unpause(domain.Id, Stop);
        Assert.Equal(DomainPower.Running, (await Driver.Look(domain.Id, Stop)).Power);
        Assert.Single((await Driver.Diagnose(domain.Id, Stop))!.Cpus);
        Assert.True(await Driver.Interrupt(domain.Id, Stop));
        for (var round = 0; round < 2; round++)
        {
            await Driver.Suspend(domain.Id, Stop);
            await Driver.Suspend(domain.Id, Stop);
            Assert.Equal(DomainPower.Suspended, (await Driver.Look(domain.Id, Stop)).Power);
            Assert.Null(await Driver.Diagnose(domain.Id, Stop));
            Assert.False(await Driver.Interrupt(domain.Id, Stop));
            await Driver.Start(domain, disk, Stop);
            Assert.Equal(new DomainSight(domain.Id, DomainPower.Running, 0), await Driver.Look(domain.Id, Stop));
        }

        await Driver.Suspend(domain.Id, Stop);
        await Driver.Kill(domain.Id, Stop);
        Assert.Equal(DomainPower.Halted, (await Driver.Look(domain.Id, Stop)).Power);
        await Driver.Remove(domain.Id, Stop);
    }
}

public sealed class SimulatedHypervisorTests : HypervisorContract
{
    private readonly SimulatedMachine world = new();

    public SimulatedHypervisorTests() => Driver = new SimulatedHypervisor(world);

    protected override IHypervisor Driver { get; }

    protected override Task<DomainDisks> Disk(DomainSpec domain)
    {
        world.Disks[domain.Id] = "d";
        return Task.FromResult(new DomainDisks("d", null, []));
    }
}

public sealed class QemuHypervisorTests : HypervisorContract
{
    private readonly PacketWorld world = new();
    private QemuHypervisor? driver;

    protected override IHypervisor Driver => driver!;

    protected override async ValueTask Prepare()
    {
        await world.InitializeAsync();
        driver = new QemuHypervisor(new QemuOptions(world.Options.Cloud, world.Options.Node, world.Options.StateDir, world.Names.Switch,
            null), world.Runner, TimeProvider.System);
        await driver.Probe(Stop);
    }

    protected override async ValueTask Clean()
    {
        await driver!.Destroy(CancellationToken.None);
        driver.Dispose();
        await world.DisposeAsync();
    }

    protected override async Task<DomainDisks> Disk(DomainSpec domain)
    {
        var path = Path.Combine(world.Options.StateDir, "disk.qcow2");
        await world.Runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", path, "1M"], Stop);
        return new DomainDisks(path, null, []);
    }

    protected override async Task<string> Target()
    {
        var path = Path.Combine(world.Options.StateDir, "copy.qcow2");
        await world.Runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", path, "1M"], Stop);
        return path;
    }
}
