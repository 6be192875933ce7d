using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Load;

namespace Sovereign.Bench.Benches;

/// <summary>A page of a filtered and sorted list costs what it shows, not what there is.</summary>
internal sealed class ListsBench : IBench
{
    private const int Few = 100;
    private const int Many = 100_000;
    private const int Clients = 4;

    /// <summary>Less than the machine's own drift.</summary>
    private const double GrowthMax = 1.25;
    private const double CpuMicrosMax = 5_000;
    private const string Servers = "/compute/v2.1/servers/detail?limit=100";
    private const string Ports = "/network/v2.0/ports?limit=100";
    private const string Projects = "/identity/v3/projects?limit=100";

    public string Name => "lists";

    public string What => "pages of 100 servers, ports and projects, filtered and sorted, among 100,000 beside the same among 100";

    public void Run(BenchRun run)
    {
        var seed = Path.Combine(run.Directory, "seed");
        string port, project, network, foreign;
        using (var cloud = BenchCloud.Start(seed, nodes: 1))
        {
            cloud.Prepare();
            cloud.CreateServers(1, connections: 1);
            var made = cloud.Ask("GET", "/network/v2.0/ports?device_owner=compute:nova")["ports"]![0]!;
            (port, network) = ((string)made["id"]!, (string)made["network_id"]!);
            project = (string)cloud.Ask("POST", "/identity/v3/projects", """{"project": {"name": "bench"}}""")["project"]!["id"]!;
            var body = $$$"""{"network": {"name": "others", "project_id": "{{{project}}}"}}""";
            foreign = (string)cloud.Ask("POST", "/network/v2.0/networks", body)["network"]!["id"]!;
        }

        using (var few = Start(run, seed, "few", rows => Fill(rows, Few, port, project)))
        using (var many = Start(run, seed, "many", rows => Fill(rows, Many, port, project)))
        {
            Lists(run, few, many, network);
        }

        using (var few = Start(run, seed, "alone", rows => rows.Ports(Few, port)))
        using (var many = Start(run, seed, "crowd", rows =>
        {
            rows.Ports(Few, port);
            rows.Ports(Many - Few, port, (project, foreign), after: Few);
        }))
        {
            Compare(run, "ports of one project among others", few, many, Ports, Ports, cloud => cloud.Token);
            Compare(run, "the same by name", few, many, Ports + "&sort_key=name", Ports + "&sort_key=name", cloud => cloud.Token);
        }

        run.Notes.Add(
            $"Rows are copies written straight into the tables; {Clients} clients ask; CPU is the server's; x is a page among {Many} by one among {Few}.");
    }

    private static void Lists(BenchRun run, BenchCloud few, BenchCloud many, string network)
    {
        static string User(BenchCloud cloud) => cloud.Token;
        static string Admin(BenchCloud cloud) => cloud.AdminToken;
        void Both(string name, string path, Func<BenchCloud, string> token) => Compare(run, name, few, many, path, path, token);
        Both("servers by name", Servers + "&sort_key=display_name&sort_dir=asc", User);
        Both("ACTIVE servers by their last change", Servers + "&status=ACTIVE&sort_key=updated_at&sort_dir=desc", User);
        Both("ACTIVE servers of all projects", Servers + "&all_tenants=1&status=ACTIVE", Admin);
        var middle = (string)many.Servers("&name=copy-50000$")[0]["id"]!;
        Compare(run, "servers by name, in the middle", few, many, Servers + "&sort_key=display_name&sort_dir=asc",
            Servers + "&sort_key=display_name&sort_dir=asc&marker=" + middle, User);
        Both("ports by name", Ports + "&sort_key=name&sort_dir=asc", User);
        Both("ports of servers, youngest first", Ports + "&device_owner=compute:nova&sort_key=created_at&sort_dir=desc", User);
        Both("ports of a network and state", $"{Ports}&network_id={network}&status=ACTIVE", User);
        Both("ports of all projects by name", Ports + "&sort_key=name&sort_dir=asc", Admin);
        Both("ports of all projects by their last change", Ports + "&sort_key=updated_at&sort_dir=desc", Admin);
        middle = (string)many.Ask("GET", "/network/v2.0/ports?name=copy-50000")["ports"]![0]!["id"]!;
        Compare(run, "ports by name, in the middle", few, many, Ports + "&sort_key=name", $"{Ports}&sort_key=name&marker={middle}", User);
        Both("projects of a domain", Projects + "&domain_id=default", Admin);
        Both("enabled projects by name", Projects + "&enabled=true&sort_key=name", Admin);
        middle = (string)many.Ask("GET", "/identity/v3/projects?name=copy-50000")["projects"]![0]!["id"]!;
        Compare(run, "projects of a domain by name, in the middle", few, many, Projects + "&domain_id=default&sort_key=name",
            $"{Projects}&domain_id=default&sort_key=name&marker={middle}", Admin);
    }

    private static void Compare(BenchRun run, string name, BenchCloud few, BenchCloud many, string small, string large, Func<BenchCloud, string> token)
    {
        BenchRun.Say(name);
        var (ours, theirs) = Comparison.Interleave(run, Warm(run, many, large, token(many)), Warm(run, few, small, token(few)), Clients);
        run.Figures.Add(new Figure(
            $"{name}: CPU", "x of 100", Sample.Of(ours.Zip(theirs).Select(p => p.First.CpuMicrosPerRequest / p.Second.CpuMicrosPerRequest)), null,
            Limit.AtMost(GrowthMax)));
        run.Figures.Add(new Figure(
            $"{name}: CPU", "us/request", Sample.Of(ours.Select(w => w.CpuMicrosPerRequest)), Sample.Of(theirs.Select(w => w.CpuMicrosPerRequest)),
            Limit.AtMost(CpuMicrosMax)));
    }

    private static Side Warm(BenchRun run, BenchCloud cloud, string path, string token)
    {
        var request = LoadRequest.Of(200, "GET", path, null, ("X-Auth-Token", token), ("OpenStack-API-Version", "compute 2.79"));
        var (probed, _, _) = LoadGenerator.Probe(cloud.Server.Port, request);
        LoadGenerator.Run(cloud.Server.Port, probed, Clients, run.WarmUp);
        return new Side(cloud.Server, probed);
    }

    private static void Fill(BulkRows rows, int count, string port, string project)
    {
        rows.Servers(count);
        rows.Ports(count, port);
        rows.Projects(count, project);
    }

    private static BenchCloud Start(BenchRun run, string seed, string name, Action<BulkRows> fill)
    {
        BenchRun.Say($"a cloud '{name}'");
        var directory = Path.Combine(run.Directory, name);
        BenchCloud.Copy(seed, directory);
        using (var rows = new BulkRows(directory)) fill(rows);
        return BenchCloud.Start(directory, nodes: 0);
    }
}
