using System.Text.Json.Nodes;

namespace Sovereign.Launcher;

/// <summary>Empties a node: takes it out of scheduling, moves what runs by live migration and the rest by cold migration, and stops what no other node takes. What it did
/// is in the cloud, not here: a drain that was ended goes on when it is run again.</summary>
internal sealed class NodeDrain(ComputeClient compute, TimeProvider clock, Action<string> say)
{
    private const string Reason = "drained by the operator";
    private const int PageItems = 1000;
    private static readonly TimeSpan look = TimeSpan.FromSeconds(2);

    /// <summary>How often a server is asked to go: one that comes back each time can't.</summary>
    private const int TriesMax = 5;

    /// <summary>Servers that are moved at the same time.</summary>
    private const int AtOnce = 2;

    /// <returns>How many servers could not be moved.</returns>
    public async Task<int> Run(string node, CancellationToken stop)
    {
        await compute.Enter(stop);
        await SetService(node, "disabled", stop);
        say($"{node} takes no new servers.");
        var (stuck, tries) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        for (var before = -1; ;)
        {
            var servers = await On(node, stop);
            var under = await Confirm(node, stop);
            var left = servers.Where(server => !stuck.ContainsKey(Id(server))).ToList();
            if (left.Count == 0 && !under) break;
            if (left.Count != before) say($"{left.Count} servers to go.");
            before = left.Count;
            var moving = left.Count(server => Task(server) is not null);
            foreach (var server in left.Where(server => Task(server) is null).Take(Math.Max(0, AtOnce - moving)))
            {
                var id = Id(server);
                tries[id] = tries.GetValueOrDefault(id) + 1;
                // One that could not go while it runs is shut down for it.
                var why = tries[id] > TriesMax ? "it comes back each time; its fault says why." : await Leave(server, running: tries[id] == 1, stop);
                if (why is not null) stuck[id] = why;
            }

            await System.Threading.Tasks.Task.Delay(look, clock, stop);
        }

        foreach (var (id, why) in stuck) say($"Server {id} stays: {why}");
        if (stuck.Count == 0) say($"{node} is empty.");
        return stuck.Count;
    }

    public async Task Undo(string node, CancellationToken stop)
    {
        await compute.Enter(stop);
        await SetService(node, "enabled", stop);
        say($"{node} takes servers again.");
    }

    /// <param name="running">True: while it runs, if it can.</param>
    /// <returns>Why it can't leave; null when it is on its way, or may be later.</returns>
    private async Task<string?> Leave(JsonNode server, bool running, CancellationToken stop)
    {
        var status = (string?)server["status"];
        if (running && status is "ACTIVE" or "PAUSED"
            && await Send(Id(server), new JsonObject { ["os-migrateLive"] = new JsonObject { ["host"] = null, ["block_migration"] = "auto" } }, stop) is null)
        {
            say($"Server {Id(server)} is moved while it runs.");
            return null;
        }

        switch (status)
        {
            case "ACTIVE" or "SHUTOFF":
                var moved = await Send(Id(server), new JsonObject { ["migrate"] = new JsonObject() }, stop);
                if (moved is null) say($"Server {Id(server)} is moved.");
                // No room elsewhere: at least it stands still, as its node will.
                else if ((string?)server["status"] == "ACTIVE" && await Act(Id(server), "os-stop", stop) is null) say($"Server {Id(server)} is stopped: {moved}");
                return moved;
            case "VERIFY_RESIZE":
                return await Act(Id(server), "confirmResize", stop);
            case "PAUSED":
                return await Act(Id(server), "unpause", stop);
            case "SUSPENDED":
                return await Act(Id(server), "resume", stop);
            default:
                return $"it is in {server["status"]}, from which no server is moved.";
        }
    }

    private Task<string?> Act(string id, string action, CancellationToken stop) => Send(id, new JsonObject { [action] = null }, stop);

    private async Task<string?> Send(string id, JsonObject action, CancellationToken stop)
    {
        var (status, answer) = await compute.Send(HttpMethod.Post, $"/servers/{id}/action", action, stop);
        return (int)status < 300 ? null : ComputeClient.Message(answer) ?? status.ToString();
    }

    private async Task<IReadOnlyList<JsonNode>> On(string node, CancellationToken stop)
    {
        var answer = await compute.Must(HttpMethod.Get, $"/servers/detail?all_tenants=true&limit={PageItems}&host={Uri.EscapeDataString(node)}", null, stop);
        return [.. answer!["servers"]!.AsArray().Select(server => server!)];
    }

    /// <summary>Confirms the moves that wait for it: the server is on the other node, and only its disks are here still.</summary>
    /// <returns>True while a move from the node is under way.</returns>
    private async Task<bool> Confirm(string node, CancellationToken stop)
    {
        var answer = await compute.Must(HttpMethod.Get, $"/os-migrations?source_compute={Uri.EscapeDataString(node)}", null, stop);
        var under = false;
        foreach (var row in answer!["migrations"]!.AsArray().Where(row => (string?)row!["dest_compute"] != node))
        {
            under |= (string?)row!["status"] switch
            {
                "migrating" or "queued" or "preparing" or "running" or "post-migrating" => true,
                "finished" => await Act((string)row["instance_uuid"]!, "confirmResize", stop) is null,
                _ => false,
            };
        }

        return under;
    }

    private async Task SetService(string node, string status, CancellationToken stop)
    {
        var found = await compute.Must(HttpMethod.Get, $"/os-services?binary=nova-compute&host={Uri.EscapeDataString(node)}", null, stop);
        var id = (string?)found!["services"]!.AsArray().FirstOrDefault()?["id"] ?? throw new LauncherException($"There is no node {node}.");
        var change = new JsonObject { ["status"] = status };
        if (status == "disabled") change["disabled_reason"] = Reason;
        await compute.Must(HttpMethod.Put, "/os-services/" + id, change, stop);
    }

    private static string Id(JsonNode server) => (string)server["id"]!;

    private static string? Task(JsonNode server) => (string?)server["OS-EXT-STS:task_state"];
}
