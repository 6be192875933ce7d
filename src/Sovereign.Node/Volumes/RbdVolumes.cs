using System.Globalization;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>Volumes as images of a Ceph pool, which every node reaches. What is being made has another name until it is whole, so that a crash leaves nothing
/// half made under a volume's name.</summary>
public sealed partial class RbdVolumes : IVolumeBackend, IDisposable
{
    private const string VolumePrefix = "volume.", ImagePrefix = "image.", FreshPrefix = "fresh.";

    /// <summary>The snapshot of a cached image on which volumes stand.</summary>
    private const string ImageSnapshot = "image";

    /// <summary>What QEMU's LUKS header takes with the algorithms below; the volume begins after it.</summary>
    private const long LuksHeaderBytes = 2068480;

    private readonly RbdOptions options;
    private readonly string hostName;
    private readonly string work;
    private readonly ProcessRunner runner;
    private readonly RbdPool pool;
    private readonly SemaphoreSlim gate = new(1, 1);
    private bool swept;

    /// <param name="hostName">This node's, which no other node of the cloud has.</param>
    public RbdVolumes(RbdOptions options, string stateDir, string hostName, ProcessRunner runner)
    {
        (this.options, this.hostName, this.runner) = (options, hostName, runner);
        work = PassableDirectory.Ensure(Path.Combine(Path.GetFullPath(stateDir), "volumes-" + options.Name));
        pool = new RbdPool(options, work, runner);
    }

    public bool Shared => true;

    public Task<BackendFacts> Facts(CancellationToken stop) => pool.Facts(stop);

    public async Task Ensure(VolumeSpec volume, VolumeMaterial material, CancellationToken stop)
    {
        if (await Head(volume, stop) is var (head, info))
        {
            if (info.Size < RawSize(volume, volume.SizeBytes)) await pool.Resize(head, RawSize(volume, volume.SizeBytes), stop);
            return;
        }
        pool.Files();
        var name = Name(volume.Id, volume.Generation);
        var fresh = Fresh(name);
        await Discard(fresh, stop);
        await Make(volume, material, fresh, stop);
        // Another node may have been first.
        if (!await pool.Rename(fresh, name, stop) && await pool.Info(name, stop) is { } there && (await pool.Info(fresh, stop))?.Id != there.Id)
            await Discard(fresh, stop);
        foreach (var (older, _) in (await Generations(volume.Id, stop)).Where(one => one.Generation < volume.Generation)) await DiscardUnkept(older, stop);
    }

    public async Task<VolumePlace?> Open(VolumeSpec volume, CancellationToken stop)
    {
        if (await Head(volume, stop) is not var (name, info)) return null;
        return new VolumePlace(volume.Id, 0, info.Size - RawSize(volume, 0), Node(volume, name, null).ToJsonString(), null, volume.Key, pool.Files());
    }

    public Task PrepareSnapshot(VolumeSpec volume, string snapshotId, CancellationToken stop) => Task.CompletedTask;

    public async Task Snapshot(VolumeSpec volume, string snapshotId, CancellationToken stop)
    {
        if (await Keeping(volume.Id, snapshotId, stop) is not null) return;
        await pool.TakeSnapshot((await Exists(volume, stop)).Name, Plain(snapshotId), stop);
    }

    public async Task<bool> HasSnapshot(string volumeId, string snapshotId, CancellationToken stop) => await Keeping(volumeId, snapshotId, stop) is not null;

    public async Task DropSnapshot(string volumeId, string snapshotId, CancellationToken stop)
    {
        if (await Keeping(volumeId, snapshotId, stop) is not { } image) return;
        await pool.DropSnapshot(image, Plain(snapshotId), stop);
        if ((await Generations(volumeId, stop)).FirstOrDefault() is var (head, _) && head != image) await DiscardUnkept(image, stop);
    }

    public async Task Remove(string volumeId, CancellationToken stop)
    {
        await Sweep(stop);
        var ending = "." + VolumePrefix + Plain(volumeId) + ".";
        foreach (var image in (await pool.Images(stop)).Where(name => ("." + name).Contains(ending, StringComparison.Ordinal))) await Discard(image, stop);
    }

    public async Task<IReadOnlyList<string>> List(CancellationToken stop) =>
        [.. (await pool.Images(stop)).Select(Parse).Where(parsed => parsed.Id.Length > 0).Select(parsed => parsed.Id).Distinct().Order(StringComparer.Ordinal)];

    public void Dispose() => gate.Dispose();

