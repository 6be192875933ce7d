using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Sovereign.Bench.Clouds;

/// <summary>The tenant of a real cloud, with a network of its own; it waits for what it asks for.</summary>
internal sealed class RealTenant : IDisposable
{
    private const string Volumes = "/volume/v3/";
    private static readonly TimeSpan stateTimeMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan lookEvery = TimeSpan.FromMilliseconds(5);
    private readonly CloudClient client;
    private readonly string token;
    private readonly string project;
    private readonly string flavor;
    private readonly string network;

    public RealTenant(RealCloud real)
    {
        client = new CloudClient(real.Client());
        (token, project, _) = client.Login("demo", real.DemoPassword());
        Image = Id(client.Ask("GET", "/image/v2/images", token)["images"]!, "tiny");
        flavor = Id(client.Ask("GET", "/compute/v2.1/flavors", token)["flavors"]!, "SCS-1L-1");
        network = (string)client.Ask("POST", "/network/v2.0/networks", token, """{"network": {"name": "bench"}}""")["network"]!["id"]!;
        client.Ask("POST", "/network/v2.0/subnets", token, $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 4, "cidr": "10.65.0.0/24"}}""");
    }

    /// <summary>Id of the test image.</summary>
    public string Image { get; }

    /// <summary>A server of the test image.</summary>
    /// <param name="more">Further members of the request's server, each with a comma before it.</param>
    /// <returns>Its id, and the milliseconds until it was ACTIVE.</returns>
    public (string Id, double Milliseconds) Server(string more = "") =>
        Timed(() => (string)client.Ask("POST", "/compute/v2.1/servers", token,
            $$$"""{"server": {"name": "bench", "imageRef": "{{{Image}}}", "flavorRef": "{{{flavor}}}", "networks": [{"uuid": "{{{network}}}"}]{{{more}}}}}""")
            ["server"]!["id"]!, ServerIs("ACTIVE"));

    public void Pause(string server, bool paused)
    {
        client.Ask("POST", $"/compute/v2.1/servers/{server}/action", token, paused ? """{"pause": null}""" : """{"unpause": null}""");
        Wait(() => ServerIs(paused ? "PAUSED" : "ACTIVE")(server));
    }

    /// <summary>Waits until its guest has switched it off.</summary>
    public void UntilOff(string server) => Wait(() => ServerIs("SHUTOFF")(server));

    public void DeleteServer(string id)
    {
        client.Ask("DELETE", $"/compute/v2.1/servers/{id}", token);
        Wait(() => client.Ask("GET", "/compute/v2.1/servers", token)["servers"]!.AsArray().All(server => (string)server!["id"]! != id));
    }

    /// <summary>Makes a volume, snapshot or backup.</summary>
    /// <param name="kind">"volume", "snapshot" or "backup".</param>
    /// <param name="members">Members of the request's object.</param>
    /// <returns>Its id, and the milliseconds until it was available.</returns>
    public (string Id, double Milliseconds) Make(string kind, string members) =>
        Timed(() => (string)client.Ask("POST", $"{Volumes}{project}/{kind}s", token, $$$"""{"{{{kind}}}": {{{{members}}}}}""")[kind]!["id"]!,
            id => Is(kind, id, "available"));

    public void Remove(string kind, string id)
    {
        client.Ask("DELETE", $"{Volumes}{project}/{kind}s/{id}", token);
        Wait(() => client.Ask("GET", $"{Volumes}{project}/{kind}s", token)[kind + "s"]!.AsArray().All(one => (string)one!["id"]! != id));
    }

    /// <summary>Waits until a volume has no server.</summary>
    public void Free(string volume) => Wait(() => Is("volume", volume, "available"));

    /// <summary>A raw image, registered and without content.</summary>
    public string NewImage(string name) =>
        (string)client.Ask("POST", "/image/v2/images", token, $$"""{"name": "{{name}}", "disk_format": "raw", "container_format": "bare"}""")["id"]!;

    public void Upload(string image, string path) => client.Upload($"/image/v2/images/{image}/file", token, path);

    /// <returns>How many bytes came.</returns>
    public long Download(string image) => client.Download($"/image/v2/images/{image}/file", token);

    public void RemoveImage(string image) => client.Ask("DELETE", $"/image/v2/images/{image}", token);

    public void Dispose() => client.Dispose();

    private static string Id(JsonNode list, string name) => (string)list.AsArray().First(item => (string)item!["name"]! == name)!["id"]!;

    private static (string Id, double Milliseconds) Timed(Func<string> ask, Func<string, bool> reached)
    {
        var begun = Stopwatch.GetTimestamp();
        var id = ask();
        Wait(() => reached(id));
        return (id, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    private Func<string, bool> ServerIs(string wanted) => id =>
    {
        var server = client.Ask("GET", $"/compute/v2.1/servers/{id}", token)["server"]!;
        return Reached((string)server["status"]!, wanted, "ERROR", () => $"The server went to ERROR: {server["fault"]}");
    };

    private bool Is(string kind, string id, string wanted) => Reached(
        (string)client.Ask("GET", $"{Volumes}{project}/{kind}s/{id}", token)[kind]!["status"]!, wanted, "error",
        () => string.Create(CultureInfo.InvariantCulture, $"The {kind} {id} went to error: {client.Ask("GET", $"{Volumes}{project}/messages", token)}"));

    private static bool Reached(string status, string wanted, string failed, Func<string> reason) =>
        status == failed ? throw new BenchFailedException(reason()) : status == wanted;

    private static void Wait(Func<bool> reached)
    {
        var begun = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(begun) > stateTimeMax) throw new BenchFailedException($"A state was not reached in {stateTimeMax.TotalMinutes:F0} minutes.");
            pause.Wait(lookEvery);
        }
    }
}
