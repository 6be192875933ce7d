using System.Data.Common;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Store;

/// <summary>One operation waiting in the write queue.</summary>
internal abstract class Operation(string name, Origin origin)
{
    public string Name { get; } = name;

    public Origin Origin { get; } = origin;

    public abstract IReadOnlyList<PendingEntry> Entries { get; }

    /// <summary>Runs the body; false when it must be rolled back.</summary>
    public abstract bool Run(DbConnection connection, IEngine engine, long now);

    /// <summary>Tells the waiter, after the commit; true when something became due.</summary>
    public abstract bool Complete();

    public abstract void Fail(Exception error);
}

internal sealed class Operation<T>(string name, Origin origin, Func<Tx, Outcome<T>> body) : Operation(name, origin)
{
    private readonly TaskCompletionSource<Outcome<T>> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Tx? tx;
    private Outcome<T> outcome;
    private Exception? bug;

    public Task<Outcome<T>> Completion => completion.Task;

    public override IReadOnlyList<PendingEntry> Entries => tx?.Entries ?? [];

    public override bool Run(DbConnection connection, IEngine engine, long now)
    {
        tx = new Tx(connection, Origin, now);
        bug = null;
        try
        {
            outcome = body(tx);
        }
        catch (Exception error) when (!(error is DbException db && (engine.IsTransient(db) || engine.MachineTrouble(db) is not null)))
        {
            bug = error;
        }

        return bug is null && outcome.Ok;
    }

    public override bool Complete()
    {
        if (bug is not null)
        {
            completion.TrySetException(bug);
            return false;
        }

        if (outcome.Ok)
        {
            foreach (var action in tx!.Committed) action();
        }

        completion.TrySetResult(outcome);
        return outcome.Ok && tx!.DueWritten;
    }

    public override void Fail(Exception error) => completion.TrySetException(error);
}
