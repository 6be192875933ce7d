using Sovereign.Bench.Figures;
using Sovereign.Bench.Servers;

namespace Sovereign.Bench.Load;

/// <summary>One side of a comparison: a server process and the request that it is asked.</summary>
internal sealed record Side(ServerProcess Server, LoadRequest Request);

/// <summary>One window on one side.</summary>
internal sealed record Window(LoadResult Load, double CpuMicrosPerRequest, double BytesPerRequest);

/// <summary>Interleaved pairs, ours and the baseline's, so that a drifting machine drifts under both.</summary>
internal static class Comparison
{
    /// <summary>The issue's limits: at least a third of the throughput, and so at most three times the CPU.</summary>
    private const double ThroughputShareMin = 1.0 / 3;
    private const double CpuTimesMax = 3;
    private static readonly int[] clientCounts = [1, 8, 32];

    /// <summary>Measures our answer against bare Kestrel with the same bytes.</summary>
    /// <param name="name">First words of every figure.</param>
    public static void WithBare(BenchRun run, string name, ServerProcess server, LoadRequest request)
    {
        var (probed, head, body) = LoadGenerator.Probe(server.Port, request);
        var files = (Head: Path.Combine(run.Directory, "answer.head"), Body: Path.Combine(run.Directory, "answer.body"));
        File.WriteAllText(files.Head, head);
        File.WriteAllBytes(files.Body, body);
        using var bare = ServerProcess.Start(ServerKinds.Bare, files.Head, files.Body);
        var (ours, theirs) = (new Side(server, probed), new Side(bare, probed));
        BenchRun.Say($"{name}: {body.Length} bytes, warming up");
        foreach (var side in (Side[])[ours, theirs]) LoadGenerator.Run(side.Server.Port, side.Request, 8, run.WarmUp);
        foreach (var clients in clientCounts) Pairs(run, $"{name}, {clients} client{(clients == 1 ? "" : "s")}", ours, theirs, clients);
        run.Notes.Add($"{name}: a body of {body.Length} bytes; the baseline answers the same headers and bytes from one delegate. TLS is off on both sides.");
    }

    /// <summary>Windows of both sides in turn; who begins alternates.</summary>
    public static (List<Window> Ours, List<Window> Theirs) Interleave(BenchRun run, Side ours, Side theirs, int clients)
    {
        var (a, b) = (new List<Window>(), new List<Window>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            if (pair % 2 == 0) a.Add(Measure(run, ours, clients));
            b.Add(Measure(run, theirs, clients));
            if (pair % 2 == 1) a.Add(Measure(run, ours, clients));
        }

        return (a, b);
    }

    private static void Pairs(BenchRun run, string name, Side ours, Side theirs, int clients)
    {
        var (a, b) = Interleave(run, ours, theirs, clients);
        var pairs = a.Zip(b).ToList();
        run.Figures.Add(new Figure(
            $"{name}: CPU", "x of bare", Sample.Of(pairs.Select(p => p.First.CpuMicrosPerRequest / p.Second.CpuMicrosPerRequest)), null, Limit.AtMost(CpuTimesMax)));
        run.Figures.Add(new Figure(
            $"{name}: throughput", "x of bare", Sample.Of(pairs.Select(p => p.First.Load.PerSecond / p.Second.Load.PerSecond)), null, Limit.AtLeast(ThroughputShareMin)));
        run.Figures.Add(Told($"{name}: CPU", "us/request", a, b, w => w.CpuMicrosPerRequest));
        run.Figures.Add(Told($"{name}: throughput", "requests/s", a, b, w => w.Load.PerSecond));
        run.Figures.Add(Told($"{name}: p99", "ms", a, b, w => w.Load.P99Ms));
        run.Figures.Add(Told($"{name}: allocation", "bytes/request", a, b, w => w.BytesPerRequest));
    }

    private static Figure Told(string name, string unit, List<Window> ours, List<Window> theirs, Func<Window, double> of) =>
        new(name, unit, Sample.Of(ours.Select(of)), Sample.Of(theirs.Select(of)));

    private static Window Measure(BenchRun run, Side side, int clients)
    {
        var before = side.Server.Stats();
        var load = LoadGenerator.Run(side.Server.Port, side.Request, clients, run.Window);
        var after = side.Server.Stats();
        var requests = load.Requests + clients;   // Each connection asks once before the clock starts.
        return new Window(load, (after.CpuSeconds - before.CpuSeconds) * 1e6 / requests, (after.AllocatedBytes - before.AllocatedBytes) / (double)requests);
    }
}
