using System.Data.Common;
using System.Threading.Channels;
using Dapper;
using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Store;

/// <summary>The one writer of a process. A group of operations is one transaction, run again with a savepoint each when one of them faults; its last
/// statements number and chain the journal's entries, so that sequence order is commit order. An operation completes only after its commit is durable.</summary>
public sealed class WriteQueue : IAsyncDisposable
{
    private const int GroupOperationsMax = 64;
    private const int WaitingOperationsMax = 10_000;
    private const int GroupAttemptsMax = 10;

    private readonly Channel<Operation> waiting = Channel.CreateBounded<Operation>(
        new BoundedChannelOptions(WaitingOperationsMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly IEngine engine;
    private readonly JournalWriter journal;
    private readonly TimeProvider clock;
    private readonly ICrashPoints crashPoints;
    private readonly ILogger log;
    private DbConnection? connection;
    private Task loop = Task.CompletedTask;

    internal WriteQueue(IEngine engine, JournalWriter journal, TimeProvider clock, ICrashPoints crashPoints, ILogger log) =>
        (this.engine, this.journal, this.clock, this.crashPoints, this.log) = (engine, journal, clock, crashPoints, log);

    /// <summary>Raised after a commit that made something due.</summary>
    public event Action? DueWritten;

    public void Start() => loop = Loop();

    /// <summary>Queues one operation. A fault rolls back this operation alone.</summary>
    /// <param name="name">What this is, for logs and crash points: "server.create".</param>
    public async Task<Outcome<T>> Write<T>(string name, Origin origin, Func<Tx, Outcome<T>> body, CancellationToken stop = default)
    {
        var operation = new Operation<T>(name, origin, body);
        await waiting.Writer.WriteAsync(operation, stop);
        return await operation.Completion;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await loop;
        if (connection is not null) await connection.DisposeAsync();
    }

    private async Task Loop()
    {
        var group = new List<Operation>(GroupOperationsMax);
        while (await waiting.Reader.WaitToReadAsync())
        {
            while (group.Count < GroupOperationsMax && waiting.Reader.TryRead(out var next)) group.Add(next);
            RunGroup(group);
            group.Clear();
        }
    }

    private void RunGroup(List<Operation> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Commit(group);
                return;
            }
            catch (DbException error) when (engine.IsTransient(error) && attempt < GroupAttemptsMax)
            {
                log.LogInformation("A group of {Operations} writes runs again: {Reason}.", group.Count, error.Message);
                Reset();
            }
            catch (Exception error)
            {
                Reset();
                var trouble = (error as DbException) is { } db ? engine.MachineTrouble(db) : null;
                log.LogError(error, "A group of {Operations} writes failed.", group.Count);
                foreach (var operation in group) operation.Fail(trouble is null ? error : new StoreUnavailableException(trouble, error));
                return;
            }
        }
    }

    private void Commit(List<Operation> group)
    {
        connection ??= engine.OpenWriter();
        var names = group[0].Name;
        crashPoints.Reach($"before commit of {names}");
        // Nearly all operations stand, and a savepoint for each costs more than running the few groups again in which one does not.
        var entries = RunAll(connection, group, apart: false) ?? RunAll(connection, group, apart: true)!;
        var last = new Tx(connection, Origin.System, clock.Now());
        var appended = journal.Append(last, entries);
        connection.Execute("COMMIT TRANSACTION");
        crashPoints.Reach($"after commit of {names}");
        var due = false;
        foreach (var operation in group) due |= operation.Complete();
        foreach (var action in last.Committed) action();
        if (appended.Count > 0) journal.Publish(appended);
        if (due) DueWritten?.Invoke();
    }

    /// <summary>Begins the transaction and runs the operations.</summary>
    /// <param name="apart">True: each has a savepoint, and one that does not stand is undone alone.</param>
    /// <returns>What goes into the journal; null when one does not stand and all is undone.</returns>
    private List<PendingEntry>? RunAll(DbConnection connection, List<Operation> group, bool apart)
    {
        var entries = new List<PendingEntry>();
        connection.Execute(engine.BeginWrite);
        foreach (var operation in group)
        {
            if (apart) connection.Execute("SAVEPOINT operation");
            var stands = operation.Run(connection, engine, clock.Now());
            if (!stands && !apart)
            {
                connection.Execute("ROLLBACK TRANSACTION");
                if (group.Count > 1) return null;
                // Alone it is undone already; the empty transaction keeps one way to the end.
                connection.Execute(engine.BeginWrite);
                return entries;
            }

            if (!stands) connection.Execute("ROLLBACK TO SAVEPOINT operation");
            if (apart) connection.Execute("RELEASE SAVEPOINT operation");
            if (stands) entries.AddRange(operation.Entries.Select(entry => entry with { Origin = operation.Origin }));
        }

        return entries;
    }

    private void Reset()
    {
        // A connection in an unknown state is not worth saving: closing it rolls back.
        connection?.Dispose();
        connection = null;
    }
}
