using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

internal sealed class RouterEndpoints(RouterService routers, RouterInterfaces interfaces)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/routers", "network:routers:list", List);
        api.Post("/v2.0/routers", "network:routers:create", Create);
        api.Get("/v2.0/routers/{id}", "network:routers:show", Show);
        api.Put("/v2.0/routers/{id}", "network:routers:update", Update);
        api.Delete("/v2.0/routers/{id}", "network:routers:delete", Delete);
        api.Put("/v2.0/routers/{id}/add_router_interface", "network:routers:add_interface", call => Interface(call, add: true));
        api.Put("/v2.0/routers/{id}/remove_router_interface", "network:routers:remove_interface", call => Interface(call, add: false));
        api.Put("/v2.0/routers/{id}/add_extraroutes", "network:routers:add_extraroutes", call => Routes(call, add: true));
        api.Put("/v2.0/routers/{id}/remove_extraroutes", "network:routers:remove_extraroutes", call => Routes(call, add: false));
    }

    private Task<Answer> List(Call call)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, RouterStore.Shape, TagStore.Filters);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        TagStore.Filter(parsed.Value, call.Http.Request.Query, Kinds.Router);
        return Task.FromResult(Answer.Of(
            routers.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "routers", page, view => view.Id, NetworkJson.Wire.RouterView)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.RouterBody);
        var wishes = body.Then(b => Bulk.Wishes("router", b.Router, b.Routers));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await routers.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.Router is not null, "router", "routers", NetworkJson.Wire.RouterView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        routers.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "router", view, NetworkJson.Wire.RouterView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.RouterBody);
        var wish = body.Then(b => Bulk.Wish("router", b.Router));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await routers.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "router", view, NetworkJson.Wire.RouterView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await routers.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> Interface(Call call, bool add)
    {
        var body = await call.Body(NetworkJson.Wire.InterfaceWish);
        if (body.Fault is { } wrong) return wrong;
        var id = call.Route("id");
        var done = add ? await interfaces.Add(call.Access, id, body.Value, call.Stop) : await interfaces.Remove(call.Access, id, body.Value, call.Stop);
        return Answer.Of(done, view => Answer.Json(200, view, NetworkJson.Wire.InterfaceView));
    }

    private async Task<Answer> Routes(Call call, bool add)
    {
        var body = await call.Body(NetworkJson.Wire.RouterBody);
        var routes = body.Then(b => Bulk.Wish("router", b.Router)).Then(wish => Bulk.Wish("routes", wish.Routes.Or(null)));
        if (routes.Fault is { } wrong) return wrong;
        if (SubnetRules.RouteFormat("routes", routes.Value) is { } malformed) return malformed;
        var changed = await routers.ChangeRoutes(call.Access, call.Route("id"), routes.Value, add, call.Stop);
        return Answer.Of(changed, view => NeutronAnswers.One(call, 200, "router", view, NetworkJson.Wire.RouterView));
    }
}
