using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Disks;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>Volumes as chains of qcow2 layers in the node's state directory: a directory a volume, whose highest layer is written to. A snapshot is a note that names
/// a layer that is written to no more.</summary>
public sealed partial class QcowVolumes : IVolumeBackend, IDisposable
{
    /// <summary>Its directory in the state directory.</summary>
    public const string DirectoryName = "volumes";

    /// <summary>Name of the backend.</summary>
    public const string BackendName = "files";

    private const long GibBytes = 1L << 30;
    private const string Note = ".snapshot";
    private const string Removed = "removed";
    private const string Template = "empty.luks";
    private const string LayerOptions = "compat=1.1,lazy_refcounts=on";
    private static readonly TimeSpan toolLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan copyLimit = TimeSpan.FromHours(6);
    private readonly string stateDir;
    private readonly string volumes;
    private readonly string work;
    private readonly ProcessRunner runner;
    private readonly SemaphoreSlim gate = new(1, 1);

    public QcowVolumes(string stateDir, ProcessRunner runner)
    {
        this.stateDir = Path.GetFullPath(stateDir);
        this.runner = runner;
        volumes = PassableDirectory.Ensure(Path.Combine(this.stateDir, DirectoryName));
        work = PassableDirectory.Ensure(Path.Combine(this.stateDir, DirectoryName + "-work"));
    }

    public bool Shared => false;

    public Task<BackendFacts> Facts(CancellationToken stop)
    {
        var disk = new DriveInfo(stateDir);
        return Task.FromResult(new BackendFacts(BackendName, "qcow2", false, "", disk.TotalSize / GibBytes, disk.AvailableFreeSpace / GibBytes));
    }

    public async Task Ensure(VolumeSpec volume, VolumeMaterial material, CancellationToken stop)
    {
        if (Head(volume.Id) is { } head && head.Generation >= volume.Generation)
        {
            await Grow(volume, head, stop);
            return;
        }
        var directory = PassableDirectory.Ensure(Of(volume.Id));
        var fresh = Path.Combine(directory, "fresh.new");
        File.Delete(fresh);
        await Make(volume, material, fresh, stop);
        await Guarded(async () =>
        {
            var next = new QcowLayer(directory, Layers(directory).Select(layer => layer.Number).DefaultIfEmpty(0).Max() + 1, volume.Generation);
            DirectorySync.Rename(fresh, next.Path);
            File.Delete(Path.Combine(directory, Removed));
            DirectorySync.Flush(directory);
            DirectorySync.Flush(volumes);
            await Collect(stop);
        }, stop);
    }

    public async Task<VolumePlace?> Open(VolumeSpec volume, CancellationToken stop)
    {
        if (Head(volume.Id) is not { } head || head.Generation < volume.Generation) return null;
        var chain = await QcowChain.Read(head.Path, stateDir, stop);
        var secret = VolumeNames.Secret(volume.Id);
        return new VolumePlace(volume.Id, head.Number, await QcowHeader.VirtualSize(head.Path, stop), QcowChain.Node(chain, secret).ToJsonString(),
            QcowChain.Alone(chain[0], secret).ToJsonString(), chain.Exists(file => file.Encrypted) ? Key(volume) : null,
            [.. chain.Select(file => file.Path).Where(path => path.StartsWith(volumes + "/", StringComparison.Ordinal))]);
    }

    public async Task PrepareSnapshot(VolumeSpec volume, string snapshotId, CancellationToken stop)
    {
        if (NoteOf(volume.Id, snapshotId) is { } frozen && Exists(volume.Id).Number > frozen) return;
        await Overlay(volume, Exists(volume.Id), Prepared(volume.Id, snapshotId), stop);
    }

    // First the note, then the layer that is written to from now on: without it the note's layer is still the head, and the snapshot is not made yet.
    public Task Snapshot(VolumeSpec volume, string snapshotId, CancellationToken stop) => Guarded(async () =>
    {
        var head = Exists(volume.Id);
        if (NoteOf(volume.Id, snapshotId) is { } noted && noted < head.Number) return;
        var prepared = Prepared(volume.Id, snapshotId);
        if (!File.Exists(prepared) || await Stale(prepared, head, stop)) await Overlay(volume, head, prepared, stop);
        var note = NotePath(volume.Id, snapshotId);
        await File.WriteAllTextAsync(note + ".new", head.Number.ToString(CultureInfo.InvariantCulture), stop);
        DirectorySync.Rename(note + ".new", note);
        DirectorySync.Rename(prepared, (head with { Number = head.Number + 1 }).Path);
    }, stop);

