using System.Buffers;
using System.Security.Cryptography;
using Sovereign.Kernel;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Volume.Backups.Keeping;

namespace Sovereign.Volume.Backups;

/// <summary>The bytes of backups between nodes and the store.</summary>
internal sealed class BackupContents(KernelServices kernel, IBackupStore store, BackupBooks books)
{
    private const int BufferBytes = 1024 * 1024;
    private static readonly TimeSpan idleMax = TimeSpan.FromMinutes(5);

    public bool Has(string id) => kernel.Database.Read(session => BackupRows.Find(session, id)) is not null;

    /// <summary>Keeps what a node sends. What breaks on the way leaves nothing, and the node begins again; a store that is full or gone is the backup's end.</summary>
    /// <returns>SHA-256 of what was kept.</returns>
    public async Task<Outcome<string>> Receive(string id, Stream content, CancellationToken stop)
    {
        var (row, key) = kernel.Database.Read(session => BackupRows.Find(session, id) is { } found ? (found, Key(session, found)) : (null, null));
        if (row is null || !Wanted(row)) return Unwanted(id);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long bytes = 0, stored;
        try
        {
            stored = await store.Put(row.Content, async (target, end) => bytes = await Copy(content, target, digest, key, row.Content, end), stop);
        }
        catch (BrokenSourceException broken)
        {
            return new Fault.Unavailable(broken.Message);
        }
        catch (BackupStoreException broken)
        {
            await kernel.Queue.Write<Done>("volume-backup.fail", Origin.System, tx =>
            {
                if (BackupRows.Find(tx, id) is { } now && Wanted(now)) books.Fail(tx, now, broken.Message);
                return Done.Value;
            }, stop);
            return new Fault.Conflict(broken.Message);
        }

        var kept = Convert.ToHexStringLower(digest.GetHashAndReset());
        var done = await kernel.Queue.Write<string>("volume-backup.keep", Origin.System, tx =>
        {
            if (BackupRows.Find(tx, id) is not { } now || !Wanted(now)) return Unwanted(id);
            BackupBooks.Save(tx, now with { Bytes = bytes, StoredBytes = stored, Digest = kept });
            tx.Due(BackupRow.Kind, id);
            return kept;
        }, stop);
        if (!done.Ok && !Has(id)) await store.Remove(row.Content, stop);
        return done;
    }

    /// <summary>Opens what is kept, as it travelled.</summary>
    public Outcome<Stream> Open(string id)
    {
        var (row, key) = kernel.Database.Read(session => BackupRows.Find(session, id) is { } found ? (found, Key(session, found)) : (null, null));
        if (row?.Digest is null) return new Fault.NotFound("Content", id);
        return new SeekableContent(row.Bytes, async (offset, stop) => key is null
            ? await store.Open(row.Content, offset, stop)
            : new SealedBytes.OpenedStream(await store.Open(row.Content, SealedBytes.PlaceOf(offset), stop), key, row.Content, offset,
                () => new BackupStoreException($"The bytes {row.Content} of a backup were changed in the store. Put them back from a copy, or delete the backup.")));
    }

    /// <summary>Removes its bytes, unless another backup has the same ones.</summary>
    public async Task Remove(BackupRow row, CancellationToken stop)
    {
        if (!kernel.Database.Read(session => BackupRows.Shared(session, row))) await store.Remove(row.Content, stop);
    }

    /// <summary>Whether the store has what a record says.</summary>
    public async Task<string?> Missing(BackupRow row, CancellationToken stop)
    {
        try
        {
            var size = await store.Size(row.Content, stop);
            return size is null ? $"The store has no bytes of the name {row.Content}: put them there, and import the record again."
                : size != row.StoredBytes ? $"The store has {size} bytes of the name {row.Content}, and the record says {row.StoredBytes}: they are another's."
                : null;
        }
        catch (BackupStoreException gone)
        {
            return gone.Message;
        }
    }

    private static bool Wanted(BackupRow row) => row is { Status: BackupStates.Creating, Deleting: false, NodeId: not null };

    private static Fault Unwanted(string id) => new Fault.Gone($"The backup {id} is not wanted any more.");

    private byte[]? Key(Session session, BackupRow row) => row.SealedKey is null
        ? null
        : kernel.Keys.Open(session, row.ProjectId, row.SealedKey, row.Id)
            ?? throw new InvalidOperationException($"The key of backup {row.Id} can't be opened: its project's key was destroyed.");

    private async Task<long> Copy(Stream source, Stream target, IncrementalHash digest, byte[]? key, string name, CancellationToken stop)
    {
        var sealer = key is null ? null : new SealedBytes.Writer(target.WriteAsync, key, name, kernel.Randomness);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        long bytes = 0;
        try
        {
            while (await Read(source, buffer, idle, stop) is > 0 and var count)
            {
                var part = buffer.AsMemory(0, count);
                digest.AppendData(part.Span);
                if (sealer is null) await target.WriteAsync(part, stop);
                else await sealer.Write(part, stop);
                bytes += count;
            }

            if (sealer is not null) await sealer.Finish(stop);
            return bytes;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A source that breaks is no fault of the store.</summary>
    private static async Task<int> Read(Stream source, byte[] buffer, CancellationTokenSource idle, CancellationToken stop)
    {
        idle.CancelAfter(idleMax);
        try
        {
            return await source.ReadAsync(buffer, idle.Token);
        }
        catch (Exception error) when (error is IOException || (error is OperationCanceledException && !stop.IsCancellationRequested))
        {
            throw new BrokenSourceException("What the node sends broke off.", error);
        }
    }

    private sealed class BrokenSourceException(string message, Exception cause) : Exception(message, cause);
}
