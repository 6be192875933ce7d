using System.Text.Json.Serialization;
using Sovereign.Kernel.Wire;

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

    /// <summary>Null where a router's agents are listed, since it has one; elsewhere there is no such member.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Optional<string> HaState { get; init; }
}

internal sealed record AgentsAnswer(IReadOnlyList<AgentView> Agents);

internal sealed record AgentAnswer(AgentView Agent);

internal sealed record AgentBody(AgentWish Agent);

internal sealed record AgentWish
{
    public Optional<bool?> AdminStateUp { get; init; }

    public Optional<string> Description { get; init; }
}

internal sealed record NetworkToServe(string NetworkId);

internal sealed record RouterToServe(string RouterId);
