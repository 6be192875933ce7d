using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Compute.Servers;

/// <summary>What a user says about where a new server is to be: with some servers, or without them. Groups are looked at apart.</summary>
internal static class SchedulerHints
{
    private const string Same = "same_host";
    private const string Different = "different_host";

    public static Fault.Invalid? Wrong(Dictionary<string, JsonElement>? hints)
    {
        if (hints is null) return null;
        if (hints.TryGetValue("group", out var group) && (group.ValueKind != JsonValueKind.String || !Guid.TryParse(group.GetString(), out _)))
        {
            return new Fault.Invalid("group", "Invalid input for field/attribute group. It is the UUID of a server group.");
        }

        foreach (var name in new[] { Same, Different })
        {
            if (hints.TryGetValue(name, out var value) && Ids(value) is null)
            {
                return new Fault.Invalid(name, $"Invalid input for field/attribute {name}. It is the UUID of a server, or a list of them.");
            }
        }

        return hints.ContainsKey("query") || hints.ContainsKey("build_near_host_ip") || hints.ContainsKey("target_cell")
            ? new Fault.Invalid("os:scheduler_hints", "The hints query, build_near_host_ip and target_cell are not available in this cloud.")
            : null;
    }

    /// <summary>The nodes that the server's hints leave.</summary>
    /// <param name="candidates">Null for any.</param>
    /// <param name="all">Every node that may take a server.</param>
    public static IReadOnlyList<string>? Narrow(Session session, ServerRow row, IReadOnlyList<string>? candidates, Func<IReadOnlyList<string>> all)
    {
        if (row.SchedulerHints is null) return candidates;
        var hints = JsonSerializer.Deserialize(row.SchedulerHints, ServerJson.Wire.DictionaryStringJsonElement)!;
        var left = candidates;
        if (hints.TryGetValue(Same, out var same))
        {
            var nodes = Nodes(session, row, Ids(same));
            left = [.. (left ?? all()).Where(nodes.Contains)];
        }

        if (hints.TryGetValue(Different, out var different))
        {
            var nodes = Nodes(session, row, Ids(different));
            left = [.. (left ?? all()).Where(node => !nodes.Contains(node))];
        }

        return left;
    }

    private static HashSet<string> Nodes(Session session, ServerRow row, IReadOnlyList<string>? ids) => ids is not { Count: > 0 } ? [] : [.. session.Query<string>(
        "SELECT node_id FROM compute_servers WHERE id IN @ids AND node_id IS NOT NULL AND id <> @Id", new { ids, row.Id })];

    private static List<string>? Ids(JsonElement value)
    {
        var all = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [value];
        return all.TrueForAll(one => one.ValueKind == JsonValueKind.String && Guid.TryParseExact(one.GetString(), "D", out _))
            ? all.ConvertAll(one => one.GetString()!) : null;
    }
}
