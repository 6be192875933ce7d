using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Users;

internal sealed class UserEndpoints(House house, UserService users)
{
    private static readonly Envelope<UserBody, UserWrite> envelope = new(UserJson.Wire.UserBody, body => body.User);

    public void Map(Routes api)
    {
        new RoomRoutes<UserRow, UserView>(api, house, UserService.Room)
            .List((call, request) => UserStore.ByExpiry(request, call.Query("password_expires_at"))
                .Then(filtered => UserService.Room.List(house, call.Access, filtered)))
            .Show(users.Show).Create(envelope, users.Create).Update(envelope, users.Update).Delete(users.Delete);
        api.Post("/users/{id}/password", "identity:change_password", ChangePassword);
        api.Get("/groups/{group_id}/users", "identity:list_users_in_group", OfGroup);
    }

    private Task<Answer> OfGroup(Call call)
    {
        var groupId = call.Route("group_id");
        var group = call.Access.Reached(
            "identity:list_users_in_group", "group", groupId, house.Model.Groups.Find(groupId), g => call.Access.CoversDomain(g.DomainId));
        return Task.FromResult(group.Fault ?? UserService.Room.Page(house, call, request =>
            UserStore.ByExpiry(request, call.Query("password_expires_at")).Then(filtered => users.OfGroup(groupId, filtered))));
    }

    private async Task<Answer> ChangePassword(Call call)
    {
        var body = await call.Body(UserJson.Wire.PasswordBody);
        return body.Fault ?? Answer.Of(await users.ChangePassword(call.Origin, call.Route("id"), body.Value.User, call.Stop), _ => Answer.Empty(204));
    }
}
