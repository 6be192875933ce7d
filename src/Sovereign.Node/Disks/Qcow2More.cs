using System.Globalization;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Disks;

/// <summary>Disks beside the root disk, and copies of it.</summary>
public sealed partial class Qcow2Disks
{
    private static readonly TimeSpan copyLimit = TimeSpan.FromHours(1);

    public async Task<string> EnsureRescue(string domainId, RootDiskSpec rescue, CancellationToken stop)
    {
        var path = RescueDisk(domainId, rescue.Generation);
        foreach (var older in RescueDisks(domainId))
            if (older != path) File.Delete(older);
        if (!File.Exists(path)) await Overlay(domainId, path, rescue, stop);
        return path;
    }

    public Task DropRescue(string domainId, CancellationToken stop)
    {
        foreach (var path in RescueDisks(domainId)) File.Delete(path);
        return Task.CompletedTask;
    }

    public async Task<string> EnsureBlank(string domainId, BlankDiskSpec blank, CancellationToken stop)
    {
        var path = BlankPath(domainId, blank.Name);
        if (File.Exists(path)) return path;
        var temporary = path + ".new";
        PassableDirectory.Ensure(Path.GetDirectoryName(path)!);
        await using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write)) file.SetLength(blank.SizeBytes);
        List<string> arguments = blank.Name == "swap" ? ["mkswap", temporary] : ["mkfs.ext4", "-q", "-F", "-L", blank.Name, temporary];
        await runner.Must(arguments[0], arguments[1..], stop, limit: imageToolLimit);
        DirectorySync.Rename(temporary, path);
        return path;
    }

    public Task<bool> HasSnapshot(string id, CancellationToken stop) => Task.FromResult(File.Exists(SnapshotFile(id)));

    public async Task<string> BeginSnapshot(string id, string domainId, RootDiskSpec root, CancellationToken stop)
    {
        var part = SnapshotFile(id) + ".part";
        File.Delete(part);
        var size = await QcowHeader.VirtualSize(ExistingRoot(domainId, root), stop);
        await runner.Must("qemu-img", ["create", "-q", "-f", "qcow2", part, size.ToString(CultureInfo.InvariantCulture)], stop, limit: imageToolLimit);
        return part;
    }

    public async Task CopyRoot(string id, string domainId, RootDiskSpec root, CancellationToken stop)
    {
        var part = SnapshotFile(id) + ".part";
        await runner.Must("qemu-img", ["convert", "-q", "-f", "qcow2", "-O", "qcow2", ExistingRoot(domainId, root), part], stop, limit: copyLimit);
        await EndSnapshot(id, stop);
    }

    public Task EndSnapshot(string id, CancellationToken stop)
    {
        var part = SnapshotFile(id) + ".part";
        DirectorySync.Rename(part, SnapshotFile(id));
        return Task.CompletedTask;
    }

    public Task<Stream> OpenSnapshot(string id, CancellationToken stop) => Task.FromResult<Stream>(
        new FileStream(SnapshotFile(id), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, CopyBytes, useAsync: true));

    public Task DropSnapshot(string id, CancellationToken stop)
    {
        File.Delete(SnapshotFile(id));
        File.Delete(SnapshotFile(id) + ".part");
        return Task.CompletedTask;
    }

    private string SnapshotFile(string id) => Path.Combine(snapshots, Plain(id) + ".qcow2");

    private string RescueDisk(string domainId, int generation) =>
        Path.Combine(disks, Plain(domainId), string.Create(CultureInfo.InvariantCulture, $"rescue-{generation}.qcow2"));

    private IEnumerable<string> RescueDisks(string domainId)
    {
        var directory = Path.Combine(disks, Plain(domainId));
        return Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "rescue-*.qcow2") : [];
    }

    private string ExistingRoot(string domainId, RootDiskSpec root)
    {
        var path = RootDisk(domainId, root.Generation);
        return File.Exists(path) ? path : throw new NodeException($"The root disk of {domainId} is gone from its node: there is nothing to copy.");
    }
}
