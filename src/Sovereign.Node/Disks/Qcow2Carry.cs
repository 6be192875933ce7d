using System.IO.Compression;
using System.Security.Cryptography;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Disks;

/// <summary>Disks that go to another node, and disks that come from one. The root disk travels as it is, without the image that it stands on; empty disks are sparse
/// and travel packed.</summary>
public sealed partial class Qcow2Disks
{
    private const string RootName = "root";

    public async Task<Stream> OpenPacked(string carry, string domainId, RootDiskSpec? root, string name, CancellationToken stop)
    {
        var path = root is not null && name == RootName ? ExistingRoot(domainId, root) : await Pack(carry, domainId, name, stop);
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, CopyBytes, useAsync: true);
    }

    public Task DropPacked(string carry, CancellationToken stop)
    {
        foreach (var path in Directory.EnumerateFiles(snapshots, Plain(carry) + "-*.gz*")) File.Delete(path);
        return Task.CompletedTask;
    }

    public async Task EnsureCarried(
        string domainId, RootDiskSpec? root, CarriedDiskSpec disk, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop)
    {
        var path = root is not null && disk.Name == RootName ? RootDisk(domainId, root.Generation) : BlankPath(domainId, disk.Name);
        if (File.Exists(path)) return;
        PassableDirectory.Ensure(Path.GetDirectoryName(path)!);
        var part = $"{path}.{disk.Digest[..16]}.carried";
        await Fetch(part, disk.Digest, open, stop);
        var ready = path + ".new";
        if (root is not null && disk.Name == RootName)
        {
            var image = ImagePath(root.ImageDigest);
            if (!File.Exists(image)) throw new NodeException($"Image {root.ImageDigest} is not on this node; it is fetched before the disk.");
            // Where the image lies is this node's own affair; its bytes are the same, by digest.
            await runner.Must("qemu-img", ["rebase", "-q", "-u", "-f", "qcow2", "-F", root.ImageFormat, "-b", image, part], stop, limit: imageToolLimit);
            File.Move(part, ready, overwrite: true);
        }
        else
        {
            await Unpack(part, ready, stop);
            File.Delete(part);
        }
        DirectorySync.Rename(ready, path);
    }

    private string BlankPath(string domainId, string name) => Path.Combine(disks, Plain(domainId), Plain(name) + ".raw");

    private async Task<string> Pack(string carry, string domainId, string name, CancellationToken stop)
    {
        var packed = Path.Combine(snapshots, $"{Plain(carry)}-{Plain(name)}.gz");
        if (File.Exists(packed)) return packed;
        await using (var source = new FileStream(BlankPath(domainId, name), FileMode.Open, FileAccess.Read, FileShare.Read, CopyBytes, useAsync: true))
        await using (var target = new FileStream(packed + ".new", FileMode.Create, FileAccess.Write, FileShare.None, CopyBytes, useAsync: true))
        await using (var zip = new GZipStream(target, CompressionLevel.Fastest)) await source.CopyToAsync(zip, CopyBytes, stop);
        File.Move(packed + ".new", packed, overwrite: true);
        return packed;
    }

    /// <summary>Writes what is not zero: the file stays sparse.</summary>
    private static async Task Unpack(string packed, string path, CancellationToken stop)
    {
        await using var source = new GZipStream(new FileStream(packed, FileMode.Open, FileAccess.Read, FileShare.Read, CopyBytes, useAsync: true),
            CompressionMode.Decompress);
        await using var target = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, CopyBytes, useAsync: true);
        var buffer = new byte[CopyBytes];
        for (int read; (read = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, stop)) > 0;)
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) await target.WriteAsync(buffer.AsMemory(0, read), stop);
            else target.Seek(read, SeekOrigin.Current);
        }
        target.SetLength(target.Position);
        await target.FlushAsync(stop);
        target.Flush(flushToDisk: true);
    }

    /// <summary>Brings bytes into a file, going on where an earlier try ended; refused when they do not have the digest.</summary>
    private static async Task Fetch(string part, string digest, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, CopyBytes, useAsync: true))
        {
            await Copy(file, null, hash, stop);   // what an earlier try left counts
            await using var source = await open(file.Length, stop);
            await Copy(source, file, hash, stop);
            await file.FlushAsync(stop);
            file.Flush(flushToDisk: true);
        }
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (string.Equals(found, digest, StringComparison.OrdinalIgnoreCase)) return;
        File.Delete(part);
        throw new NodeException($"What should have the digest {digest} arrived with {found}: its bytes were changed or cut on the way. "
            + "It is fetched again from the start.");
    }
}
