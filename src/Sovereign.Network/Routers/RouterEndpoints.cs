using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

internal sealed class RouterEndpoints(KernelServices kernel, RouterService routers, RouterInterfaces interfaces)
{
    private static readonly Envelope<RouterBody, RouterWish> envelope = new(
        NetworkJson.Wire.RouterBody, body => (body.Router, body.Routers));

    public void Map(Routes api)
    {
        new RoomRoutes<RouterRow, RouterView>(api, kernel, RouterService.Room)
            .List().Show().Create(envelope, routers.Create).Update(envelope, routers.Update).Delete(routers.Delete)
            .Action("add_extraroutes", envelope, routers.AddRoutes).Action("remove_extraroutes", envelope, routers.RemoveRoutes);
        api.Put("/v2.0/routers/{id}/add_router_interface", "network:routers:add_interface", call => Interface(call, add: true));
        api.Put("/v2.0/routers/{id}/remove_router_interface", "network:routers:remove_interface", call => Interface(call, add: false));
    }

    private async Task<Answer> Interface(Call call, bool add)
    {
        var body = await call.Body(NetworkJson.Wire.InterfaceWish);
        if (body.Fault is { } wrong) return wrong;
        var id = call.Route("id");
        var done = add ? await interfaces.Add(call.Access, id, body.Value, call.Stop) : await interfaces.Remove(call.Access, id, body.Value, call.Stop);
        return Answer.Of(done, view => Answer.Json(200, view, NetworkJson.Wire.InterfaceView));
    }
}
