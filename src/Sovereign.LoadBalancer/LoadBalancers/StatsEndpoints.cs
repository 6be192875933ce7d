using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.LoadBalancer.LoadBalancers;

/// <summary>Counters of a load balancer or one of its listeners, read from its node now.</summary>
internal sealed class StatsEndpoints(KernelServices kernel, INodes nodes)
{
    private const int BytesMax = 1024 * 1024;

    public void Map(BothRoutes api)
    {
        api.Get("/lbaas/loadbalancers/{id}/stats", "load-balancer:loadbalancers:stats", call => Stats(call, Kinds.Balancer));
        api.Get("/lbaas/listeners/{id}/stats", "load-balancer:listeners:stats", call => Stats(call, Kinds.Listener));
    }

    private async Task<Answer> Stats(Call call, string kind)
    {
        var id = call.Route("id");
        var found = kernel.Database.Read<Outcome<BalancerRow>>(session =>
        {
            var balancerId = kind == Kinds.Balancer ? id : TreeStore.FindPart(session, kind, id)?.BalancerId;
            return balancerId is not null && TreeStore.Find(session, balancerId) is { } row && call.Access.Covers(row.ProjectId) ? row : Faults.Missing(kind, id);
        });
        if (found.Fault is { } missing) return missing;
        var counters = await Counters(found.Value, call.Stop);
        if (counters.Fault is { } away) return away;
        var own = counters.Value.Listeners.Where(listener => kind == Kinds.Balancer || listener.Id == id).ToList();
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("stats");
            json.WriteNumber("active_connections", own.Sum(c => c.Active));
            json.WriteNumber("bytes_in", own.Sum(c => c.BytesIn));
            json.WriteNumber("bytes_out", own.Sum(c => c.BytesOut));
            json.WriteNumber("request_errors", own.Sum(c => c.RequestErrors));
            json.WriteNumber("total_connections", own.Sum(c => c.Total));
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private async Task<Outcome<BalancerCounters>> Counters(BalancerRow row, CancellationToken stop)
    {
        // Before it is anywhere nothing went over it.
        if (row.NodeId.Length == 0) return new BalancerCounters([]);
        var bytes = await nodes.Ask(row.NodeId, "balancer", row.Id, BytesMax, stop);
        return bytes.Map(answer => answer.Length == 0 ? new BalancerCounters([]) : JsonSerializer.Deserialize(answer, NodeJson.Default.BalancerCounters)!);
    }
}
