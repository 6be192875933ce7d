using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sovereign.Kernel;
using Sovereign.Kernel.Due;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.ObjectStore.Objects;

namespace Sovereign.ObjectStore.Contents;

/// <summary>Between rows and bytes: receives contents, gives committed ones their place, and removes what nobody speaks of any more.</summary>
internal sealed class ContentKeeper(KernelServices kernel, IObjectContents contents) : IPeriodic
{
    private const int GarbageBatch = 500;
    private readonly ConcurrentDictionary<string, int> readers = new(StringComparer.Ordinal);
    private readonly ILogger log = kernel.Log("object-store");

    public string Name => "object-garbage";

    public TimeSpan Every { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Receives a body into a draft, then runs the transaction that makes it somebody's. When that does not stand, the draft goes.</summary>
    /// <param name="seal">What stands between the body and the disk: encryption; null: nothing does.</param>
    /// <param name="place">Given what was stored.</param>
    public async Task<Outcome<T>> Receive<T>(
        Stream body, ExpectedContent expected, Func<IContentDraft, string, IContentDraft>? seal, string operation, Origin origin, Func<Tx, StoredContent,
            Outcome<T>> place,
        CancellationToken stop)
    {
        var name = kernel.Ids.Hex();
        var (stands, known) = (false, true);
        try
        {
            StoredContent stored;
            using (var draft = new CheckedDraft(contents.Create(name)))
            {
                var arrived = await ContentReceiver.Receive(body, seal is null ? draft : seal(draft, name), expected, stop);
                if (arrived.Fault is { } refused) return refused;
                stored = new StoredContent(arrived.Value.Size == 0 ? null : name, draft.Crc, arrived.Value);
            }

            // From here on the client's patience does not matter: the transaction decides.
            known = false;
            var placed = await kernel.Queue.Write<T>(operation, origin, tx => place(tx, stored), CancellationToken.None);
            known = true;
            stands = placed.Ok && stored.Name is not null;
            if (stands) contents.Keep(name);
            return placed;
        }
        catch (IOException error) when (error.IsDiskFull())
        {
            return ContentFaults.DiskFull;
        }
        catch (IOException error) when (!stands)
        {
            log.LogError(error, "Storing content {Content} failed.", name);
            return new Fault.Unavailable("The object could not be stored: the disk of the object store fails.");
        }
        finally
        {
            // When the store broke nobody knows whether it committed: the draft stays, and the next start decides.
            if (known && !stands) contents.Remove(name);
        }
    }

    /// <summary>Opens a content that is held.</summary>
    /// <exception cref="IOException">It is not there: what the row says is lost.</exception>
    public Stream Open(string name, long offset, long length) =>
        contents.Open(name, offset, length) ?? throw new IOException($"The content {name} is missing in the store.");

    /// <summary>Nothing removes this content before it is closed.</summary>
    public void Hold(string name) => readers.AddOrUpdate(name, 1, (_, count) => count + 1);

    public void Close(string name)
    {
        if (readers.AddOrUpdate(name, 0, (_, count) => count - 1) <= 0) readers.TryRemove(new(name, 0));
    }

    /// <summary>Removes garbage that nobody reads.</summary>
    public async Task<string> Run(CancellationToken stop)
    {
        var gone = 0;
        while (true)
        {
            var garbage = kernel.Database.Read(session => ObjectRows.Garbage(session, kernel.Clock.Now(), GarbageBatch)).Where(name =>
                !readers.ContainsKey(name)).ToList();
            foreach (var name in garbage) contents.Remove(name);
            if (garbage.Count > 0)
            {
                await kernel.Queue.Write<Done>(
                    "object.garbage",
                    Origin.System,
                    tx =>
                    {
                        ObjectRows.Forget(tx, garbage);
                        return Done.Value;
                    },
                    stop);
            }

            gone += garbage.Count;
            if (garbage.Count < GarbageBatch) return $"removed {gone} contents";
        }
    }

    /// <summary>Finishes what a dead process left: drafts that were committed get their place, the others go.</summary>
    public void Recover()
    {
        contents.Prepare();
        var (kept, gone) = (0, 0);
        foreach (var name in contents.Drafts())
        {
            if (kernel.Database.Read(session => ObjectRows.IsKnown(session, name)))
            {
                contents.Keep(name);
                kept++;
            }
            else
            {
                contents.Remove(name);
                gone++;
            }
        }

        if (kept + gone > 0) log.LogInformation("Of what was being stored when the last process died, {Kept} contents were committed and {Gone} were not.", kept, gone);
    }

    /// <summary>Rows without their content, and contents without a row. Others may write meanwhile: what looks wrong is looked at again.</summary>
    public List<string> Verify()
    {
        var kept = contents.Names().ToHashSet(StringComparer.Ordinal);
        var known = kernel.Database.Read(session => session.Query<string>(
            "SELECT content FROM objects WHERE content IS NOT NULL UNION SELECT content FROM parts WHERE content IS NOT NULL "
            + "UNION SELECT content FROM object_garbage")).ToHashSet(StringComparer.Ordinal);
        var missing = known.Except(kept).Where(name => IsKnown(name) && !IsThere(name)).Select(name => $"The content {name} of an object is missing.");
        var strange = kept.Except(known).Where(name => !IsKnown(name) && IsThere(name)).Select(name => $"The content {name} belongs to no object.");
        return missing.Concat(strange).ToList();
    }

    private bool IsKnown(string name) => kernel.Database.Read(session => ObjectRows.IsKnown(session, name));

    private bool IsThere(string name)
    {
        using var stream = contents.Open(name, 0, 0);
        return stream is not null;
    }
}

/// <summary>A content that is durable in the store.</summary>
/// <param name="Name">Null for no bytes, which need no content.</param>
/// <param name="Crc">CRC-32C of the bytes as they are stored, with which the scrubber finds rot.</param>
internal sealed record StoredContent(string? Name, uint Crc, ReceivedContent Received);

/// <summary>Keeps the sum of what is written to a draft.</summary>
internal sealed class CheckedDraft(IContentDraft draft) : IContentDraft
{
    private readonly Crc32C crc = new();

    public uint Crc => crc.Value;

    public ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        crc.Append(bytes.Span);
        return draft.Write(bytes, stop);
    }

    public Task Flush(CancellationToken stop) => draft.Flush(stop);

    public void Dispose() => draft.Dispose();
}
