using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.FloatingIps;

internal sealed class FloatingIpEndpoints(FloatingIpService floatingIps)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/floatingips", "network:floatingips:list", List);
        api.Post("/v2.0/floatingips", "network:floatingips:create", Create);
        api.Get("/v2.0/floatingips/{id}", "network:floatingips:show", Show);
        api.Put("/v2.0/floatingips/{id}", "network:floatingips:update", Update);
        api.Delete("/v2.0/floatingips/{id}", "network:floatingips:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, FloatingIpStore.Shape, TagStore.Filters);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        TagStore.Filter(parsed.Value, call.Http.Request.Query, Kinds.FloatingIp);
        return Task.FromResult(Answer.Of(
            floatingIps.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "floatingips", page, view => view.Id, NetworkJson.Wire.FloatingIpView)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.FloatingIpBody);
        var wishes = body.Then(b => Bulk.Wishes("floatingip", b.Floatingip, b.Floatingips));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await floatingIps.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.Floatingip is not null, "floatingip", "floatingips", NetworkJson.Wire.FloatingIpView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        floatingIps.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "floatingip", view, NetworkJson.Wire.FloatingIpView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.FloatingIpBody);
        var wish = body.Then(b => Bulk.Wish("floatingip", b.Floatingip));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await floatingIps.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "floatingip", view, NetworkJson.Wire.FloatingIpView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await floatingIps.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));
}
