using System.Collections.Concurrent;
using System.Text;
using Dapper;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Keys;

/// <summary>One key per project (per domain, for users), wrapped by the master key. Destroying a key erases all that it sealed.</summary>
public sealed class ProjectKeys
{
    /// <summary>Owner of what belongs to no project.</summary>
    public const string Cloud = "cloud";

    private const int CachedKeysMax = 100_000;
    private readonly ConcurrentDictionary<string, byte[]> cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> destroyed = new(StringComparer.Ordinal);
    private const string Purpose = "project-keys";
    private readonly MasterKey master;
    private readonly IRandomness randomness;

    public ProjectKeys(MasterKey master, IRandomness randomness) => (this.master, this.randomness) = (master, randomness);

    /// <param name="context">What is sealed (its id), so that sealed bytes can't be moved to another row.</param>
    public byte[] Seal(Tx tx, string owner, ReadOnlySpan<byte> plain, string context) =>
        Sealing.Seal(Ensure(tx, owner), plain, Encoding.UTF8.GetBytes(context), randomness);

    /// <returns>Null when the key was destroyed or the bytes are not what was sealed.</returns>
    public byte[]? Open(Session session, string owner, byte[] sealedBytes, string context) =>
        Find(session, owner) is { } key ? Sealing.Open(key, sealedBytes, Encoding.UTF8.GetBytes(context)) : null;

    /// <summary>When the owner's key was made (microseconds UTC); null when there is none. What was sealed earlier was under a key that was destroyed.</summary>
    internal static long? MadeAt(Session session, string owner) =>
        session.Scalar<long?>("SELECT made_at FROM project_keys WHERE owner = @owner", new { owner });

    /// <summary>Destroys the key: the owner's documents can't be opened any more; the journal's chain stays verifiable.</summary>
    public void Destroy(Tx tx, string owner)
    {
        tx.Execute("DELETE FROM project_keys WHERE owner = @owner", new { owner });
        // Until the commit other readers may still open with the old key, but this writer must not seal with it again.
        destroyed[owner] = true;
        tx.AfterCommit(() => cache.TryRemove(owner, out _));
    }

    /// <summary>Another process may have destroyed some: all are read again when they are needed.</summary>
    public void Forget() => cache.Clear();

    private byte[] Ensure(Tx tx, string owner)
    {
        if (Find(tx, owner) is { } known) return known;
        var key = randomness.Bytes(MasterKey.Bytes);
        var wrapped = Sealing.Seal(master.Current(Purpose), key, Encoding.UTF8.GetBytes(owner), randomness);
        tx.Connection.Execute(
            "INSERT INTO project_keys (owner, wrapped, made_at) VALUES (@owner, @wrapped, @Now) ON CONFLICT (owner) DO NOTHING", new { owner, wrapped, tx.Now });
        return Find(tx, owner)!;
    }

    private byte[]? Find(Session session, string owner)
    {
        var (writing, rekeyed) = (session is Tx, destroyed.ContainsKey(owner));
        if (!(writing && rekeyed) && cache.TryGetValue(owner, out var cached)) return cached;
        var wrapped = session.FirstOrDefault<byte[]>("SELECT wrapped FROM project_keys WHERE owner = @owner", new { owner });
        if (wrapped is null) return null;
        var key = Unwrapped(owner, wrapped)
            ?? throw new InvalidOperationException($"The key of {owner} was not wrapped by this master key: the data directory and its key file do not belong together.");
        // Inside a write the row may still be rolled back, so only committed keys are remembered.
        if (session is Tx tx) tx.AfterCommit(() => Remember(owner, key));
        else Remember(owner, key);
        return key;
    }

    /// <summary>Seals anew, with the current master key, keys of projects that an older one seals.</summary>
    /// <param name="after">Owners up to this one are done; "" at first.</param>
    /// <returns>The last owner that was looked at, null when there is none left; and how many keys were sealed anew.</returns>
    internal (string? Reached, int Sealed) Rewrap(Tx tx, string after, int rowsMax)
    {
        var rows = tx.Query<Wrapped>("SELECT owner, wrapped AS key FROM project_keys WHERE owner > @after ORDER BY owner LIMIT @rowsMax", new { after, rowsMax });
        var (current, count) = (master.Current(Purpose), 0);
        foreach (var row in rows)
        {
            var context = Encoding.UTF8.GetBytes(row.Owner);
            if (Sealing.Open(current, row.Key, context) is not null) continue;
            var key = Unwrapped(row.Owner, row.Key) ?? throw new InvalidOperationException($"The key of {row.Owner} can't be opened by any master key that there is.");
            tx.Execute("UPDATE project_keys SET wrapped = @wrapped WHERE owner = @Owner", new { wrapped = Sealing.Seal(current, key, context, randomness), row.Owner });
            count++;
        }

        return (rows.Count == 0 ? null : rows[^1].Owner, count);
    }

    private byte[]? Unwrapped(string owner, byte[] wrapped)
    {
        var context = Encoding.UTF8.GetBytes(owner);
        if (Tried() is { } key) return key;
        // Another control plane may have made a new master key since this one read the file.
        master.Reread();
        return Tried();

        byte[]? Tried() => master.All(Purpose).Select(wrapping => Sealing.Open(wrapping, wrapped, context)).FirstOrDefault(opened => opened is not null);
    }

    private void Remember(string owner, byte[] key)
    {
        if (!destroyed.ContainsKey(owner) && cache.Count < CachedKeysMax) cache[owner] = key;
    }

    private sealed record Wrapped
    {
        public string Owner { get; init; } = "";

        public byte[] Key { get; init; } = [];
    }
}
