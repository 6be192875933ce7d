using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sovereign.Bench.Load;
using Sovereign.Bench.Servers;

namespace Sovereign.Bench.Clouds;

/// <summary>A cloud under test with all that a server needs: limits lifted, an image, a network, a flavor; made through the API.</summary>
internal sealed class BenchCloud : IDisposable
{
    private const int AnswerPages = 1000;
    private static readonly TimeSpan activeTimeMax = TimeSpan.FromSeconds(120);
    private readonly CloudClient client;
    private string imageId = "";
    private string networkId = "";
    private string flavorId = "";

    private BenchCloud(ServerProcess server)
    {
        Server = server;
        client = new CloudClient(server.Port);
        (AdminToken, _, _) = client.Login("admin");
        (Token, ProjectId, UserId) = client.Login("demo");
    }

    public ServerProcess Server { get; }

    public string AdminToken { get; }

    public string Token { get; }

    public string ProjectId { get; }

    public string UserId { get; }

    /// <param name="directory">Data directory; what an earlier process left there is found again.</param>
    public static BenchCloud Start(string directory, int nodes) =>
        new(ServerProcess.Start(ServerKinds.Cloud, directory, nodes.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Copies the data directory of a cloud that does not run.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Asks as the administrator, to prepare and to look.</summary>
    public JsonNode Ask(string method, string path, string? body = null) => client.Ask(method, path, AdminToken, body);

    /// <summary>Makes what servers need; once for a data directory.</summary>
    public void Prepare()
    {
        const string Unlimited = """{"quota_set": {"instances": -1, "cores": -1, "ram": -1}}""";
        client.Ask("PUT", $"/compute/v2.1/os-quota-sets/{ProjectId}", AdminToken, Unlimited);
        client.Ask("PUT", $"/network/v2.0/quotas/{ProjectId}", AdminToken, """{"quota": {"port": -1}}""");
        imageId = (string)client.Ask("POST", "/image/v2/images", Token, """{"name": "bench", "disk_format": "raw", "container_format": "bare"}""")["id"]!;
        client.Upload($"/image/v2/images/{imageId}/file", Token, new byte[1024 * 1024]);
        networkId = (string)client.Ask("POST", "/network/v2.0/networks", Token, """{"network": {"name": "bench"}}""")["network"]!["id"]!;
        client.Ask("POST", "/network/v2.0/subnets", Token, $$$"""{"subnet": {"network_id": "{{{networkId}}}", "ip_version": 4, "cidr": "10.64.0.0/16"}}""");
        var flavors = client.Ask("GET", "/compute/v2.1/flavors", Token)["flavors"]!.AsArray();
        flavorId = (string)flavors.First(flavor => (string)flavor!["name"]! == "SCS-1L-1")!["id"]!;
    }

    public string AddApplicationCredential(string secret) =>
        (string)client.Ask(
            "POST", $"/identity/v3/users/{UserId}/application_credentials", Token,
            $$$"""{"application_credential": {"name": "bench", "secret": "{{{secret}}}"}}""")["application_credential"]!["id"]!;

    /// <summary>Creates servers over so many connections at once and waits until all are ACTIVE.</summary>
    /// <returns>Seconds from the first request to the last ACTIVE.</returns>
    public double CreateServers(int count, int connections)
    {
        var begun = Stopwatch.GetTimestamp();
        var next = 0;
        Exception? failure = null;
        var threads = Enumerable.Range(0, connections).Select(_ => new Thread(
            () =>
            {
                try
                {
                    using var connection = new LoadConnection(Server.Port);
                    for (var number = Interlocked.Increment(ref next); number <= count && failure is null; number = Interlocked.Increment(ref next))
                    {
                        var (status, length) = connection.Ask(CreateRequest(number).Bytes);
                        if (status == 202) continue;
                        throw new BenchFailedException($"POST /servers was answered {status}: {System.Text.Encoding.UTF8.GetString(connection.Latest(length).Body)}");
                    }
                }
                catch (Exception error)
                {
                    failure = error;
                }
            },
            256 * 1024)
        { IsBackground = true }).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failure is not null) throw new BenchFailedException(failure.Message, failure);
        return WaitActive(count, begun);
    }

    /// <summary>Every server of the project, page by page.</summary>
    public List<JsonNode> Servers(string filter = "")
    {
        var all = new List<JsonNode>();
        while (true)
        {
            var marker = all.Count == 0 ? "" : $"&marker={(string)all[^1]["id"]!}";
            var page = client.Ask("GET", $"/compute/v2.1/servers/detail?limit={AnswerPages}{filter}{marker}", Token)["servers"]!.AsArray();
            all.AddRange(page.Select(server => server!));
            if (page.Count < AnswerPages) return all;
        }
    }

    /// <summary>Server id to the providers that its allocations are on.</summary>
    public Dictionary<string, List<string>> Allocations()
    {
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var provider in client.Ask("GET", "/placement/resource_providers", AdminToken)["resource_providers"]!.AsArray())
        {
            var id = (string)provider!["uuid"]!;
            foreach (var (consumer, _) in client.Ask("GET", $"/placement/resource_providers/{id}/allocations", AdminToken)["allocations"]!.AsObject())
            {
                if (!found.TryGetValue(consumer, out var providers)) found[consumer] = providers = [];
                providers.Add(id);
            }
        }

        return found;
    }

    public void Dispose()
    {
        client.Dispose();
        Server.Dispose();
    }

    private LoadRequest CreateRequest(int number) => LoadRequest.Of(
        202, "POST", "/compute/v2.1/servers",
        $$$"""{"server": {"name": "bench-{{{number}}}", "imageRef": "{{{imageId}}}", "flavorRef": "{{{flavorId}}}", "networks": [{"uuid": "{{{networkId}}}"}]}}""",
        ("X-Auth-Token", Token));

    /// <returns>Seconds since the beginning.</returns>
    private double WaitActive(int count, long begun)
    {
        // One row at most is asked for: looking must not be part of the load.
        using var pause = new ManualResetEventSlim();
        while (Stopwatch.GetElapsedTime(begun) < activeTimeMax)
        {
            if (client.Ask("GET", "/compute/v2.1/servers?status=BUILD&limit=1", Token)["servers"]!.AsArray().Count == 0) break;
            pause.Wait(TimeSpan.FromMilliseconds(20));
        }

        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var states = Servers().GroupBy(server => (string)server["status"]!).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        if (states.GetValueOrDefault("ACTIVE") >= count && states.Count == 1) return seconds;
        var told = string.Join(", ", states.Select(state => $"{state.Value} {state.Key}"));
        throw new BenchFailedException($"Of {count} servers not all are ACTIVE after at most {activeTimeMax.TotalSeconds:F0} s: {told}.");
    }
}