    public Task<bool> HasSnapshot(string volumeId, string snapshotId, CancellationToken stop) =>
        Task.FromResult(NoteOf(volumeId, snapshotId) is { } noted && Layers(Of(volumeId)).Exists(layer => layer.Number > noted));

    public Task DropSnapshot(string volumeId, string snapshotId, CancellationToken stop) => Guarded(async () =>
    {
        if (!Directory.Exists(Of(volumeId))) return;
        File.Delete(NotePath(volumeId, snapshotId));
        File.Delete(Prepared(volumeId, snapshotId));
        await Collect(stop);
    }, stop);

    public Task Remove(string volumeId, CancellationToken stop) => Guarded(async () =>
    {
        var directory = Of(volumeId);
        if (!Directory.Exists(directory)) return;
        await File.WriteAllTextAsync(Path.Combine(directory, Removed), "", stop);
        File.Delete(Path.Combine(directory, Template));
        foreach (var path in Directory.EnumerateFiles(directory))
            if (path.EndsWith(Note, StringComparison.Ordinal) || path.EndsWith(".new", StringComparison.Ordinal)) File.Delete(path);
        await Collect(stop);
    }, stop);

    public Task<IReadOnlyList<string>> List(CancellationToken stop) => Task.FromResult<IReadOnlyList<string>>(
        [.. Directory.EnumerateDirectories(volumes).Select(Path.GetFileName).OfType<string>().Where(id => Head(id) is not null).Order(StringComparer.Ordinal)]);

    public void Dispose() => gate.Dispose();

    private async Task Grow(VolumeSpec volume, QcowLayer head, CancellationToken stop)
    {
        if (await QcowHeader.VirtualSize(head.Path, stop) >= volume.SizeBytes) return;
        List<string> arguments = ["resize", "-q"];
        if (volume.Key is not null) arguments.AddRange(Secret(volume));
        var file = new ChainFile(head.Path, "qcow2", await QcowHeader.Encrypted(head.Path, stop));
        var node = QcowChain.Alone(file, VolumeNames.Secret(volume.Id));
        node["backing"] = null;
        await runner.Must("qemu-img", [.. arguments, Json(node), Number(volume.SizeBytes)], stop, volume.Key, toolLimit);
    }

    /// <summary>A new, empty layer over another one, as large as it.</summary>
    private async Task Overlay(VolumeSpec volume, QcowLayer below, string path, CancellationToken stop)
    {
        File.Delete(path);
        await Create(volume, path, below.Path, "qcow2", await QcowHeader.VirtualSize(below.Path, stop), stop);
    }

