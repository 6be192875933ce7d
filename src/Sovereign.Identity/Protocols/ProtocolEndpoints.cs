using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Protocols;

/// <summary>Protocols are found below their provider, so their routes are their own.</summary>
internal sealed class ProtocolEndpoints(House house, ProtocolService protocols)
{
    public void Map(Routes api)
    {
        const string Collection = "/OS-FEDERATION/identity_providers/{idp_id}/protocols";
        const string Item = Collection + "/{protocol_id}";
        api.Get(Collection, "identity:list_protocols", call => Task.FromResult(
            ProtocolService.Room.Page(house, call, request => protocols.List(call.Route("idp_id"), request))));
        api.Get(Item, "identity:get_protocol", call => Task.FromResult(One(200, protocols.Show(Id(call)))));
        api.Put(Item, "identity:create_protocol", Create);
        api.Patch(Item, "identity:update_protocol", Update);
        api.Delete(Item, "identity:delete_protocol", async call =>
            Answer.Of(await protocols.Delete(call.Access, Id(call), call.Stop), _ => Answer.Empty(204)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ProtocolJson.Wire.ProtocolBody);
        return body.Fault ?? One(201, await protocols.Create(call.Access, call.Route("idp_id"), call.Route("protocol_id"), body.Value.Protocol, call.Stop));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ProtocolJson.Wire.ProtocolBody);
        return body.Fault ?? One(200, await protocols.Update(call.Access, Id(call), body.Value.Protocol, call.Stop));
    }

    private Answer One(int status, Outcome<ProtocolRow> outcome) => Answer.Of(outcome, row => ProtocolService.Room.One(house, status, row));

    private static string Id(Call call) => $"{call.Route("idp_id")}/{call.Route("protocol_id")}";
}
