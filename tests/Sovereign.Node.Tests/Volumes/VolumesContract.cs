using System.Security.Cryptography;
using System.Text;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Node.Tests.Volumes;

/// <summary>What every place of volumes must do. Bytes go in and out by contents alone.</summary>
public abstract class VolumesContract : IAsyncLifetime
{
    protected const long Size = 1 << 20;
    protected static readonly byte[] First = Filled(8192, 1), Second = Filled(4096, 2);
    protected static readonly string Key = new('7', 64);

    protected abstract IVolumeBackend Driver { get; }

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Makes an image that volumes can begin as, its path and its first bytes.</summary>
    protected abstract Task<(VolumeImageSpec Spec, string Path, byte[] Begins)> Image();

    public ValueTask InitializeAsync() => Prepare();

    public async ValueTask DisposeAsync()
    {
        await Clean();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask Prepare() => ValueTask.CompletedTask;

    protected virtual ValueTask Clean() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_volume_of_nothing_reads_zeros_grows_and_goes()
    {
        var volume = Volume("one");
        Assert.Null(await Driver.Open(volume, Stop));
        await Driver.Ensure(volume, VolumeMaterial.None, Stop);
        var place = await Driver.Open(volume, Stop);
        await Driver.Ensure(volume, VolumeMaterial.None, Stop);
        Assert.Equal(place!.Node, (await Driver.Open(volume, Stop))!.Node);
        Assert.Equal(Size, place.SizeBytes);
        Assert.Equal(["one"], await Driver.List(Stop));
        Assert.Equal(new byte[Size], await Bytes(volume));
        var grown = volume with { SizeBytes = 2 * Size };
        await Driver.Ensure(grown, VolumeMaterial.None, Stop);
        Assert.Equal(2 * Size, (await Driver.Open(grown, Stop))!.SizeBytes);
        for (var round = 0; round < 2; round++) await Driver.Remove("one", Stop);
        Assert.Null(await Driver.Open(volume, Stop));
        Assert.Empty(await Driver.List(Stop));
        Assert.True((await Driver.Facts(Stop)).FreeGib > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volume_begins_as_an_image_and_outlives_nothing_of_it(bool encrypted)
    {
        var (image, path, begins) = await Image();
        var volume = Volume("one", encrypted) with { Source = new VolumeSourceSpec { Image = image } };
        for (var round = 0; round < 2; round++) await Driver.Ensure(volume, new VolumeMaterial(path, null, null), Stop);
        Assert.Equal(begins, (await Bytes(volume))[..begins.Length]);
        await Driver.Remove("one", Stop);
        Assert.Empty(await Driver.List(Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_snapshot_keeps_what_was_and_volumes_are_made_of_it_that_outlive_it(bool encrypted)
    {
        var volume = await Written("one", First, encrypted);
        for (var round = 0; round < 2; round++)
        {
            await Driver.PrepareSnapshot(volume, "snap-1", Stop);
            await Driver.Snapshot(volume, "snap-1", Stop);
        }
        // A newer generation of the volume is other bytes in the same volume; its snapshot is not touched.
        volume = volume with { Generation = 1, Source = Kept(Second, out var bytes) };
        await Driver.Ensure(volume, new VolumeMaterial(null, null, (_, _) => Task.FromResult<Stream>(new MemoryStream(bytes))), Stop);
        Assert.Equal(Second, (await Bytes(volume))[..Second.Length]);
        Assert.Equal(First, (await Bytes(volume, "snap-1"))[..First.Length]);

        var clone = Volume("two", encrypted) with { Source = new VolumeSourceSpec { SnapshotId = "snap-1" }, SizeBytes = 2 * Size };
        for (var round = 0; round < 2; round++) await Driver.Ensure(clone, new VolumeMaterial(null, volume, null), Stop);
        await Driver.Snapshot(clone, "three", Stop);
        var third = Volume("three", encrypted) with { Source = new VolumeSourceSpec { VolumeId = "two" } };
        await Driver.Ensure(third, new VolumeMaterial(null, clone, null), Stop);
        await Driver.DropSnapshot("two", "three", Stop);

        // Back to what it was.
        volume = volume with { Generation = 2, Source = new VolumeSourceSpec { SnapshotId = "snap-1" } };
        await Driver.Ensure(volume, new VolumeMaterial(null, volume, null), Stop);
        Assert.Equal(First, (await Bytes(volume))[..First.Length]);
        for (var round = 0; round < 2; round++) await Driver.DropSnapshot("one", "snap-1", Stop);
        await Driver.Remove("one", Stop);
        await Driver.Remove("two", Stop);
        Assert.Equal(["three"], await Driver.List(Stop));
        Assert.Equal(First, (await Bytes(third))[..First.Length]);
        await Driver.Remove("three", Stop);
        Assert.Empty(await Driver.List(Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_holds_what_is_not_zero_then_what_changed_and_makes_the_volume_again(bool encrypted)
    {
        var volume = await Written("one", First, encrypted);
        await Driver.Snapshot(volume, "snap-1", Stop);
        var whole = await Content(volume, new VolumeContentSpec("content-1", null, "snap-1", null, "backup"));
        Assert.InRange(whole.Length, First.Length, 200_000);
        await Driver.Snapshot(volume, "snap-2", Stop);
        var nothing = await Content(volume, new VolumeContentSpec("content-2", null, "snap-2", "snap-1", "backup"));
        Assert.InRange(nothing.Length, 1, 100);
        var again = Volume("two", encrypted) with { Source = new VolumeSourceSpec { Contents = [Of("content-1", whole), Of("content-2", nothing)] } };
        await Driver.Ensure(again, new VolumeMaterial(null, null, (kept, _) =>
            Task.FromResult<Stream>(new MemoryStream(kept.Id == "content-1" ? whole : nothing))), Stop);
        Assert.Equal(await Bytes(volume), await Bytes(again));
        for (var round = 0; round < 2; round++) await Driver.DropContent("content-1", Stop);
    }

    [Fact]
    public async Task What_is_not_there_is_no_source() => await Assert.ThrowsAnyAsync<Exception>(() => Driver.Ensure(
        Volume("one") with { Source = new VolumeSourceSpec { SnapshotId = "none" } }, new VolumeMaterial(null, Volume("two"), null), Stop));

    protected static VolumeSpec Volume(string id, bool encrypted = false) => new(id, "p", "files", Size) { Key = encrypted ? Key : null };

    /// <summary>A volume that begins with these bytes.</summary>
    protected async Task<VolumeSpec> Written(string id, byte[] begins, bool encrypted)
    {
        var volume = Volume(id, encrypted) with { Source = Kept(begins, out var bytes) };
        await Driver.Ensure(volume, new VolumeMaterial(null, null, (_, _) => Task.FromResult<Stream>(new MemoryStream(bytes))), Stop);
        return volume;
    }

    protected async Task<byte[]> Bytes(VolumeSpec volume, string? snapshot = null)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        return await Content(volume, new VolumeContentSpec(id, snapshot is null ? volume.Id : null, snapshot, null, "raw"));
    }

    protected async Task<byte[]> Content(VolumeSpec volume, VolumeContentSpec content)
    {
        await using var stream = await Driver.OpenContent(content, volume, Stop);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, Stop);
        return bytes.ToArray();
    }

    /// <summary>A backup whose disk begins with these bytes.</summary>
    protected static VolumeSourceSpec Kept(byte[] begins, out byte[] backup)
    {
        using var made = new MemoryStream();
        made.Write("rbd diff v1\n"u8);
        made.Write([(byte)'s', .. BitConverter.GetBytes(Size), (byte)'w', .. BitConverter.GetBytes(0L), .. BitConverter.GetBytes((long)begins.Length)]);
        made.Write(begins);
        made.WriteByte((byte)'e');
        backup = made.ToArray();
        return new VolumeSourceSpec { Contents = [Of("kept", backup)] };
    }

    protected static KeptContentSpec Of(string id, byte[] bytes) => new(id, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length);

    private static byte[] Filled(int length, int seed)
    {
        var text = Encoding.ASCII.GetBytes($"The plain text number {seed} of a volume. ");
        return [.. Enumerable.Range(0, length).Select(i => text[i % text.Length])];
    }
}

public sealed class SimulatedVolumesTests : VolumesContract
{
    private readonly SimulatedMachine world = new();

    public SimulatedVolumesTests() => Driver = new SimulatedVolumes(world);

    protected override IVolumeBackend Driver { get; }

    protected override Task<(VolumeImageSpec Spec, string Path, byte[] Begins)> Image()
    {
        world.Images.Add("d");
        return Task.FromResult((new VolumeImageSpec("d", "qcow2", SmallImages.Qcow2.Length), "d", SmallImages.Qcow2));
    }
}

public sealed class QcowVolumesTests : VolumesContract
{
    private readonly string directory = Directory.CreateTempSubdirectory("sov-volumes-").FullName;
    private readonly ProcessRunner runner = new(TimeProvider.System);
    private readonly QcowVolumes driver;

    public QcowVolumesTests() => driver = new QcowVolumes(directory, runner);

    protected override IVolumeBackend Driver => driver;

    [Fact]
    public async Task The_files_of_an_encrypted_volume_hold_no_plain_text_and_go_with_it()
    {
        var volume = await Written("one", First, encrypted: true);
        await Driver.Snapshot(volume, "snap-1", Stop);
        var files = Directory.EnumerateFiles(Path.Combine(directory, "volumes", "one")).ToList();
        Assert.Equal(["1-0.qcow2", "2-0.qcow2", "empty.luks", "snap-1.snapshot"], files.Select(Path.GetFileName).Order());
        foreach (var file in files) Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Stop)).AsSpan().IndexOf("plain text"u8));
        var plain = await Written("two", First, encrypted: false);
        Assert.NotEqual(-1, (await File.ReadAllBytesAsync(Path.Combine(directory, "volumes", "two", "1-0.qcow2"), Stop)).AsSpan().IndexOf("plain text"u8));
        // Of a plain one an encrypted one is made by writing all of it anew.
        await Driver.Snapshot(plain, "three", Stop);
        var third = Volume("three", encrypted: true) with { Source = new VolumeSourceSpec { VolumeId = "two" } };
        await Driver.Ensure(third, new VolumeMaterial(null, plain, null), Stop);
        Assert.Equal(First, (await Bytes(third))[..First.Length]);
        await Driver.DropSnapshot("two", "three", Stop);
        await Driver.Remove("two", Stop);
        foreach (var file in Files()) Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Stop)).AsSpan().IndexOf("plain text"u8));
        await Driver.DropSnapshot("one", "snap-1", Stop);
        await Driver.Remove("one", Stop);
        await Driver.Remove("three", Stop);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_snapshot_that_was_cut_off_anywhere_is_made_by_the_next_try()
    {
        var volume = await Written("one", First, encrypted: false);
        var home = Path.Combine(directory, "volumes", "one");
        await Driver.PrepareSnapshot(volume, "snap-1", Stop);
        // Cut off between the note and the new layer: what is written then is part of the snapshot.
        await File.WriteAllTextAsync(Path.Combine(home, "snap-1.snapshot"), "1", Stop);
        Assert.Equal(1, (await Driver.Open(volume, Stop))!.Head);
        await Assert.ThrowsAsync<NodeException>(() => Bytes(volume, "snap-1"));
        await Driver.Snapshot(volume, "snap-1", Stop);
        Assert.Equal(2, (await Driver.Open(volume, Stop))!.Head);
        Assert.Equal(["1-0.qcow2", "2-0.qcow2", "snap-1.snapshot"], Directory.EnumerateFiles(home).Select(Path.GetFileName).Order());
        // What was prepared for another head, or size, is made anew.
        await Driver.PrepareSnapshot(volume, "snap-2", Stop);
        volume = volume with { SizeBytes = 2 * Size };
        await Driver.Ensure(volume, VolumeMaterial.None, Stop);
        await Driver.Snapshot(volume, "snap-3", Stop);
        await Driver.Snapshot(volume, "snap-2", Stop);
        Assert.Equal((4, 2 * Size), ((await Driver.Open(volume, Stop))!.Head, (await Driver.Open(volume, Stop))!.SizeBytes));
        Assert.Equal(First, (await Bytes(volume))[..First.Length]);
    }

    [Fact]
    public async Task A_chain_that_leaves_the_state_directory_is_refused()
    {
        var volume = await Written("one", First, encrypted: false);
        await runner.Must("qemu-img", ["rebase", "-u", "-b", "/etc/passwd", "-F", "raw", Path.Combine(directory, "volumes", "one", "1-0.qcow2")], Stop);
        Assert.Contains("refused", (await Assert.ThrowsAsync<NodeException>(() => Driver.Open(volume, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kept_content_with_another_digest_is_refused()
    {
        var volume = Volume("one") with { Source = new VolumeSourceSpec { Contents = [new KeptContentSpec("kept", new string('a', 64), 1)] } };
        Kept(First, out var bytes);
        var failure = await Assert.ThrowsAsync<NodeException>(() => Driver.Ensure(
            volume, new VolumeMaterial(null, null, (_, _) => Task.FromResult<Stream>(new MemoryStream(bytes))), Stop));
        Assert.Contains("digest", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await Driver.List(Stop));
    }

    protected override async Task<(VolumeImageSpec Spec, string Path, byte[] Begins)> Image()
    {
        var images = Directory.CreateDirectory(Path.Combine(directory, "images")).FullName;
        var raw = Path.Combine(images, "raw");
        await File.WriteAllBytesAsync(raw, [.. First, .. new byte[65536 - First.Length]], Stop);
        await runner.Must("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, Path.Combine(images, "d")], Stop);
        return (new VolumeImageSpec("d", "qcow2", 65536), Path.Combine(images, "d"), First);
    }

    protected override ValueTask Clean()
    {
        driver.Dispose();
        Directory.Delete(directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private IEnumerable<string> Files() => Directory.EnumerateFiles(Path.Combine(directory, "volumes"), "*", SearchOption.AllDirectories);
}
