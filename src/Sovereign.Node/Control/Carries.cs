using System.Security.Cryptography;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>Where disks lie between two nodes.</summary>
public interface ICarryFiles
{
    /// <summary>Keeps the bytes, whole or not at all; what was kept under the name before is replaced.</summary>
    /// <returns>Digest (SHA-256, hex) and length.</returns>
    Task<(string Digest, long Bytes)> Keep(string id, string name, Stream content, CancellationToken stop);

    /// <exception cref="FileNotFoundException">Nothing is kept under the name.</exception>
    Stream Open(string id, string name);

    /// <summary>Absent is fine.</summary>
    void Drop(string id);

    IReadOnlyList<string> List();
}

/// <summary>One directory a carry, one file a disk.</summary>
public sealed class CarryDirectory(string root) : ICarryFiles
{
    private const int CopyBytes = 256 * 1024;

    public async Task<(string Digest, long Bytes)> Keep(string id, string name, Stream content, CancellationToken stop)
    {
        var path = PathOf(id, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var part = path + ".part";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0;
        await using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, CopyBytes, useAsync: true))
        {
            var buffer = new byte[CopyBytes];
            for (int read; (read = await content.ReadAsync(buffer, stop)) > 0; bytes += read)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                await file.WriteAsync(buffer.AsMemory(0, read), stop);
            }
        }

        DirectorySync.Rename(part, path);
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), bytes);
    }

    public Stream Open(string id, string name)
    {
        try
        {
            return new FileStream(PathOf(id, name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, CopyBytes, useAsync: true);
        }
        catch (DirectoryNotFoundException cause)
        {
            throw new FileNotFoundException(cause.Message, cause);
        }
    }

    public void Drop(string id)
    {
        var directory = Path.Combine(root, Plain(id));
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }

    public IReadOnlyList<string> List() => Directory.Exists(root) ? [.. Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path))] : [];

    private string PathOf(string id, string name) => Path.Combine(root, Plain(id), Plain(name));

    private static string Plain(string id) => id.Length is > 0 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        ? id : throw new FileNotFoundException($"'{id}' is no id.");
}

/// <summary>Disks on their way from one node to another: kept by the control plane with their digest until the one who ordered them has no more use.</summary>
internal sealed class Carries(KernelServices kernel, ManifestStore items)
{
    public ICarryFiles Files { get; set; } = new CarryDirectory(Path.Combine(kernel.Settings.DataDirectory, "carries"));

    /// <summary>Drops what nobody knows any more: a process ended between two steps.</summary>
    public void Sweep()
    {
        foreach (var id in Files.List())
        {
            if (kernel.Database.Read(session => Of(session, id).Count == 0 && !items.Wanted(session, ItemKinds.Carry, id))) Files.Drop(id);
        }
    }

    /// <returns>The digest of what was kept, which the sender compares with its own; "" when nobody waits for it any more.</returns>
    public async Task<Outcome<string>> Keep(string id, string name, Stream content, CancellationToken stop)
    {
        if (!kernel.Database.Read(session => items.Wanted(session, ItemKinds.Carry, id))) return new Fault.Gone("Nobody waits for this disk any more.");
        string digest;
        long bytes;
        try
        {
            (digest, bytes) = await Files.Keep(id, name, content, stop);
        }
        catch (IOException cause) when (cause is not FileNotFoundException)
        {
            return new Fault.Conflict($"The control plane can't keep the disk: {cause.Message}");
        }

        return await kernel.Queue.Write<string>(
            "node.carry",
            Origin.System,
            tx =>
            {
                if (!items.Wanted(tx, ItemKinds.Carry, id))
                {
                    tx.AfterCommit(() => Files.Drop(id));
                    return "";
                }

                tx.Execute(
                    """
                    INSERT INTO node_carries (id, name, digest, bytes) VALUES (@id, @name, @digest, @bytes)
                    ON CONFLICT (id, name) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes
                    """,
                    new { id, name, digest, bytes });
                return digest;
            },
            stop);
    }

    public static List<CarriedDiskSpec> Of(Session session, string id) =>
        session.Query<CarryRow>("SELECT id, name, digest, bytes FROM node_carries WHERE id = @id ORDER BY name", new { id })
            .ConvertAll(row => new CarriedDiskSpec(row.Id, row.Name, row.Digest, row.Bytes));

    public void Drop(Tx tx, string id)
    {
        tx.Execute("DELETE FROM node_carries WHERE id = @id", new { id });
        tx.AfterCommit(() => Files.Drop(id));
    }

    private sealed record CarryRow
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public string Digest { get; init; } = "";

        public long Bytes { get; init; }
    }
}
