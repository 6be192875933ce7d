using System.Diagnostics;
using System.Text.Json.Nodes;
using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;

namespace Sovereign.Bench.Benches;

internal sealed class BootBench : IBench
{
    private const double OverMsMax = 300;
    private static readonly TimeSpan stateTimeMax = TimeSpan.FromMinutes(2);

    public string Name => "boot";

    public string What => "POST /servers until ACTIVE with a cached image, beside starting QEMU by hand with the same arguments";

    public void Run(BenchRun run)
    {
        BenchRun.Say("a cloud's first start");
        using var real = new RealCloud(run);
        using var client = new CloudClient(real.Client());
        var (token, _, _) = client.Login("demo", real.DemoPassword());
        var body = Body(client, token);
        Delete(client, token, Create(client, token, body).Id);   // The first one fetches the image to the node.
        var (ours, theirs, over) = (new List<double>(), new List<double>(), new List<double>());
        for (var pair = 0; pair < run.Pairs; pair++)
        {
            BenchRun.Say($"pair {pair + 1} of {run.Pairs}");
            var (id, milliseconds) = Create(client, token, body);
            using var hand = new HandStartedVm(id, Path.Combine(run.Directory, $"hand-{pair}"));
            // Its twin goes first, so that both start on a machine without the other.
            Delete(client, token, id);
            var alone = hand.Start();
            ours.Add(milliseconds);
            theirs.Add(alone);
            over.Add(milliseconds - alone);
        }

        run.Figures.Add(new Figure("POST to ACTIVE over QEMU by hand", "ms", Sample.Of(over), null, Limit.AtMost(OverMsMax)));
        run.Figures.Add(new Figure("POST to ACTIVE", "ms", Sample.Of(ours), Sample.Of(theirs)));
        run.Notes.Add("By hand: the arguments of the cloud's own VM with other paths and a tap of its own, until its monitor says that it runs; its disk is made before.");
    }

    private static string Body(CloudClient client, string token)
    {
        string Id(JsonNode list, string name) => (string)list.AsArray().First(item => (string)item!["name"]! == name)!["id"]!;
        var image = Id(client.Ask("GET", "/image/v2/images", token)["images"]!, "tiny");
        var flavor = Id(client.Ask("GET", "/compute/v2.1/flavors", token)["flavors"]!, "SCS-1L-1");
        var network = (string)client.Ask("POST", "/network/v2.0/networks", token, """{"network": {"name": "bench"}}""")["network"]!["id"]!;
        client.Ask("POST", "/network/v2.0/subnets", token, $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 4, "cidr": "10.65.0.0/24"}}""");
        return $$$"""{"server": {"name": "bench", "imageRef": "{{{image}}}", "flavorRef": "{{{flavor}}}", "networks": [{"uuid": "{{{network}}}"}]}}""";
    }

    private static (string Id, double Milliseconds) Create(CloudClient client, string token, string body)
    {
        var begun = Stopwatch.GetTimestamp();
        var id = (string)client.Ask("POST", "/compute/v2.1/servers", token, body)["server"]!["id"]!;
        Wait(begun, () =>
        {
            var server = client.Ask("GET", $"/compute/v2.1/servers/{id}", token)["server"]!;
            var status = (string)server["status"]!;
            return status == "ERROR" ? throw new BenchFailedException($"The server went to ERROR: {server["fault"]}") : status == "ACTIVE";
        });
        return (id, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    private static void Delete(CloudClient client, string token, string id)
    {
        client.Ask("DELETE", $"/compute/v2.1/servers/{id}", token);
        Wait(Stopwatch.GetTimestamp(), () => client.Ask("GET", "/compute/v2.1/servers", token)["servers"]!.AsArray().All(server => (string)server!["id"]! != id));
    }

    private static void Wait(long begun, Func<bool> reached)
    {
        using var pause = new ManualResetEventSlim();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(begun) > stateTimeMax) throw new BenchFailedException("A server did not reach its state in two minutes.");
            pause.Wait(TimeSpan.FromMilliseconds(5));
        }
    }
}
