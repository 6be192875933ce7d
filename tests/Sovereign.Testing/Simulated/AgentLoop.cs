using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;

namespace Sovereign.Testing.Simulated;

/// <summary>One thread, one queue, one clock: runs the real agent deterministically. Time moves only when nothing else can.</summary>
public sealed class AgentLoop : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> queue = new();
    private readonly SteppedClock clock;
    private readonly Lock gate = new();

    public AgentLoop() => clock = new SteppedClock(this);

    public TimeProvider Clock => clock;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (gate) queue.Enqueue((d, state));
    }

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts work on this loop.</summary>
    public Task Start(Func<Task> work)
    {
        Task? started = null;
        Post(_ => started = work(), null);
        Drain();
        return started!;
    }

    /// <summary>Runs until the condition holds; false when nothing is left to run within the given simulated time.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan within)
    {
        var end = clock.GetUtcNow() + within;
        while (true)
        {
            Drain();
            if (condition()) return true;
            if (!clock.Advance(end)) return condition();
        }
    }

    public void Drain()
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            while (true)
            {
                (SendOrPostCallback Callback, object? State) next;
                lock (gate)
                {
                    if (!queue.TryDequeue(out next)) return;
                }
                next.Callback(next.State);
            }
        }
        finally { SetSynchronizationContext(before); }
    }

    public NodeAgent Agent(SimulatedMachine world, ScriptedControlPlane control, GuestDirectory? guests = null, bool startsAlone = true) => new(control,
        new NodeDrivers(new SimulatedHypervisor(world), new SimulatedFabric(world), new SimulatedDisks(world))
        {
            Volumes = SimulatedVolumes.Of(world), Balancers = new SimulatedBalancers(world),
        },
        new SimulatedStore(world),
            control.Welcome,
        guests ?? new GuestDirectory(), new AgentLimits { StartsAlone = startsAlone }, clock, NullLogger.Instance);

    public static NodeFacts Facts { get; } = new("simulated", "127.0.0.1", 2, 4096, 100, "tcg", "simulated", 7_002_022, "198.18.0.0/24");

    private sealed class SteppedClock(AgentLoop loop) : TimeProvider
    {
        private readonly SortedSet<Timer> timers = new(Comparer<Timer>.Create((a, b) => a.At != b.At ? a.At.CompareTo(b.At)
            : a.Number.CompareTo(b.Number)));
        private readonly Lock gate = new();
        private DateTimeOffset now = DateTimeOffset.UnixEpoch;
        private long next;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (gate)
            {
                var timer = new Timer(this, callback, state, ++next);
                timer.Change(dueTime, period);
                return timer;
            }
        }

        /// <summary>Goes to the next timer, not beyond the end.</summary>
        public bool Advance(DateTimeOffset end)
        {
            Timer? due;
            lock (gate)
            {
                due = timers.Min;
                if (due is null || due.At > end) return false;
                timers.Remove(due);
                now = due.At;
            }
            loop.Post(_ => due.Fire(), null);
            return true;
        }

        private sealed class Timer(SteppedClock clock, TimerCallback callback, object? state, long number) : ITimer
        {
            private TimeSpan period;

            public DateTimeOffset At { get; private set; } = DateTimeOffset.MaxValue;

            public long Number => number;

            public bool Change(TimeSpan dueTime, TimeSpan repeat)
            {
                lock (clock.gate)
                {
                    clock.timers.Remove(this);
                    period = repeat;
                    At = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : clock.now + dueTime;
                    if (At != DateTimeOffset.MaxValue) clock.timers.Add(this);
                    return true;
                }
            }

            public void Fire()
            {
                callback(state);
                if (period > TimeSpan.Zero) Change(period, period);
            }

            public void Dispose()
            {
                lock (clock.gate) clock.timers.Remove(this);
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
