using Dapper;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Journal;

/// <summary>Numbers, chains and seals the entries of a group as the last statements of its transaction, and tells followers after the commit.</summary>
internal sealed class JournalWriter(ProjectKeys keys, IRandomness randomness)
{
    private readonly List<Action<IReadOnlyList<JournalEntry>>> followers = [];

    public void Follow(Action<IReadOnlyList<JournalEntry>> follower) => followers.Add(follower);

    public void Publish(IReadOnlyList<JournalEntry> entries)
    {
        foreach (var follower in followers) follower(entries);
    }

    public List<JournalEntry> Append(Tx tx, List<PendingEntry> pending)
    {
        var appended = new List<JournalEntry>(pending.Count);
        if (pending.Count == 0) return appended;
        // This update locks the head: on PostgreSQL other replicas wait here until our commit, so sequence order is commit order.
        var head = tx.FirstOrDefault<HeadRow>(
            "UPDATE journal_head SET sequence = sequence + @count WHERE id = 1 RETURNING incarnation, sequence, hash", new { count = (long)pending.Count })!;
        var hash = head.Hash;
        var sequence = head.Sequence - pending.Count;
        foreach (var next in pending)
        {
            var entry = new JournalEntry(
                ++sequence, head.Incarnation, tx.Now, next.Origin.RequestId, next.Origin.ActorId, next.Owner, next.Kind, next.Id, next.Change);
            hash = AppendOne(tx, entry, next.Document, hash);
            appended.Add(entry);
        }

        tx.Execute("UPDATE journal_head SET hash = @hash WHERE id = 1", new { hash });
        return appended;
    }

    private byte[] AppendOne(Tx tx, JournalEntry entry, byte[] document, byte[] previous)
    {
        var salt = randomness.Bytes(JournalChain.SaltBytes);
        var digest = JournalChain.Digest(salt, document);
        var hash = JournalChain.Hash(previous, entry, digest);
        var owner = entry.Owner ?? ProjectKeys.Cloud;
        tx.Connection.Execute(
            """
            INSERT INTO journal (sequence, incarnation, time, request_id, actor_id, owner, kind, resource_id, change, salt, digest, hash)
            VALUES (@Sequence, @Incarnation, @Time, @RequestId, @ActorId, @Owner, @Kind, @Id, @change, @salt, @digest, @hash)
            """,
            new
            {
                entry.Sequence, entry.Incarnation, entry.Time, entry.RequestId, entry.ActorId, entry.Owner, entry.Kind, entry.Id,
                change = (long)entry.Change, salt, digest, hash,
            });
        var sealedDocument = keys.Seal(tx, owner, document, entry.Id);
        tx.Connection.Execute(
            "INSERT INTO journal_documents (sequence, owner, form, sealed) VALUES (@Sequence, @owner, 1, @sealedDocument)",
            new { entry.Sequence, owner, sealedDocument });
        if (entry.Change == Change.Deleted) Bury(tx, entry, owner, sealedDocument);
        return hash;
    }

    private static void Bury(Tx tx, JournalEntry entry, string owner, byte[] sealedDocument) =>
        tx.Connection.Execute(
            """
            INSERT INTO tombstones (kind, id, owner, deleted_at, sealed) VALUES (@Kind, @Id, @owner, @Time, @sealedDocument)
            ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner, deleted_at = excluded.deleted_at, sealed = excluded.sealed
            """,
            new { entry.Kind, entry.Id, owner, entry.Time, sealedDocument });

    private sealed record HeadRow
    {
        public required string Incarnation { get; init; }

        public required long Sequence { get; init; }

        public required byte[] Hash { get; init; }
    }
}
