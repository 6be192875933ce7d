using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;
using Sovereign.Node.Control;

namespace Sovereign.Network.Agents;

internal sealed record AgentView
{
    public string Id { get; init; } = "";

    public string AgentType { get; init; } = "";

    public string Binary { get; init; } = "";

    public string Topic { get; init; } = "";

    public string Host { get; init; } = "";

    public bool AdminStateUp { get; init; } = true;

    public string CreatedAt { get; init; } = "";

    public string StartedAt { get; init; } = "";

    public string HeartbeatTimestamp { get; init; } = "";

    public string? Description { get; init; }

    public bool? ResourcesSynced { get; init; }

    public string? AvailabilityZone { get; init; }

    public bool Alive { get; init; }

    public IReadOnlyDictionary<string, string> Configurations { get; init; } = new Dictionary<string, string>();
}

internal sealed record AgentsAnswer(IReadOnlyList<AgentView> Agents);

internal sealed record AgentAnswer(AgentView Agent);

/// <summary>What a node does for networks, as the agents that a stock cloud has for it; operators look here for what is alive.</summary>
internal sealed class AgentEndpoints(INodes nodes)
{
    private const string Binary = "sovereign-node";

    private static readonly (string Type, string Topic, bool Zoned)[] roles =
    [
        ("DHCP agent", "dhcp_agent", true), ("L3 agent", "l3_agent", true), ("Linux bridge agent", "N/A", false), ("Metadata agent", "N/A", false),
    ];

    public void Map(Routes api)
    {
        api.Get("/v2.0/agents", "network:agents:list", List);
        api.Get("/v2.0/agents/{id}", "network:agents:show", Show);
    }

    /// <summary>Members see none, as in the original, where the policy filters the list.</summary>
    private Task<Answer> List(Call call)
    {
        var filters = new (string Name, Func<AgentView, string> Value)[]
        {
            ("id", agent => agent.Id), ("agent_type", agent => agent.AgentType), ("host", agent => agent.Host), ("binary", agent => agent.Binary),
            ("alive", agent => agent.Alive ? "true" : "false"), ("availability_zone", agent => agent.AvailabilityZone ?? ""),
            ("topic", agent => agent.Topic), ("admin_state_up", _ => "true"),
        };
        var found = call.Access.Everything ? All() : [];
        foreach (var (name, value) in filters)
        {
            if (call.Query(name) is not { } wanted) continue;
            found = found.Where(agent => value(agent).Equals(wanted, StringComparison.OrdinalIgnoreCase));
        }

        return Task.FromResult(Answer.Json(200, new AgentsAnswer(found.ToList()), NetworkJson.Wire.AgentsAnswer));
    }

    private Task<Answer> Show(Call call)
    {
        var id = call.Route("id");
        return Task.FromResult(All().FirstOrDefault(agent => agent.Id == id) is { } found
            ? Answer.Json(200, new AgentAnswer(found), NetworkJson.Wire.AgentAnswer)
            : NetworkFaults.Missing("AgentNotFound", $"Agent {id} could not be found."));
    }

    private IEnumerable<AgentView> All() => nodes.List().OrderBy(node => node.HostName, StringComparer.Ordinal).SelectMany(node => roles.Select(role =>
    {
        var seen = Micros.ToTime(node.SeenAt).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new AgentView
        {
            Id = IdOf(node.Id, role.Type), AgentType = role.Type, Binary = Binary, Topic = role.Topic, Host = node.HostName, CreatedAt = seen,
            StartedAt = seen, HeartbeatTimestamp = seen, AvailabilityZone = role.Zoned ? Zones.Default : null, Alive = node.Up,
        };
    }));

    /// <summary>The same id for the same node and role, always.</summary>
    private static string IdOf(string nodeId, string type) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{nodeId}/{type}")).AsSpan(0, 16)).ToString();
}
