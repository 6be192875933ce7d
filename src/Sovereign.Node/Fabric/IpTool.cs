using System.Text.Json;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>iproute2, many commands to one process.</summary>
internal sealed class IpTool(ProcessRunner runner)
{
    /// <summary>Runs commands in order in a namespace (null: the machine's own); the first that fails ends the batch.</summary>
    public async Task Batch(string? netns, IReadOnlyList<string> commands, CancellationToken stop)
    {
        if (commands.Count == 0) return;
        string[] arguments = netns is null ? ["-batch", "-"] : ["-n", netns, "-batch", "-"];
        var result = await runner.Run("ip", arguments, stop, string.Join('\n', commands) + "\n");
        if (result.ExitCode == 0) return;
        throw new NodeException($"ip in {netns ?? "the host"} failed: {result.Error.Trim()} (commands: {string.Join("; ", commands)})");
    }

    public async Task AddNetns(string name, CancellationToken stop)
    {
        if (Netns.Exists(name)) return;
        await runner.Must("ip", ["netns", "add", name], stop);
        Netns.WriteSysctl(name, new Dictionary<string, string>
        {
            ["net/ipv6/conf/all/disable_ipv6"] = "1", ["net/ipv6/conf/default/disable_ipv6"] = "1",
            ["net/ipv4/conf/all/accept_redirects"] = "0",
        });
        await Batch(name, ["link set lo up"], stop);
    }

    public async Task DeleteNetns(string name, CancellationToken stop)
    {
        if (Netns.Exists(name)) await runner.Must("ip", ["netns", "del", name], stop);
    }

    public async Task<JsonElement> Json(string? netns, IReadOnlyList<string> query, CancellationToken stop)
    {
        string[] start = netns is null ? ["-j"] : ["-n", netns, "-j"];
        var text = await runner.Must("ip", [.. start, .. query], stop);
        return JsonDocument.Parse(string.IsNullOrWhiteSpace(text) ? "[]" : text).RootElement;
    }

    /// <summary>Names of the links of a namespace, with their aliases ("" for none).</summary>
    public async Task<Dictionary<string, string>> Links(string? netns, CancellationToken stop) =>
        (await Json(netns, ["link", "show"], stop)).EnumerateArray()
            .Where(l => l.TryGetProperty("ifname", out _))
            .ToDictionary(l => l.GetProperty("ifname").GetString()!, l => l.TryGetProperty("ifalias", out var alias)
                ? alias.GetString() ?? "" : "");
}
