using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Fabric;
using Sovereign.Network.Networks;
using Sovereign.Network.Routers;
using Sovereign.Network.Wire;
using Sovereign.Node.Control;

namespace Sovereign.Network.Agents;

/// <summary>What nodes do for networks, as the agents that a stock cloud has for it: what they serve, and what an operator moves among them.</summary>
internal sealed class AgentService(INodes nodes, FabricPlan fabric, RouterPlacement routers)
{
    public List<Agent> All(Session session)
    {
        var said = AgentStore.All(session).ToDictionary(row => row.AgentId, StringComparer.Ordinal);
        return nodes.List().OrderBy(node => node.HostName, StringComparer.Ordinal).SelectMany(node => AgentRole.Of(node).Select(role =>
        {
            var id = Agent.IdOf(node.Id, role.Type);
            return new Agent(node, role, said.GetValueOrDefault(id) ?? new AgentSettings { AgentId = id, NodeId = node.Id, AgentType = role.Type });
        })).ToList();
    }

    public Outcome<Agent> Find(Session session, string id) =>
        All(session).Find(agent => agent.Id == id) is { } found ? found : Missing(id);

    public Outcome<Agent> Update(Tx tx, string id, AgentWish wish) => Find(tx, id).Then<Agent>(agent =>
    {
        if (Attributes.Booleans(("admin_state_up", wish.AdminStateUp)) is { } boolean) return boolean;
        if (wish.Description.Value is not null && Attributes.Texts(("description", wish.Description)) is { } text) return text;
        var up = wish.AdminStateUp.Or(agent.Settings.AdminStateUp) ?? true;
        if (!up && agent.Role.Type is not (AgentTypes.Dhcp or AgentTypes.L3))
        {
            return NetworkFaults.BadRequest("agent", $"a node can't do without its {agent.Role.Type}: drain it and take it out of the cloud");
        }

        var next = agent with { Settings = agent.Settings with { AdminStateUp = up, Description = wish.Description.Or(agent.Settings.Description) } };
        AgentStore.Set(tx, next.Settings);
        if (up != agent.Settings.AdminStateUp) Switched(tx, agent);
        return next;
    });

    /// <summary>An agent is its node's: it goes when the node leaves the cloud.</summary>
    public Outcome<Done> Delete(Session session, string id) => Find(session, id).Then<Done>(agent => NetworkFaults.Conflict(
        "AgentInUse", $"Agent {id} is part of the node {agent.Node.HostName}: it goes when the node is taken out of the cloud."));

    public Outcome<List<NetworkRow>> Networks(Session session, string id) => Find(session, id).Map(agent =>
        agent.Role.Type == AgentTypes.Dhcp && agent.Settings.AdminStateUp ? DhcpPlacements.NetworksOn(session, agent.Node.Id) : []);

    public Outcome<List<RouterRow>> Routers(Session session, string id) => Find(session, id).Map(agent =>
        agent.Role.Type == AgentTypes.L3 ? RouterStore.OnNode(session, agent.Node.Id) : []);

    public Outcome<List<Agent>> OfNetwork(Session session, AccessGrant access, string networkId) =>
        NetworkService.Room.Visible(session, access, networkId).Map(network =>
        {
            var serving = DhcpPlacements.Serving(session, network.Id);
            return All(session).FindAll(agent => agent.Role.Type == AgentTypes.Dhcp && serving.Contains(agent.Node.Id));
        });

    public Outcome<List<Agent>> OfRouter(Session session, AccessGrant access, string routerId) =>
        RouterService.Room.Visible(session, access, routerId).Map(router =>
            All(session).FindAll(agent => agent.Role.Type == AgentTypes.L3 && agent.Node.Id == router.NodeId));

