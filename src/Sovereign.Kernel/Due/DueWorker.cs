using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Due;

/// <summary>Claims due rows under a lease and runs their reconcilers, a bounded number at a time. Woken by commits and by the earliest due time; never polls.</summary>
public sealed class DueWorker
{
    private const int ConcurrentRunsMax = 64;
    private const int AttemptsMax = 8;
    private static readonly TimeSpan lease = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan backOffFirst = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan backOffMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan restMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan endMax = TimeSpan.FromSeconds(2);

    private readonly Database database;
    private readonly WriteQueue queue;
    private readonly TimeProvider clock;
    private readonly IRandomness randomness;
    private readonly ILogger log;
    private readonly Dictionary<string, IReconciler> reconcilers = new(StringComparer.Ordinal);
    private readonly Signal nudge;
    private readonly ConcurrentQueue<Claimed> unsettled = new();
    private string known = "''";
    private int running;

    internal DueWorker(Database database, WriteQueue queue, TimeProvider clock, IRandomness randomness, ILogger log)
    {
        (this.database, this.queue, this.clock, this.randomness, this.log) = (database, queue, clock, randomness, log);
        nudge = new Signal(clock);
        queue.DueWritten += Nudge;
    }

    public void Add(IReconciler reconciler)
    {
        // A run that outlives its lease would be claimed a second time beside itself.
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(reconciler.TimeOut, lease);
        reconcilers.Add(reconciler.Kind, reconciler);
        // What a newer release made due waits for one that knows its kind.
        known = string.Join(", ", reconcilers.Keys.Order(StringComparer.Ordinal).Select(kind => $"'{kind}'"));
    }

    /// <summary>Kinds that have a reconciler, for the crash walk.</summary>
    public IReadOnlyCollection<string> Kinds => reconcilers.Keys;

    /// <summary>True when no run is under way and nothing is due now: for tests and the simulation.</summary>
    public bool AtRest => Volatile.Read(ref running) == 0 && (Earliest() is not { } at || at > clock.Now());

    public void Nudge() => nudge.Raise();

    public async Task Run(CancellationToken stop)
    {
        // SQLite has one process: leases found at start belong to a dead one. Other replicas' leases on PostgreSQL run out.
        if (database.Engine.Name == "sqlite")
        {
            await queue.Write<Done>("due.inherit", Origin.System, tx => { tx.Execute("UPDATE due SET lease_until = 0"); return Done.Value; }, stop);
        }

        try
        {
            await Work(stop);
        }
        finally
        {
            await Release();
        }
    }

