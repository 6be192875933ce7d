using Sovereign.Identity.Consumers;
using Sovereign.Identity.RequestTokens;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.AccessTokens;

internal sealed class AccessTokenEndpoints(House house, AccessTokenService tokens)
{
    public void Map(Routes api)
    {
        const string Collection = "/users/{user_id}/OS-OAUTH1/access_tokens";
        const string Item = Collection + "/{id}";
        api.Post("/OS-OAUTH1/access_token", "identity:create_access_token", Create);
        api.Get(Collection, "identity:list_access_tokens", call => Task.FromResult(
            AccessTokenService.Room.Page(house, call, request => tokens.List(call.Access, call.Route("user_id"), request))));
        api.Get(Item, "identity:get_access_token", call => Task.FromResult(
            Answer.Of(tokens.Show(call.Route("user_id"), call.Route("id")), row => AccessTokenService.Room.One(house, 200, row))));
        api.Delete(Item, "identity:delete_access_token", async call => Answer.Of(
            await tokens.Delete(call.Access, call.Route("user_id"), call.Route("id"), call.Stop), _ => Answer.Empty(204)));
        api.Get(Item + "/roles", "identity:list_access_token_roles", call => Task.FromResult(
            Answer.Of(tokens.Roles(call.Route("user_id"), call.Route("id")), roles => RoleService.Room.Many(house, roles, CollectionLinks.Of(call)))));
        api.Get(Item + "/roles/{role_id}", "identity:get_access_token_role", Role);
    }

    private async Task<Answer> Create(Call call)
    {
        var request = OAuthRequest.Of(call, "oauth_token", "oauth_verifier");
        return request.Fault ?? RequestTokenEndpoints.Form(await tokens.Create(call.Origin, request.Value, call.Stop));
    }

    private Task<Answer> Role(Call call)
    {
        var role = tokens.Roles(call.Route("user_id"), call.Route("id")).Then<RoleRow>(roles =>
            roles.Find(row => row.Id == call.Route("role_id")) is { } row ? row : new Fault.NotFound("role", call.Route("role_id")));
        return Task.FromResult(Answer.Of(role, row => RoleService.Room.One(house, 200, row)));
    }
}
