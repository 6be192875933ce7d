using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapper;
using Sovereign.Kernel.Journal;

namespace Sovereign.Kernel.Store;

/// <summary>Who asked for a change; goes into the journal.</summary>
/// <param name="ActorId">User id, or "system" for the cloud's own work.</param>
/// <param name="ProjectId">Project of the actor's scope; null for none.</param>
public sealed record Origin(string RequestId, string ActorId, string? ProjectId)
{
    public static readonly Origin System = new("", "system", null);
}

/// <summary>One operation inside the writer's transaction. A body is synchronous, has no effect but SQL, and may be run again.</summary>
public sealed class Tx : Session
{
    private readonly List<PendingEntry> entries = [];
    private readonly List<Action> committed = [];

    internal Tx(DbConnection connection, Origin origin, long now)
        : base(connection) => (Origin, Now) = (origin, now);

    public Origin Origin { get; }

    /// <summary>The time of this operation, microseconds UTC.</summary>
    public long Now { get; }

    internal IReadOnlyList<PendingEntry> Entries => entries;

    internal IReadOnlyList<Action> Committed => committed;

    /// <summary>Runs a statement; the number of rows it changed tells who won a conditional update.</summary>
    public int Execute(string sql, object? parameters = null)
    {
        (sql, parameters) = ListParameters.For(Connection, sql, parameters);
        return Connection.Execute(sql, parameters);
    }

    /// <summary>Appends to the journal. Every change of a resource does this in the transaction of the change.</summary>
    /// <param name="owner">Project (domain for users) whose key seals the document; null for the cloud's own.</param>
    /// <param name="document">The resource after the change, without secrets; for a deletion what it was.</param>
    public void Record<T>(string kind, string id, string? owner, Change change, T document, JsonTypeInfo<T> type) =>
        entries.Add(new PendingEntry(kind, id, owner, change, JsonSerializer.SerializeToUtf8Bytes(document, type)));

    /// <summary>Makes the resource due: its reconciler looks at it no later than the given time (null: at once).</summary>
    public void Due(string kind, string id, long? at = null)
    {
        Execute(
            """
            INSERT INTO due (kind, id, at, attempts, generation, lease_until) VALUES (@kind, @id, @at, 0, 1, 0)
            ON CONFLICT (kind, id) DO UPDATE SET
              at = CASE WHEN due.at < excluded.at THEN due.at ELSE excluded.at END, generation = due.generation + 1
            """,
            new { kind, id, at = at ?? Now });
        DueWritten = true;
    }

    /// <summary>True the first time in this cloud's life that the mark is set: for what is made once and stays deleted when someone deletes it.</summary>
    public bool First(string mark) =>
        Execute("INSERT INTO cloud (name, value) VALUES (@mark, '1') ON CONFLICT (name) DO NOTHING", new { mark }) == 1;

    internal bool DueWritten { get; private set; }

    /// <summary>Runs after the commit is durable, in commit order, if the operation stands. Must be quick and not throw: a nudge, a cache.</summary>
    public void AfterCommit(Action action) => committed.Add(action);
}
