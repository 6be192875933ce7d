using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Networks;
using Sovereign.Network.Routers;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Agents;

/// <summary>Operators look here for what is alive, and say what runs where.</summary>
/// <param name="dns">False: networks are shown without DNS attributes.</param>
internal sealed class AgentEndpoints(KernelServices kernel, AgentService agents, bool dns)
{
    private const string Item = "/v2.0/agents/{id}";

    public void Map(Routes api)
    {
        api.Get("/v2.0/agents", "network:agents:list", List);
        api.Get(Item, "network:agents:show", call => Task.FromResult(kernel.Database.Read(session => Shown(agents.Find(session, call.Route("id"))))));
        api.Put(Item, "network:agents:update", Update);
        api.Delete(Item, "network:agents:delete", call => Write(call, "delete", 204, tx => agents.Delete(tx, call.Route("id"))));
        api.Get(Item + "/dhcp-networks", "network:dhcp_networks:list", Networks);
        api.Post(Item + "/dhcp-networks", "network:dhcp_networks:add", AddNetwork);
        api.Delete(Item + "/dhcp-networks/{network}", "network:dhcp_networks:remove", call => Write(
            call, "remove_network", 204, tx => agents.RemoveNetwork(tx, call.Access, call.Route("id"), call.Route("network"))));
        api.Get(Item + "/l3-routers", "network:l3_routers:list", Routers);
        api.Post(Item + "/l3-routers", "network:l3_routers:add", AddRouter);
        api.Delete(Item + "/l3-routers/{router}", "network:l3_routers:remove", call => Write(
            call, "remove_router", 204, tx => agents.RemoveRouter(tx, call.Access, call.Route("id"), call.Route("router"))));
        api.Get("/v2.0/networks/{id}/dhcp-agents", "network:dhcp_agents:list", call => Task.FromResult(kernel.Database.Read(session =>
            Many(agents.OfNetwork(session, call.Access, call.Route("id")), agent => agent.ToView()))));
        api.Get("/v2.0/routers/{id}/l3-agents", "network:l3_agents:list", call => Task.FromResult(kernel.Database.Read(session =>
            Many(agents.OfRouter(session, call.Access, call.Route("id")), agent => agent.ToView() with { HaState = new(true, null) }))));
    }

    /// <summary>Members see none, as in the original, where the policy filters the list.</summary>
    private Task<Answer> List(Call call)
    {
        var filters = new (string Name, Func<AgentView, string> Value)[]
        {
            ("id", agent => agent.Id), ("agent_type", agent => agent.AgentType), ("host", agent => agent.Host), ("binary", agent => agent.Binary),
            ("alive", agent => agent.Alive ? "true" : "false"), ("availability_zone", agent => agent.AvailabilityZone ?? ""),
            ("topic", agent => agent.Topic), ("admin_state_up", agent => agent.AdminStateUp ? "true" : "false"),
        };
        var found = call.Access.Everything ? kernel.Database.Read(agents.All).Select(agent => agent.ToView()) : [];
        foreach (var (name, value) in filters)
        {
            if (call.Query(name) is not { } wanted) continue;
            found = found.Where(agent => value(agent).Equals(wanted, StringComparison.OrdinalIgnoreCase));
        }

        return Task.FromResult(Answer.Json(200, new AgentsAnswer(found.ToList()), NetworkJson.Wire.AgentsAnswer));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.AgentBody);
        if (body.Fault is { } wrong) return wrong;
        return Shown(await kernel.Queue.Write<Agent>("agent.update", call.Origin, tx => agents.Update(tx, call.Route("id"), body.Value.Agent), call.Stop));
    }

    private Task<Answer> Networks(Call call) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        agents.Networks(session, call.Route("id")),
        rows => NeutronAnswers.Many(
            200, "networks", NetworkService.Room.Views(session, rows, Viewer.Of(call.Access, dns)), NetworkJson.Wire.NetworkView))));

    private Task<Answer> Routers(Call call) => Task.FromResult(kernel.Database.Read(session => Answer.Of(
        agents.Routers(session, call.Route("id")),
        rows => NeutronAnswers.Many(
            200, "routers", RouterService.Room.Views(session, rows, Viewer.Of(call.Access, dns)), NetworkJson.Wire.RouterView))));

    private async Task<Answer> AddNetwork(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.NetworkToServe);
        if (body.Fault is { } wrong) return wrong;
        return await Write(call, "add_network", 201, tx => agents.AddNetwork(tx, call.Access, call.Route("id"), body.Value.NetworkId));
    }

    private async Task<Answer> AddRouter(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.RouterToServe);
        if (body.Fault is { } wrong) return wrong;
        return await Write(call, "add_router", 201, tx => agents.AddRouter(tx, call.Access, call.Route("id"), body.Value.RouterId));
    }

    /// <summary>What was added is answered with null, as in the original: clients read JSON there.</summary>
    private async Task<Answer> Write(Call call, string name, int status, Func<Tx, Outcome<Done>> change) => Answer.Of(
        await kernel.Queue.Write("agent." + name, call.Origin, change, call.Stop),
        _ => status == 204 ? Answer.Empty(204) : Answer.Bytes(status, "null"u8.ToArray()));

    private static Answer Shown(Outcome<Agent> outcome) =>
        Answer.Of(outcome, agent => Answer.Json(200, new AgentAnswer(agent.ToView()), NetworkJson.Wire.AgentAnswer));

    private static Answer Many(Outcome<List<Agent>> outcome, Func<Agent, AgentView> view) =>
        Answer.Of(outcome, found => Answer.Json(200, new AgentsAnswer(found.ConvertAll(agent => view(agent))), NetworkJson.Wire.AgentsAnswer));
}
