using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal sealed class NetworkEndpoints(NetworkService networks)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/networks", "network:networks:list", List);
        api.Post("/v2.0/networks", "network:networks:create", Create);
        api.Get("/v2.0/networks/{id}", "network:networks:show", Show);
        api.Put("/v2.0/networks/{id}", "network:networks:update", Update);
        api.Delete("/v2.0/networks/{id}", "network:networks:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, NetworkStore.Shape, TagStore.Filters);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        TagStore.Filter(parsed.Value, call.Http.Request.Query, Kinds.Network);
        return Task.FromResult(Answer.Of(
            networks.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "networks", page, view => view.Id, NetworkJson.Wire.NetworkView)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.NetworkCreateBody);
        var wishes = body.Then(b => Bulk.Wishes("network", b.Network, b.Networks));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await networks.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.Network is not null, "network", "networks", NetworkJson.Wire.NetworkView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        networks.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "network", view, NetworkJson.Wire.NetworkView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.NetworkUpdateBody);
        var wish = body.Then(b => Bulk.Wish("network", b.Network));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await networks.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "network", view, NetworkJson.Wire.NetworkView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await networks.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));
}