    /// <param name="below">What it stands on; null: nothing.</param>
    private async Task Create(VolumeSpec volume, string path, string? below, string format, long sizeBytes, CancellationToken stop)
    {
        var backing = below is null ? null : Path.GetRelativePath(Path.GetDirectoryName(path)!, below);
        if (volume.Key is not null)
        {
            await CreateEncrypted(volume, path, backing, format, sizeBytes, stop);
            return;
        }
        // Unopened: QEMU may hold the layer below.
        string[] over = backing is null ? [] : ["-u", "-b", backing, "-F", format];
        await runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", .. over, "-o", LayerOptions, path, Number(sizeBytes)], stop, limit: toolLimit);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    // Making a LUKS header takes seconds of measuring: a volume's layers share one.
    private async Task CreateEncrypted(VolumeSpec volume, string path, string? backing, string format, long sizeBytes, CancellationToken stop)
    {
        const int iterationMilliseconds = 10;   // the pass phrase is 256 random bits: nobody guesses it
        var template = Path.Combine(Of(volume.Id), Template);
        if (!File.Exists(template))
        {
            var options = string.Create(CultureInfo.InvariantCulture,
                $"{LayerOptions},encrypt.format=luks,encrypt.key-secret={VolumeNames.Secret(volume.Id)},encrypt.iter-time={iterationMilliseconds}");
            await runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", .. Secret(volume), "-o", options, path, Number(sizeBytes)], stop, volume.Key, toolLimit);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            DirectorySync.Rename(path, template);
        }
        File.Copy(template, path, overwrite: true);
        var node = Json(QcowChain.Alone(new ChainFile(path, "qcow2", true), VolumeNames.Secret(volume.Id)));
        if (sizeBytes != await QcowHeader.VirtualSize(path, stop))
            await runner.Must("qemu-img", ["resize", "-q", "--shrink", .. Secret(volume), node, Number(sizeBytes)], stop, volume.Key, toolLimit);
        if (backing is not null) await runner.Must("qemu-img", ["rebase", "-q", "-u", .. Secret(volume), "-b", backing, "-F", format, node], stop, volume.Key, toolLimit);
    }

    /// <summary>Whether a layer that was prepared stands on another one than the head, or is of another size.</summary>
    private static async Task<bool> Stale(string prepared, QcowLayer head, CancellationToken stop)
    {
        var backing = await QcowHeader.BackingFile(prepared, stop) ?? "";
        return Path.GetFullPath(Path.Combine(head.Directory, backing)) != head.Path
            || await QcowHeader.VirtualSize(prepared, stop) != await QcowHeader.VirtualSize(head.Path, stop);
    }

    /// <summary>Removes layers that are no volume's head, that no snapshot names, and that nothing stands on.</summary>
    private async Task Collect(CancellationToken stop)
    {
        var directories = Directory.EnumerateDirectories(volumes).ToList();
        var (all, needed) = (directories.SelectMany(Layers).ToList(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var directory in directories)
        {
            var noted = Directory.EnumerateFiles(directory, "*" + Note).Select(ReadNote).ToHashSet();
            foreach (var layer in Layers(directory).Where(layer => noted.Contains(layer.Number))) await Need(layer.Path);
            if (Head(Path.GetFileName(directory)) is { } head) await Need(head.Path);
        }
        foreach (var layer in all.Where(layer => !needed.Contains(layer.Path))) File.Delete(layer.Path);
        foreach (var directory in directories.Where(directory => File.Exists(Path.Combine(directory, Removed)) && Layers(directory).Count == 0))
            Directory.Delete(directory, recursive: true);

        async Task Need(string path)
        {
            while (needed.Add(path) && File.Exists(path) && await Backing(path, stop) is { } below) path = below;
        }
    }

    private async Task<string?> Backing(string path, CancellationToken stop)
    {
        var backing = await QcowHeader.BackingFile(path, stop);
        var below = backing is null ? null : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, backing));
        return below is not null && below.StartsWith(volumes + "/", StringComparison.Ordinal) ? below : null;
    }

    private QcowLayer Exists(string volumeId) => Head(volumeId)
        ?? throw new NodeException($"The volume {volumeId} is gone from its node. Put its files back, or delete it.");

    /// <summary>The layer that is written to; null: there is no such volume.</summary>
    private QcowLayer? Head(string volumeId)
    {
        var directory = Of(volumeId);
        return !Directory.Exists(directory) || File.Exists(Path.Combine(directory, Removed)) ? null : Layers(directory).MaxBy(layer => layer.Number);
    }

    private static List<QcowLayer> Layers(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*" + QcowLayer.Ending).Select(QcowLayer.Parse).OfType<QcowLayer>()];

    private string Of(string volumeId) => Path.Combine(volumes, Plain(volumeId));

    private string Prepared(string volumeId, string snapshotId) => Path.Combine(Of(volumeId), Plain(snapshotId) + ".new");

    private string NotePath(string volumeId, string snapshotId) => Path.Combine(Of(volumeId), Plain(snapshotId) + Note);

    private int? NoteOf(string volumeId, string snapshotId) => File.Exists(NotePath(volumeId, snapshotId)) ? ReadNote(NotePath(volumeId, snapshotId)) : null;

    private static int ReadNote(string path) => int.Parse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The layer that a snapshot keeps.</summary>
    private QcowLayer Frozen(string volumeId, string snapshotId)
    {
        if (NoteOf(volumeId, snapshotId) is { } number && Layers(Of(volumeId)) is var layers && layers.Exists(layer => layer.Number > number)
            && layers.Find(layer => layer.Number == number) is { } frozen) return frozen;
        throw new NodeException($"The snapshot {snapshotId} of the volume {volumeId} is gone from its node. Delete it.");
    }

    private async Task Guarded(Func<Task> work, CancellationToken stop)
    {
        await gate.WaitAsync(stop);
        try { await work(); }
        finally { gate.Release(); }
    }

    private static string Key(VolumeSpec volume) =>
        volume.Key ?? throw new NodeException($"The volume {volume.Id} is encrypted and came without its key: the control plane must give it.");

    // By the standard input, which nobody else sees.
    private static string[] Secret(VolumeSpec volume) => ["--object", $"secret,id={VolumeNames.Secret(volume.Id)},file=/dev/stdin"];

    private static string Json(System.Text.Json.Nodes.JsonObject node) => "json:" + node.ToJsonString(JsonSerializerOptions.Web);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Plain(string id) =>
        id.Length is > 0 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : throw new NodeException($"'{id}' is no id.");
}
