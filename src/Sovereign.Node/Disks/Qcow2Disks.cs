using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Disks;

/// <summary>qcow2 files: images by digest, read-only; one overlay a domain.</summary>
public sealed partial class Qcow2Disks : IDisks
{
    private const int CopyBytes = 256 * 1024;
    private static readonly TimeSpan imageToolLimit = TimeSpan.FromMinutes(2);
    private readonly string images;
    private readonly string disks;
    private readonly string snapshots;
    private readonly string volumes;
    private readonly ProcessRunner runner;

    public Qcow2Disks(string stateDir, ProcessRunner runner)
    {
        this.runner = runner;
        images = PassableDirectory.Ensure(Path.Combine(stateDir, "images"));
        disks = PassableDirectory.Ensure(Path.Combine(stateDir, "disks"));
        snapshots = PassableDirectory.Ensure(Path.Combine(stateDir, "snapshots"));
        volumes = PassableDirectory.Ensure(Path.Combine(stateDir, Volumes.QcowVolumes.DirectoryName));
    }

    public Task<bool> HasImage(string digest, CancellationToken stop) => Task.FromResult(File.Exists(ImagePath(digest)));

    public async Task EnsureImage(string digest, Func<long, CancellationToken, Task<Stream>> open, CancellationToken stop)
    {
        var path = ImagePath(digest);
        if (File.Exists(path)) return;
        var part = path + ".part";
        await Fetch(part, digest, open, stop);
        File.SetUnixFileMode(part, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        DirectorySync.Rename(part, path);
    }

    public async Task<string> EnsureOverlay(string domainId, RootDiskSpec root, CancellationToken stop)
    {
        var path = RootDisk(domainId, root.Generation);
        if (!File.Exists(path)) await Make(domainId, path, root, stop);
        else if (root.SizeBytes > await QcowHeader.VirtualSize(path, stop))
        {
            await runner.Must("qemu-img", ["resize", "-q", "-f", "qcow2", path, root.SizeBytes.ToString(CultureInfo.InvariantCulture)], stop,
                limit: imageToolLimit);
        }
        await Settle(domainId, root, stop);
        return path;
    }

    public Task Settle(string domainId, RootDiskSpec root, CancellationToken stop)
    {
        if (root.CopyOf is not null) return Task.CompletedTask;
        foreach (var (generation, path) in Generations(domainId))
            if (generation != root.Generation) File.Delete(path);
        return Task.CompletedTask;
    }

    private async Task Make(string domainId, string path, RootDiskSpec root, CancellationToken stop)
    {
        // A rebuild's or resize's older disk may be here; a newer one means that this one is lost.
        if (Generations(domainId).Any(disk => disk.Generation > root.Generation))
            throw new NodeException($"The root disk of {domainId} is gone from its node. Put the file back, or delete the server.");
        if (root.CopyOf is { } older)
        {
            await Copy(domainId, RootDisk(domainId, older), path, root.SizeBytes, stop);
            return;
        }
        await Overlay(domainId, path, root, stop);
    }

    /// <summary>A new disk over an image.</summary>
    private async Task Overlay(string domainId, string path, RootDiskSpec root, CancellationToken stop)
    {
        var image = ImagePath(root.ImageDigest);
        if (!File.Exists(image)) throw new NodeException($"Image {root.ImageDigest} is not on this node; it is fetched before the disk is made.");
        PassableDirectory.Ensure(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        var format = root.ImageFormat is "raw" or "qcow2" ? root.ImageFormat
            : throw new NodeException($"Images of format {root.ImageFormat} can't be run; convert the image to qcow2 or raw.");
        if (format == "qcow2") await QcowHeader.RefuseOutsideFiles(image, stop);
        // The header says the size the disk shall have, so nothing has to be resized afterwards.
        List<string> arguments = ["create", "-q", "-f", "qcow2", "-F", format, "-b", image, "-o", "lazy_refcounts=on,compat=1.1",
            temporary];
        if (root.SizeBytes > 0) arguments.Add(Math.Max(root.SizeBytes, await VirtualSize(image, format, stop))
            .ToString(CultureInfo.InvariantCulture));
        try
        {
            await runner.Must("qemu-img", arguments, stop, limit: imageToolLimit);
            DirectorySync.Rename(temporary, path);
        }
        catch (Exception cause) when (cause is IOException || cause.Message.Contains("No space left", StringComparison.Ordinal))
        {
            throw new NodeException($"The disk of {domainId} can't be made: the file system of {disks} is full. Free space there or "
                + "use another node.", cause);
        }
    }

    private async Task Copy(string domainId, string from, string to, long sizeBytes, CancellationToken stop)
    {
        if (!File.Exists(from)) throw new NodeException($"The root disk of {domainId} is gone from its node. Put the file back, or delete the server.");
        var temporary = to + ".new";
        try
        {
            File.Copy(from, temporary, overwrite: true);
            if (sizeBytes > await QcowHeader.VirtualSize(temporary, stop))
                await runner.Must("qemu-img", ["resize", "-q", "-f", "qcow2", temporary, sizeBytes.ToString(CultureInfo.InvariantCulture)], stop,
                    limit: imageToolLimit);
        }
        catch (IOException cause)
        {
            File.Delete(temporary);
            throw new NodeException($"The disk of {domainId} can't be copied: the file system of {disks} is full. Free space there.", cause);
        }
        DirectorySync.Rename(temporary, to);
    }

    public Task<bool> HasOverlay(string domainId, CancellationToken stop) => Task.FromResult(Generations(domainId).Count > 0);

    public Task Remove(string domainId, CancellationToken stop)
    {
        var directory = Path.Combine(disks, Plain(domainId));
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<string>> List(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<string>>([.. Directory.EnumerateDirectories(disks).Select(d => Path.GetFileName(d))
            .Order(StringComparer.Ordinal)]);

    public async Task<int> Reclaim(IReadOnlySet<string> wanted, CancellationToken stop)
    {
        var used = new HashSet<string>(wanted, StringComparer.OrdinalIgnoreCase);
        foreach (var disk in Directory.EnumerateFiles(disks, "r*.qcow2", SearchOption.AllDirectories))
            used.Add(Path.GetFileName(await QcowHeader.BackingFile(disk, stop) ?? ""));
        foreach (var layer in Directory.EnumerateFiles(volumes, "*.qcow2", SearchOption.AllDirectories))
            used.Add(Path.GetFileName(await QcowHeader.BackingFile(layer, stop) ?? ""));
        var reclaimed = 0;
        foreach (var image in Directory.EnumerateFiles(images))
        {
            var name = Path.GetFileName(image);
            if (used.Contains(name.EndsWith(".part", StringComparison.Ordinal) ? name[..^5] : name)) continue;
            File.Delete(image);
            reclaimed++;
        }
        return reclaimed;
    }

    private string RootDisk(string domainId, int generation) => Path.Combine(disks, Plain(domainId),
        generation == 0 ? "root.qcow2" : string.Create(CultureInfo.InvariantCulture, $"root-{generation}.qcow2"));

    private List<(int Generation, string Path)> Generations(string domainId)
    {
        var directory = Path.Combine(disks, Plain(domainId));
        if (!Directory.Exists(directory)) return [];
        return [.. Directory.EnumerateFiles(directory, "root*.qcow2").Select(path =>
        {
            var name = Path.GetFileNameWithoutExtension(path);
            return (name == "root" ? 0 : int.Parse(name["root-".Length..], CultureInfo.InvariantCulture), path);
        })];
    }

    public string ImagePath(string digest) => Path.Combine(images, Plain(digest.ToLowerInvariant()));

    private static async Task<long> VirtualSize(string image, string format, CancellationToken stop) =>
        format == "raw" ? new FileInfo(image).Length : await QcowHeader.VirtualSize(image, stop);

    private static string Plain(string id) =>
        id.Length is > 0 and <= 128 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id
            : throw new NodeException($"'{id}' is no id.");

    // What breaks while bytes arrive is the way here, not this machine's disk.
    private static async Task<int> Arriving(Stream source, byte[] buffer, CancellationToken stop)
    {
        try { return await source.ReadAsync(buffer, stop); }
        catch (Exception cause) when (source is not FileStream && (cause is IOException or HttpRequestException))
        {
            throw new ControlPlaneAwayException($"The image stopped arriving: {cause.Message}", cause);
        }
    }

    private static async Task Copy(Stream source, Stream? target, IncrementalHash hash, CancellationToken stop)
    {
        var buffer = new byte[CopyBytes];
        for (int read; (read = await Arriving(source, buffer, stop)) > 0;)
        {
            hash.AppendData(buffer.AsSpan(0, read));
            if (target is not null) await target.WriteAsync(buffer.AsMemory(0, read), stop);
        }
    }
}

/// <summary>The two facts of a qcow2 header that the node needs, read without starting a program.</summary>
internal static class QcowHeader
{
    private const int Bytes = 72;
    private const int BackingNameBytesMax = 1023;

    public static async Task<long> VirtualSize(string path, CancellationToken stop)
    {
        var header = await Read(path, 0, Bytes, stop);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }

    public static async Task<string?> BackingFile(string path, CancellationToken stop)
    {
        var header = await Read(path, 0, Bytes, stop);
        var at = System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
        var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16));
        return at == 0 || length is <= 0 or > BackingNameBytesMax ? null : System.Text.Encoding.UTF8.GetString(await Read(path, at, length,
            stop));
    }

    /// <summary>What the backing file is to be read as, when the header says it.</summary>
    public static async Task<string?> BackingFormat(string path, CancellationToken stop)
    {
        const uint formatExtension = 0xe2792aca;
        const int lengthAt = 100, extensionHeaderBytes = 8, extensionsBytesMax = 65536;
        long at = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian((await Read(path, 0, lengthAt + 4, stop)).AsSpan(lengthAt));
        while (at < extensionsBytesMax)
        {
            var header = await Read(path, at, extensionHeaderBytes, stop);
            var type = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(header);
            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
            if (type == 0) return null;
            if (type == formatExtension) return System.Text.Encoding.UTF8.GetString(await Read(path, at + extensionHeaderBytes, length, stop));
            at += extensionHeaderBytes + ((length + 7L) & ~7L);
        }
        return null;
    }

    /// <summary>Whether the content is encrypted by LUKS.</summary>
    public static async Task<bool> Encrypted(string path, CancellationToken stop)
    {
        const int methodAt = 32, luks = 2;
        return System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian((await Read(path, 0, Bytes, stop)).AsSpan(methodAt)) == luks;
    }

    /// <summary>An image that points at other files of this machine is never opened.</summary>
    public static async Task RefuseOutsideFiles(string path, CancellationToken stop)
    {
        const long dataFileBit = 1 << 2;
        var header = await Read(path, 0, Bytes + 8, stop);
        var version = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        var features = version >= 3 ? System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(72)) : 0;
        if (await BackingFile(path, stop) is not null || (features & dataFileBit) != 0)
            throw new NodeException("The image refers to another file (backing file or data file), which is refused. Convert it to a "
                + "single qcow2 file.");
    }

    private static async Task<byte[]> Read(string path, long offset, int count, CancellationToken stop)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(offset, SeekOrigin.Begin);
        var bytes = new byte[count];
        await file.ReadExactlyAsync(bytes, stop);
        if (offset == 0 && (bytes[0] != 'Q' || bytes[1] != 'F' || bytes[2] != 'I'
            || bytes[3] != 0xfb)) throw new NodeException($"{path} is no qcow2 file.");
        return bytes;
    }
}
