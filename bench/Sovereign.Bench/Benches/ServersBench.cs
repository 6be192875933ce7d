using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Load;

namespace Sovereign.Bench.Benches;

internal sealed class ServersBench : IBench
{
    private const int Servers = 100;
    private const int Clients = 8;

    /// <summary>What a page of 100 may cost more among 100,000 servers than among 100: less than the machine's own drift.</summary>
    private const double GrowthMax = 1.25;
    private static readonly int[] totals = [10_000, 100_000];

    public string Name => "servers";

    public string What => "GET /servers/detail with 100 servers beside bare Kestrel, and its cost among 10,000 and 100,000 servers";

    public void Run(BenchRun run)
    {
        var seed = Path.Combine(run.Directory, "seed");
        using (var cloud = BenchCloud.Start(seed, nodes: 10))
        {
            cloud.Prepare();
            cloud.CreateServers(Servers, connections: 8);
            Comparison.WithBare(run, "100 servers", cloud.Server, Page(cloud, ""));
        }

        var few = Start(run, seed, "few", Servers);
        try
        {
            foreach (var total in totals) Growth(run, seed, few, total);
        }
        finally
        {
            few.Dispose();
        }

        run.Notes.Add($"Growth: servers beyond the first {Servers} are copies written straight into the table; {Clients} clients ask, CPU is the server process's.");
    }

    private static void Growth(BenchRun run, string seed, BenchCloud few, int total)
    {
        BenchRun.Say($"a page among {total} servers");
        using var many = Start(run, seed, $"many-{total}", total);
        var middle = (string)many.Servers("&name=copy-5000")[0]["id"]!;
        var small = Warm(run, few, "?limit=100");
        foreach (var (name, query) in ((string, string)[])[("first page", "?limit=100"), ("page in the middle", $"?limit=100&marker={middle}")])
        {
            var (ours, theirs) = Comparison.Interleave(run, Warm(run, many, query), small, Clients);
            run.Figures.Add(new Figure(
                $"{name} of {total}: CPU", "x of 100", Sample.Of(ours.Zip(theirs).Select(p => p.First.CpuMicrosPerRequest / p.Second.CpuMicrosPerRequest)), null,
                Limit.AtMost(GrowthMax)));
            run.Figures.Add(new Figure(
                $"{name} of {total}: CPU", "us/request", Sample.Of(ours.Select(w => w.CpuMicrosPerRequest)), Sample.Of(theirs.Select(w => w.CpuMicrosPerRequest))));
        }
    }

    private static BenchCloud Start(BenchRun run, string seed, string name, int total)
    {
        var directory = Path.Combine(run.Directory, name);
        BenchCloud.Copy(seed, directory);
        if (total > Servers)
        {
            using var rows = new BulkRows(directory);
            rows.Servers(total - Servers);
        }

        return BenchCloud.Start(directory, nodes: 0);
    }

    private static Side Warm(BenchRun run, BenchCloud cloud, string query)
    {
        var (request, _, _) = LoadGenerator.Probe(cloud.Server.Port, Page(cloud, query));
        LoadGenerator.Run(cloud.Server.Port, request, Clients, run.WarmUp);
        return new Side(cloud.Server, request);
    }

    private static LoadRequest Page(BenchCloud cloud, string query) => LoadRequest.Of(
        200, "GET", "/compute/v2.1/servers/detail" + query, null, ("X-Auth-Token", cloud.Token), ("OpenStack-API-Version", "compute 2.79"));
}
