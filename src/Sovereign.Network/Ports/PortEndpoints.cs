using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

internal sealed class PortEndpoints(PortService ports)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/ports", "network:ports:list", List);
        api.Post("/v2.0/ports", "network:ports:create", Create);
        api.Get("/v2.0/ports/{id}", "network:ports:show", Show);
        api.Put("/v2.0/ports/{id}", "network:ports:update", Update);
        api.Delete("/v2.0/ports/{id}", "network:ports:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var query = call.Http.Request.Query;
        var parsed = ListRequest.Parse(query, PortStore.Shape, [.. TagStore.Filters, "fixed_ips", "security_groups", "security_groups[]"]);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        TagStore.Filter(parsed.Value, query, Kinds.Port);
        if (query.TryGetValue("security_groups", out var groups))
        {
            parsed.Value.Where("p.id IN (SELECT port_id FROM port_groups WHERE group_id IN @value)", groups.Select(g => g ?? "").ToList());
        }

        if (query.TryGetValue("fixed_ips", out var ips) && FixedIps(parsed.Value, ips) is { } malformed) return Task.FromResult<Answer>(malformed);
        return Task.FromResult(Answer.Of(
            ports.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "ports", page, view => view.Id, NetworkJson.Wire.PortView)));
    }

    /// <summary>fixed_ips=subnet_id=…, fixed_ips=ip_address=…, repeated: any address and any subnet of those named.</summary>
    private static Fault? FixedIps(ListRequest request, IEnumerable<string?> filters)
    {
        var (subnets, addresses) = (new List<string>(), new List<long>());
        foreach (var filter in filters.SelectMany(f => (f ?? "").Split(',')))
        {
            var pieces = filter.Split('=', 2);
            switch (pieces[0].Trim())
            {
                case "subnet_id" when pieces.Length == 2:
                    subnets.Add(pieces[1]);
                    break;
                case "ip_address" when pieces.Length == 2:
                    addresses.Add(Ipv4.TryParse(pieces[1], out var address) ? address : -1);
                    break;
                default:
                    return NetworkFaults.Attribute("fixed_ips", $"'{filter}' is not subnet_id=… or ip_address=…");
            }
        }

        if (subnets.Count > 0) request.Where("p.id IN (SELECT port_id FROM addresses WHERE subnet_id IN @value)", subnets.ToList());
        if (addresses.Count > 0) request.Where("p.id IN (SELECT port_id FROM addresses WHERE address IN @value)", addresses.ToList());
        return null;
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.PortCreateBody);
        var wishes = body.Then(b => Bulk.Wishes("port", b.Port, b.Ports));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await ports.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.Port is not null, "port", "ports", NetworkJson.Wire.PortView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        ports.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "port", view, NetworkJson.Wire.PortView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.PortUpdateBody);
        var wish = body.Then(b => Bulk.Wish("port", b.Port));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await ports.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "port", view, NetworkJson.Wire.PortView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await ports.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));
}