    /// <summary>The image that is read and written now; null: it is not there in its generation.</summary>
    private async Task<(string Name, RbdInfo Info)?> Head(VolumeSpec volume, CancellationToken stop)
    {
        var name = Name(volume.Id, volume.Generation);
        if (await pool.Info(name, stop) is { } info) return (name, info);
        return (await Generations(volume.Id, stop)).FirstOrDefault() is var (newer, generation) && generation > volume.Generation
            && await pool.Info(newer, stop) is { } seen ? (newer, seen) : null;
    }

    private async Task<(string Name, RbdInfo Info)> Exists(VolumeSpec volume, CancellationToken stop) => await Head(volume, stop)
        ?? throw new NodeException($"The volume {volume.Id} is gone from the pool {options.Pool}. Put its image back, or delete it.");

    /// <summary>A volume's images, the newest first.</summary>
    private async Task<List<(string Name, int Generation)>> Generations(string volumeId, CancellationToken stop) =>
        [.. (await pool.Images(stop)).Select(name => (Name: name, Parsed: Parse(name))).Where(one => one.Parsed.Id == Plain(volumeId))
            .OrderByDescending(one => one.Parsed.Generation).Select(one => (one.Name, one.Parsed.Generation))];

    /// <summary>The image that has a snapshot of a volume; null: there is no such snapshot.</summary>
    private async Task<string?> Keeping(string volumeId, string snapshotId, CancellationToken stop)
    {
        foreach (var (image, _) in await Generations(volumeId, stop))
            if ((await pool.Snapshots(image, stop)).Exists(snapshot => snapshot.Name == snapshotId)) return image;
        return null;
    }

    private async Task<string> Frozen(string volumeId, string snapshotId, CancellationToken stop) => await Keeping(volumeId, Plain(snapshotId), stop)
        ?? throw new NodeException($"The snapshot {snapshotId} of the volume {volumeId} is gone from the pool {options.Pool}. Delete it.");

    private async Task DiscardUnkept(string image, CancellationToken stop)
    {
        if ((await pool.Snapshots(image, stop)).Count == 0) await Discard(image, stop);
    }

    /// <summary>Removes an image, and of what it stands on that which only it kept.</summary>
    private async Task Discard(string image, CancellationToken stop)
    {
        if (await pool.Info(image, stop) is not { } info) return;
        foreach (var snapshot in await pool.Snapshots(image, stop)) await pool.DropSnapshot(image, snapshot.Name, stop);
        await pool.Remove(image, stop);
        await Release(info.Parent, stop);
    }

    private async Task Release(RbdParent? parent, CancellationToken stop)
    {
        while (parent is { Trash: true } trashed)
        {
            var above = await pool.InfoOfTrashed(trashed.Id, stop);
            if (!await pool.RemoveTrashed(trashed.Id, stop)) return;
            parent = above?.Parent;
        }
        if (parent is not null && parent.Image.StartsWith(ImagePrefix, StringComparison.Ordinal))
            await Guarded(() => ReleaseImage(parent.Image, stop), stop);
    }

    // A node that makes a volume of it at this moment fails, tries again, and brings the image anew.
    private async Task ReleaseImage(string image, CancellationToken stop)
    {
        if (!await pool.HasChildren(image, ImageSnapshot, stop)) await Discard(image, stop);
    }

    /// <summary>Once: what a crash left in the trash.</summary>
    private async Task Sweep(CancellationToken stop)
    {
        if (swept) return;
        var known = new[] { VolumePrefix, ImagePrefix, FreshPrefix };
        foreach (var trashed in (await pool.Trash(stop)).Where(one => known.Any(prefix => one.Name.StartsWith(prefix, StringComparison.Ordinal))))
            await Release(new RbdParent(trashed.Name, trashed.Id, "", true), stop);
        swept = true;
    }

    private async Task Guarded(Func<Task> work, CancellationToken stop)
    {
        await gate.WaitAsync(stop);
        try { await work(); }
        finally { gate.Release(); }
    }

    private string Fresh(string name) => $"{FreshPrefix}{hostName}.{name}";

    private static string Name(string volumeId, int generation) => string.Create(CultureInfo.InvariantCulture, $"{VolumePrefix}{Plain(volumeId)}.{generation}");

    /// <summary>Volume and generation of an image; "" when it is no volume's.</summary>
    private static (string Id, int Generation) Parse(string name)
    {
        var parts = name.Split('.');
        return parts.Length == 3 && parts[0] + "." == VolumePrefix && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            ? (parts[1], generation) : ("", 0);
    }

    /// <summary>Bytes of the image of a volume of this size.</summary>
    private static long RawSize(VolumeSpec volume, long sizeBytes) => sizeBytes + (volume.Key is null ? 0 : LuksHeaderBytes);

    private static string Plain(string id) =>
        id.Length is > 0 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : throw new NodeException($"'{id}' is no id.");
}
