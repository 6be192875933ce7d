using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Trusts;

internal sealed class TrustEndpoints(House house, TrustService trusts)
{
    public void Map(Routes api)
    {
        new RoomRoutes<TrustRow, TrustView>(api, house, TrustService.Room)
            .List((call, request) => trusts.List(call.Access, request, call.Query("trustor_user_id"), call.Query("trustee_user_id")))
            .Delete(trusts.Delete);
        const string Item = "/OS-TRUST/trusts/{id}";
        api.Post("/OS-TRUST/trusts", "identity:create_trust", Create);
        api.Get(Item, "identity:get_trust", call => Task.FromResult(One(200, trusts.Show(call.Access, "identity:get_trust", call.Route("id")))));
        api.Get(Item + "/roles", "identity:list_roles_for_trust", call => Task.FromResult(Answer.Of(
            trusts.Show(call.Access, "identity:list_roles_for_trust", call.Route("id")),
            shown => RoleService.Room.Many(house, shown.Roles, CollectionLinks.Of(call)))));
        api.Get(Item + "/roles/{role_id}", "identity:get_role_for_trust", Role);
        api.Head(Item + "/roles/{role_id}", "identity:get_role_for_trust", Role);
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(TrustJson.Wire.TrustBody);
        return body.Fault ?? One(201, await trusts.Create(call.Access, body.Value.Trust, call.Stop));
    }

    private Task<Answer> Role(Call call)
    {
        var role = trusts.Show(call.Access, "identity:get_role_for_trust", call.Route("id")).Then<RoleRow>(shown =>
            shown.Roles.Find(row => row.Id == call.Route("role_id")) is { } row ? row : new Fault.NotFound("role", call.Route("role_id")));
        return Task.FromResult(Answer.Of(role, row => RoleService.Room.One(house, 200, row)));
    }

    private Answer One(int status, Outcome<TrustShown> outcome) => Answer.Of(outcome, shown =>
        Answer.Json(status, new TrustAnswer(TrustView.From(shown.Row, shown.Roles, house)), TrustJson.Wire.TrustAnswer));
}
