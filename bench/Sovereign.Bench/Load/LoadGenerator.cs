using System.Diagnostics;

namespace Sovereign.Bench.Load;

/// <summary>What a window of load gave.</summary>
internal sealed record LoadResult(int Requests, double Seconds, double P50Ms, double P99Ms)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>A closed loop of clients on loopback, one thread and one connection each, for a bounded time. Every answer's status and length is checked.</summary>
internal static class LoadGenerator
{
    public static LoadResult Run(int port, LoadRequest request, int clients, TimeSpan window)
    {
        var connections = Enumerable.Range(0, clients).Select(_ => new LoadConnection(port)).ToList();
        try
        {
            foreach (var connection in connections) Check(connection.Ask(request.Bytes), request);
            using var together = new Barrier(clients + 1);
            var runs = connections.Select(connection => new ClientRun(connection, request, window, together)).ToList();
            var threads = runs.Select(run => new Thread(run.Loop, 256 * 1024) { IsBackground = true }).ToList();
            foreach (var thread in threads) thread.Start();
            together.SignalAndWait();
            var begun = Stopwatch.GetTimestamp();
            foreach (var thread in threads) thread.Join();
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            if (runs.Select(run => run.Failure).FirstOrDefault(failure => failure is not null) is { } wrong) throw new IOException("Under load: " + wrong.Message, wrong);
            var times = runs.SelectMany(run => run.Times).ToArray();
            Array.Sort(times);
            return new LoadResult(times.Length, seconds, Milliseconds(times, 0.50), Milliseconds(times, 0.99));
        }
        finally
        {
            foreach (var connection in connections) connection.Dispose();
        }
    }

    /// <summary>Asks once and keeps the answer: its head, its body, and the request with the length that all others must have.</summary>
    public static (LoadRequest Request, string Head, byte[] Body) Probe(int port, LoadRequest request)
    {
        using var connection = new LoadConnection(port);
        var (status, length) = connection.Ask(request.Bytes);
        var (head, body) = connection.Latest(length);
        if (status != request.Status) throw new IOException($"Answered {status}, not {request.Status}: {System.Text.Encoding.UTF8.GetString(body)}");
        return (request with { BodyBytes = length }, head, body);
    }

    private static void Check((int Status, int BodyBytes) answer, LoadRequest request)
    {
        if (answer.Status != request.Status) throw new IOException($"Answered {answer.Status}, not {request.Status}.");
        if (request.BodyBytes is { } length && answer.BodyBytes != length) throw new IOException($"A body of {answer.BodyBytes} bytes, not {length}.");
    }

    private static double Milliseconds(long[] sortedTicks, double quantile) =>
        sortedTicks[Math.Min(sortedTicks.Length - 1, (int)(sortedTicks.Length * quantile))] * 1000.0 / Stopwatch.Frequency;

    private sealed class ClientRun(LoadConnection connection, LoadRequest request, TimeSpan window, Barrier together)
    {
        public List<long> Times { get; } = new(16 * 1024);

        public Exception? Failure { get; private set; }

        public void Loop()
        {
            together.SignalAndWait();
            var now = Stopwatch.GetTimestamp();
            var end = now + (long)(window.TotalSeconds * Stopwatch.Frequency);
            try
            {
                while (now < end)
                {
                    Check(connection.Ask(request.Bytes), request);
                    var after = Stopwatch.GetTimestamp();
                    Times.Add(after - now);
                    now = after;
                }
            }
            catch (Exception error)
            {
                Failure = error;
            }
        }
    }
}
