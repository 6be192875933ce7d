using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sovereign.Kernel.Sources;
using Sovereign.Network.Wire;
using Sovereign.Node.Control;

namespace Sovereign.Network.Agents;

/// <summary>Types of agents, as a stock cloud names them.</summary>
internal static class AgentTypes
{
    public const string Dhcp = "DHCP agent";
    public const string L3 = "L3 agent";
    public const string Bridge = "Linux bridge agent";
    public const string Metadata = "Metadata agent";
}

/// <summary>What an operator said about an agent; its row is there from the first word on.</summary>
internal sealed record AgentSettings
{
    public string AgentId { get; init; } = "";

    public string NodeId { get; init; } = "";

    public string AgentType { get; init; } = "";

    public bool AdminStateUp { get; init; } = true;

    public string? Description { get; init; }
}

/// <summary>One thing that a node does for networks.</summary>
/// <param name="Topic">Name of the queue that a stock agent listens to.</param>
/// <param name="Zoned">True: it shows its node's availability zone.</param>
internal sealed record AgentRole(string Type, string Topic, bool Zoned)
{
    public static readonly IReadOnlyList<AgentRole> All =
    [
        new(AgentTypes.Dhcp, "dhcp_agent", true), new(AgentTypes.L3, "l3_agent", true), new(AgentTypes.Bridge, "N/A", false),
        new(AgentTypes.Metadata, "N/A", false),
    ];

    /// <summary>Routers are only where the external network is.</summary>
    public static IEnumerable<AgentRole> Of(NodeInfo node) => All.Where(role => role.Type != AgentTypes.L3 || node.Facts.Gateway);
}

/// <summary>A role of a node with what the operator said of it.</summary>
internal sealed record Agent(NodeInfo Node, AgentRole Role, AgentSettings Settings)
{
    private const string Binary = "sovereign-node";

    public string Id => Settings.AgentId;

    /// <summary>May something be put here now?</summary>
    public bool Takes => Node.Up && Settings.AdminStateUp;

    /// <summary>The same id for the same node and role, always.</summary>
    public static string IdOf(string nodeId, string type) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{nodeId}/{type}")).AsSpan(0, 16)).ToString();

    public AgentView ToView()
    {
        var seen = Micros.ToTime(Node.SeenAt).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new AgentView
        {
            Id = Id, AgentType = Role.Type, Binary = Binary, Topic = Role.Topic, Host = Node.HostName, CreatedAt = seen, StartedAt = seen,
            HeartbeatTimestamp = seen, AvailabilityZone = Role.Zoned ? Zones.Default : null, Alive = Node.Up,
            AdminStateUp = Settings.AdminStateUp, Description = Settings.Description,
        };
    }
}
