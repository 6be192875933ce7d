using System.Globalization;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Journal;

/// <summary>The last entry's place and hash: what is signed and written outside the database every 10 s.</summary>
public sealed record JournalHead(string Incarnation, long Sequence, string Hash);

/// <summary>A deleted resource, kept for a configured time (30 days): its last document and when it went.</summary>
public sealed record Tombstone(string Id, string Owner, long DeletedAt, byte[] Document);

/// <summary>Reads the journal: its head, tombstones, and the verifier of the chain.</summary>
public sealed class JournalReader(Database database, ProjectKeys keys)
{
    private const int VerifyPageEntries = 1_000;

    public JournalHead Head()
    {
        var row = database.Read(session => session.FirstOrDefault<Row>("SELECT incarnation, sequence, hash FROM journal_head WHERE id = 1")!);
        return new JournalHead(row.Incarnation, row.Sequence, Convert.ToHexStringLower(row.Hash));
    }

    /// <summary>The hash of an entry, hex; null when there is none.</summary>
    public string? HashOf(long sequence) => database.Read(session =>
        session.FirstOrDefault<byte[]>("SELECT hash FROM journal WHERE sequence = @sequence", new { sequence })) is { } hash ? Convert.ToHexStringLower(hash) : null;

    /// <summary>Deleted resources of a kind, newest first; owner null for all. Those whose key was erased are left out.</summary>
    public List<Tombstone> Buried(string kind, string? owner, long since, int limit) => database.Read(session =>
        session.Query<TombstoneRow>(
            $"""
            SELECT id, owner, deleted_at, sealed FROM tombstones
            WHERE kind = @kind AND deleted_at >= @since {(owner is null ? "" : "AND owner = @owner")} ORDER BY deleted_at DESC, id LIMIT @limit
            """,
            new { kind, owner = owner ?? "", since, limit = (long)limit })
        .Select(row => keys.Open(session, row.Owner, row.Sealed, row.Id) is { } document ? new Tombstone(row.Id, row.Owner, row.DeletedAt, document) : null)
        .OfType<Tombstone>().ToList());

    /// <summary>Entries newest first, each with its document; a document whose key was erased is null.</summary>
    /// <param name="owner">Project or domain whose resources are asked for; null for all.</param>
    /// <param name="before">Only entries with a smaller sequence.</param>
    /// <param name="kind">Only this kind of resource; null for all.</param>
    /// <param name="id">Only this resource; null for all.</param>
    public List<(JournalEntry Entry, byte[]? Document)> Entries(string? owner, long before, string? kind, string? id, int limit) => database.Read(session =>
    {
        var where = (owner is null ? "" : " AND j.owner = @owner") + (kind is null ? "" : " AND j.kind = @kind") + (id is null ? "" : " AND j.resource_id = @id");
        return session.Query<Row>(
            $"""
            SELECT j.sequence, j.incarnation, j.time, j.request_id, j.actor_id, j.owner, j.kind, j.resource_id, j.change, d.owner AS key_owner, d.sealed
            FROM journal j LEFT JOIN journal_documents d ON d.sequence = j.sequence
            WHERE j.sequence < @before{where} ORDER BY j.sequence DESC LIMIT @limit
            """,
            new { owner = owner ?? "", before, kind = kind ?? "", id = id ?? "", limit = (long)limit })
            .ConvertAll(row => (EntryOf(row), row.Sealed is null ? null : keys.Open(session, row.KeyOwner!, row.Sealed, row.ResourceId)));
    });

    /// <summary>Walks the whole chain and every document that can still be opened.</summary>
    /// <returns>What is wrong, in order; empty when the journal is whole.</returns>
    public List<string> Verify() => database.Read(session =>
    {
        var wrong = new List<string>();
        var previous = JournalChain.Origin;
        long expected = 1;
        Row head;
        while (true)
        {
            // Read before the page: entries committed in between are on the page, never only in the head.
            head = session.FirstOrDefault<Row>("SELECT incarnation, sequence, hash FROM journal_head WHERE id = 1")!;
            var page = session.Query<Row>(
                """
                SELECT j.sequence, j.incarnation, j.time, j.request_id, j.actor_id, j.owner, j.kind, j.resource_id, j.change, j.salt, j.digest, j.hash,
                       d.owner AS key_owner, d.sealed
                FROM journal j LEFT JOIN journal_documents d ON d.sequence = j.sequence
                WHERE j.sequence >= @expected ORDER BY j.sequence LIMIT @limit
                """,
                new { expected, limit = (long)VerifyPageEntries });
            if (page.Count == 0) break;
            foreach (var row in page)
            {
                if (row.Sequence != expected) wrong.Add(Text($"Entry {expected} is missing; the next one is {row.Sequence}."));
                Check(session, row, previous, wrong);
                (previous, expected) = (row.Hash, row.Sequence + 1);
            }
        }

        if (head.Sequence != expected - 1) wrong.Add(Text($"The head says {head.Sequence} entries, the journal has {expected - 1}."));
        if (!head.Hash.AsSpan().SequenceEqual(previous)) wrong.Add("The head's hash is not the last entry's.");
        return wrong;
    });

    private void Check(Session session, Row row, byte[] previous, List<string> wrong)
    {
        var entry = EntryOf(row);
        if (!JournalChain.Hash(previous, entry, row.Digest).AsSpan().SequenceEqual(row.Hash))
        {
            wrong.Add(Text($"Entry {row.Sequence} ({row.Kind} {row.ResourceId}) does not carry the hash of its content: it or its predecessor was changed."));
        }

        if (row.Sealed is null) return;
        var document = keys.Open(session, row.KeyOwner!, row.Sealed, row.ResourceId);
        var whole = row.KeyOwner == (row.Owner ?? ProjectKeys.Cloud)
            && (document is null ? Erased(session, row) : JournalChain.Digest(row.Salt, document).AsSpan().SequenceEqual(row.Digest));
        if (!whole)
        {
            wrong.Add(Text($"The document of entry {row.Sequence} ({row.Kind} {row.ResourceId}) is not the one that was written."));
        }
    }

    /// <summary>A document that does not open is erased when its owner's key is gone, or was made anew after it.</summary>
    private static bool Erased(Session session, Row row) => ProjectKeys.MadeAt(session, row.KeyOwner!) is not { } made || made > row.Time;

    private static JournalEntry EntryOf(Row row) => new(
        row.Sequence, row.Incarnation, row.Time, row.RequestId, row.ActorId, row.Owner, row.Kind, row.ResourceId, (Change)row.Change);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record TombstoneRow
    {
        public string Id { get; init; } = "";

        public string Owner { get; init; } = "";

        public long DeletedAt { get; init; }

        public byte[] Sealed { get; init; } = [];
    }

    private sealed record Row
    {
        public long Sequence { get; init; }

        public string Incarnation { get; init; } = "";

        public long Time { get; init; }

        public string RequestId { get; init; } = "";

        public string ActorId { get; init; } = "";

        public string? Owner { get; init; }

        public string Kind { get; init; } = "";

        public string ResourceId { get; init; } = "";

        public long Change { get; init; }

        public byte[] Salt { get; init; } = [];

        public byte[] Digest { get; init; } = [];

        public byte[] Hash { get; init; } = [];

        public string? KeyOwner { get; init; }

        public byte[]? Sealed { get; init; }
    }
}
