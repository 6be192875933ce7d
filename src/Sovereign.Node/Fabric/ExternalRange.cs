using System.Net;
using System.Text.Json;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Chooses the external range: a /24 that no route of the host touches, remembered from then on.</summary>
internal static class ExternalRange
{
    public static async Task<string> Choose(string stateDir, string? configured, IpTool ip, CancellationToken stop)
    {
        var file = Path.Combine(stateDir, "external-cidr");
        if (configured is { } wanted)
        {
            if (!IPNetwork.TryParse(wanted,
                out _)) throw new NodeException($"The external range '{wanted}' is no CIDR like 198.18.0.0/24.");
            return wanted;
        }
        if (File.Exists(file)) return (await File.ReadAllTextAsync(file, stop)).Trim();
        var taken = Taken(await ip.Json(null, ["route", "show", "table", "all"], stop)).ToList();
        // 198.18.0.0/15 is for benchmarks of networks, so no site routes it; 172.29.0.0/16 is the second choice.
        var candidates = Enumerable.Range(0, 256).Select(n => $"198.18.{n}.0/24").Concat(Enumerable.Range(0, 256)
            .Select(n => $"172.29.{n}.0/24"));
        var start = Math.Abs(StableHash(stateDir)) % 128;
        var free = candidates.Skip(start).FirstOrDefault(c => !taken.Any(t => Overlap(t, IPNetwork.Parse(c))))
            ?? throw new NodeException("No range for the external network is free on this machine; set one in the configuration "
                + "(external_cidr).");
        await File.WriteAllTextAsync(file, free, stop);
        return free;
    }

    private static IEnumerable<IPNetwork> Taken(JsonElement routes)
    {
        foreach (var route in routes.EnumerateArray())
        {
            var destination = route.GetProperty("dst").GetString()!;
            if (destination == "default" || destination.Contains(':')) continue;
            if (IPNetwork.TryParse(destination.Contains('/') ? destination : destination + "/32", out var network)) yield return network;
        }
    }

    private static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);

    // Two clouds that start at the same moment should not choose the same range.
    private static int StableHash(string text) => text.Aggregate(17, (hash, c) => unchecked((hash * 31) + c) & 0xffffff);
}
