using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal sealed class SubnetEndpoints(SubnetService subnets)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/subnets", "network:subnets:list", List);
        api.Post("/v2.0/subnets", "network:subnets:create", Create);
        api.Get("/v2.0/subnets/{id}", "network:subnets:show", Show);
        api.Put("/v2.0/subnets/{id}", "network:subnets:update", Update);
        api.Delete("/v2.0/subnets/{id}", "network:subnets:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var query = call.Http.Request.Query;
        var parsed = ListRequest.Parse(query, SubnetStore.Shape, [.. TagStore.Filters, "router:external", "shared"]);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        TagStore.Filter(parsed.Value, query, Kinds.Subnet);
        foreach (var (name, column) in new[] { ("router:external", "external"), ("shared", "shared") })
        {
            if (call.Query(name) is not { } value) continue;
            var truth = value.Equals("true", StringComparison.OrdinalIgnoreCase) || value == "1" ? 1 : 0;
            parsed.Value.Where($"s.network_id IN (SELECT id FROM networks WHERE {column} = {truth})");
        }

        return Task.FromResult(Answer.Of(
            subnets.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "subnets", page, view => view.Id, NetworkJson.Wire.SubnetView)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.SubnetCreateBody);
        var wishes = body.Then(b => Bulk.Wishes("subnet", b.Subnet, b.Subnets));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await subnets.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.Subnet is not null, "subnet", "subnets", NetworkJson.Wire.SubnetView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        subnets.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "subnet", view, NetworkJson.Wire.SubnetView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.SubnetUpdateBody);
        var wish = body.Then(b => Bulk.Wish("subnet", b.Subnet));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await subnets.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "subnet", view, NetworkJson.Wire.SubnetView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await subnets.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));
}