    private async Task Work(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                foreach (var claim in await Claim(ConcurrentRunsMax - running, stop)) _ = RunOne(claim, stop);
                await Rest(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                log.LogError(error, "Claiming due work failed; trying again.");
                await Task.Delay(backOffFirst, clock, stop);
            }
        }
    }

    /// <summary>Asked to stop: what ended unsettled is given to whoever serves on, or is started next; what does not end keeps its lease, for nobody may run it
    /// a second time beside itself.</summary>
    private async Task Release()
    {
        var asked = clock.GetTimestamp();
        while (Volatile.Read(ref running) > 0 && clock.GetElapsedTime(asked) < endMax) await nudge.Wait(endMax, CancellationToken.None);
        if (unsettled.IsEmpty) return;
        await queue.Write<Done>("due.release", Origin.System, tx =>
        {
            foreach (var claim in unsettled)
                tx.Execute("UPDATE due SET lease_until = 0 WHERE kind = @Kind AND id = @Id AND lease_until = @LeaseUntil", claim);
            return Done.Value;
        });
    }

    private async Task Rest(CancellationToken stop)
    {
        var now = clock.Now();
        var until = running >= ConcurrentRunsMax ? null : Earliest();
        var rest = until is null ? restMax : TimeSpan.FromMicroseconds(Math.Clamp(until.Value - now, 0, Micros.Of(restMax)));
        if (rest > TimeSpan.Zero) await nudge.Wait(rest, stop);
    }

    private long? Earliest() => database.Read(session => session.Scalar<long?>(
        $"""
        SELECT MIN(due_at) FROM (SELECT (SELECT MIN(at) FROM due WHERE lease_until = 0 AND kind IN ({known})) AS due_at
          UNION ALL SELECT (SELECT MIN(lease_until) FROM due WHERE lease_until > 0)) AS both_orders
        """));

    private async Task<List<Claimed>> Claim(int count, CancellationToken stop)
    {
        if (count <= 0 || Earliest() is not { } earliest || earliest > clock.Now()) return [];
        var claimed = await queue.Write<List<Claimed>>(
            "due.claim",
            Origin.System,
            tx =>
            {
                // A lease that ran out is none.
                tx.Execute("UPDATE due SET lease_until = 0 WHERE lease_until > 0 AND lease_until <= @now", new { now = tx.Now });
                return tx.Query<Claimed>(
                    $"""
                    UPDATE due SET lease_until = @until WHERE (kind, id) IN
                      (SELECT kind, id FROM due WHERE lease_until = 0 AND at <= @now AND kind IN ({known}) ORDER BY at, kind, id LIMIT @count)
                      AND lease_until = 0
                    RETURNING kind, id, attempts, generation, lease_until
                    """,
                    new { until = tx.Now + Micros.Of(lease), now = tx.Now, count = (long)count });
            },
            stop);
        return claimed.Value.OrderBy(c => c.Kind, StringComparer.Ordinal).ThenBy(c => c.Id, StringComparer.Ordinal).ToList();
    }

    private async Task RunOne(Claimed claim, CancellationToken stop)
    {
        Interlocked.Increment(ref running);
        try
        {
            var progress = await Attempt(claim, stop);
            await Settle(claim, progress, stop);
        }
        catch (Exception error)
        {
            // Shutting down, or the store fails: the lease runs out and the row is claimed again.
            if (stop.IsCancellationRequested) unsettled.Enqueue(claim);
            else log.LogError(error, "Settling {Kind} {Id} failed; its lease will run out.", claim.Kind, claim.Id);
        }
        finally
        {
            Interlocked.Decrement(ref running);
            Nudge();
        }
    }

    private async Task<Progress> Attempt(Claimed claim, CancellationToken stop)
    {
        var reconciler = reconcilers[claim.Kind];
        using var timer = new CancellationTokenSource(reconciler.TimeOut, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        Progress progress;
        try
        {
            progress = await reconciler.Run(claim.Id, either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            progress = new Progress.Failed(new Fault.Unavailable($"Working on {claim.Kind} {claim.Id} took longer than {reconciler.TimeOut.TotalSeconds:F0} s."));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            log.LogError(error, "Reconciling {Kind} {Id} failed.", claim.Kind, claim.Id);
            progress = new Progress.Failed(new Fault.Unavailable($"Working on {claim.Kind} {claim.Id} failed inside the cloud; its log has the reason."));
        }

        if (progress is Progress.Failed failed && claim.Attempts + 1 >= AttemptsMax) await reconciler.GiveUp(claim.Id, failed.Fault, stop);
        return progress;
    }

    private Task Settle(Claimed claim, Progress progress, CancellationToken stop) => queue.Write<Done>(
        "due.settle",
        Origin.System,
        tx =>
        {
            var (finished, wait, attempts) = progress switch
            {
                Progress.Waiting waiting => (false, waiting.AtMost, 0L),
                Progress.Failed when claim.Attempts + 1 >= AttemptsMax => (true, TimeSpan.Zero, 0L),
                Progress.Failed => (false, BackOff(claim.Attempts), claim.Attempts + 1),
                _ => (true, TimeSpan.Zero, 0L),
            };
            // A newer generation means that the resource changed while we worked: it stays due at once.
            var key = new { claim.Kind, claim.Id, claim.Generation, at = tx.Now + Micros.Of(wait), attempts };
            if (finished && tx.Execute("DELETE FROM due WHERE kind = @Kind AND id = @Id AND generation = @Generation", key) == 1) return Done.Value;
            tx.Execute(
                finished
                    ? "UPDATE due SET lease_until = 0 WHERE kind = @Kind AND id = @Id"
                    : """
                    UPDATE due SET lease_until = 0, at = CASE WHEN generation = @Generation THEN @at ELSE at END,
                      attempts = CASE WHEN generation = @Generation THEN @attempts ELSE attempts END
                    WHERE kind = @Kind AND id = @Id
                    """,
                key);
            return Done.Value;
        },
        stop);

    private TimeSpan BackOff(long attempts)
    {
        var span = backOffFirst * Math.Pow(2, Math.Min(attempts, 20));
        return (span < backOffMax ? span : backOffMax) * (0.5 + randomness.Fraction());
    }

    private sealed record Claimed
    {
        public string Kind { get; init; } = "";

        public string Id { get; init; } = "";

        public long Attempts { get; init; }

        public long Generation { get; init; }

        public long LeaseUntil { get; init; }
    }
}
