using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class ThousandBench : IBench
{
    private const int Servers = 1000;
    private const int Nodes = 100;

    /// <summary>Servers that are created before the clock starts, so that a cloud is measured and not its compiler.</summary>
    private const int WarmUp = 200;
    private const int Connections = 100;
    private const double PerSecondMin = 200;

    public string Name => "thousand";

    public string What => "1,000 servers created at once on 100 simulated nodes: all ACTIVE, nothing lost, nothing twice";

    public void Run(BenchRun run)
    {
        var (rates, cpu) = (new List<double>(), new List<double>());
        for (var round = 0; round < (run.Long ? 7 : 3); round++)
        {
            BenchRun.Say($"round {round + 1}");
            using var cloud = BenchCloud.Start(Path.Combine(run.Directory, $"round-{round}"), Nodes);
            cloud.Prepare();
            cloud.CreateServers(WarmUp, connections: 8);
            var before = cloud.Server.Stats();
            var seconds = cloud.CreateServers(Servers, Connections);
            cpu.Add((cloud.Server.Stats().CpuSeconds - before.CpuSeconds) * 1000 / Servers);
            rates.Add(Servers / seconds);
            Verify(run, cloud, round + 1);
        }

        run.Figures.Insert(0, new Figure("servers ACTIVE", "servers/s", Sample.Of(rates), null, Limit.AtLeast(PerSecondMin)));
        run.Figures.Insert(1, new Figure("control plane and simulated nodes: CPU", "ms/server", Sample.Of(cpu)));
        run.Notes.Add($"{Servers} POST /servers over {Connections} connections; the clock runs from the first request to the last ACTIVE; each round is a new cloud with {WarmUp} servers.");
        run.Notes.Add("The simulated nodes live in the control plane's process and cost its CPU; commits are durable (WAL, synchronous=FULL).");
    }

    private static void Verify(BenchRun run, BenchCloud cloud, int round)
    {
        var wrong = new List<string>(cloud.Server.Verify());
        var servers = cloud.Servers();
        var allocations = cloud.Allocations();
        var ids = servers.Select(server => (string)server["id"]!).ToHashSet(StringComparer.Ordinal);
        var addresses = servers.SelectMany(server => server["addresses"]!.AsObject().SelectMany(network => network.Value!.AsArray()))
            .Select(address => (string)address!["addr"]!).ToList();
        if (ids.Count != Servers + WarmUp) wrong.Add($"There are {ids.Count} servers.");
        if (servers.Count(server => (string)server["status"]! == "ACTIVE") != Servers + WarmUp) wrong.Add("Not every server is ACTIVE.");
        if (addresses.Distinct().Count() != Servers + WarmUp || addresses.Count != Servers + WarmUp) wrong.Add($"{addresses.Count} addresses, {addresses.Distinct().Count()} different ones.");
        if (!allocations.Keys.ToHashSet().SetEquals(ids)) wrong.Add($"{allocations.Count} consumers have allocations.");
        if (allocations.Values.Count(providers => providers.Count != 1) is var twice and > 0) wrong.Add($"{twice} servers have allocations on more than one node.");
        run.Figures.Add(Figure.Once($"round {round}: lost or double", "differences", wrong.Count, Limit.AtMost(0)));
        run.Notes.AddRange(wrong);
    }
}