    public Outcome<Done> AddNetwork(Tx tx, AccessGrant access, string id, string networkId) => Find(tx, id).Then<Done>(agent =>
    {
        if (agent.Role.Type != AgentTypes.Dhcp || !agent.Takes)
        {
            return NetworkFaults.Missing("InvalidDHCPAgent", $"Agent {id} is not a valid DHCP Agent or has been disabled.");
        }

        var network = NetworkService.Room.Visible(tx, access, networkId);
        if (network.Fault is { } missing) return missing;
        if (!network.Value.HasSegment) return NetworkFaults.NoSegment(networkId);
        if (DhcpPlacements.Serving(tx, networkId).Contains(agent.Node.Id))
        {
            return NetworkFaults.Conflict("NetworkHostedByDHCPAgent", $"The network {networkId} has been already hosted by the DHCP Agent {id}.");
        }

        DhcpPlacements.Set(tx, networkId, agent.Node.Id, DhcpWish.Serve);
        fabric.NetworkChanged(tx, networkId);
        return Done.Value;
    });

    public Outcome<Done> RemoveNetwork(Tx tx, AccessGrant access, string id, string networkId) => Find(tx, id).Then<Done>(agent =>
    {
        var network = NetworkService.Room.Visible(tx, access, networkId);
        if (network.Fault is { } missing) return missing;
        if (agent.Role.Type != AgentTypes.Dhcp || !DhcpPlacements.Serving(tx, networkId).Contains(agent.Node.Id))
        {
            return NetworkFaults.Conflict("NetworkNotHostedByDhcpAgent", $"The network {networkId} is not hosted by the DHCP Agent {id}.");
        }

        DhcpPlacements.Set(tx, networkId, agent.Node.Id, DhcpWish.Leave);
        fabric.NetworkChanged(tx, networkId);
        return Done.Value;
    });

    public Outcome<Done> AddRouter(Tx tx, AccessGrant access, string id, string routerId) => Find(tx, id).Then<Done>(agent =>
    {
        if (agent.Role.Type != AgentTypes.L3 || !agent.Takes)
        {
            return NetworkFaults.Missing("InvalidL3Agent", $"Agent {id} is not a L3 Agent or has been disabled");
        }

        var found = RouterService.Room.Visible(tx, access, routerId);
        if (found.Fault is { } missing) return missing;
        if (found.Value.NodeId == agent.Node.Id) return Done.Value;
        if (found.Value.NodeId.Length > 0)
        {
            return NetworkFaults.Conflict(
                "RouterHostedByL3Agent",
                $"The router {routerId} has been already hosted by the L3 Agent {Agent.IdOf(found.Value.NodeId, AgentTypes.L3)}.");
        }

        routers.Place(tx, found.Value, agent.Node.Id);
        return Done.Value;
    });

    public Outcome<Done> RemoveRouter(Tx tx, AccessGrant access, string id, string routerId) => Find(tx, id).Then<Done>(agent =>
    {
        var found = RouterService.Room.Visible(tx, access, routerId);
        if (found.Fault is { } missing) return missing;
        if (agent.Role.Type != AgentTypes.L3 || found.Value.NodeId != agent.Node.Id)
        {
            return NetworkFaults.Conflict("RouterNotHostedByL3Agent", $"The router {routerId} is not hosted by L3 agent {id}.");
        }

        routers.Hold(tx, found.Value);
        return Done.Value;
    });

    /// <summary>What the agent serves hears of it.</summary>
    private void Switched(Tx tx, Agent agent)
    {
        if (agent.Role.Type == AgentTypes.Dhcp)
        {
            foreach (var network in DhcpPlacements.NetworksOn(tx, agent.Node.Id)) fabric.NetworkChanged(tx, network.Id);
        }
        else
        {
            foreach (var router in RouterStore.OnNode(tx, agent.Node.Id)) fabric.RouterChanged(tx, router.Id);
        }
    }

    private static Fault Missing(string id) => NetworkFaults.Missing("AgentNotFound", $"Agent {id} could not be found.");
}
