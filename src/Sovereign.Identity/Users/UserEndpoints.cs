using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Users;

internal sealed class UserEndpoints(House house, UserService users)
{
    public void Map(Routes api)
    {
        api.Get("/users", "identity:list_users", List);
        api.Post("/users", "identity:create_user", Create);
        api.Get("/users/{id}", "identity:get_user", Show);
        api.Patch("/users/{id}", "identity:update_user", Update);
        api.Delete("/users/{id}", "identity:delete_user", Delete);
        api.Post("/users/{id}/password", "identity:change_password", ChangePassword);
        api.Get("/groups/{group_id}/users", "identity:list_users_in_group", OfGroup);
    }

    private Task<Answer> List(Call call) => Task.FromResult(Page(call, request => users.List(call.Access, request)));

    private Task<Answer> OfGroup(Call call)
    {
        var groupId = call.Route("group_id");
        var group = call.Access.Reached(
            "identity:list_users_in_group", "group", groupId, house.Model.Groups.Find(groupId), g => call.Access.CoversDomain(g.DomainId));
        return Task.FromResult(group.Fault ?? Page(call, request => users.OfGroup(groupId, request)));
    }

    private Answer Page(Call call, Func<ListRequest, Outcome<Page<UserRow>>> read)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, UserStore.Shape).Then(request => read(request).Map(rows => (request, rows)));
        return Answer.Of(page, found => Answer.Json(
            200,
            new UserList([.. found.rows.Items.Select(row => UserView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            UserJson.Wire.UserList));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(users.Show(call.Access, call.Route("id")), row => One(200, row)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(UserJson.Wire.UserBody);
        return body.Fault ?? Answer.Of(await users.Create(call.Access, body.Value.User, call.Stop), row => One(201, row));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(UserJson.Wire.UserBody);
        return body.Fault ?? Answer.Of(await users.Update(call.Access, call.Route("id"), body.Value.User, call.Stop), row => One(200, row, inside: true));
    }

    private async Task<Answer> ChangePassword(Call call)
    {
        var body = await call.Body(UserJson.Wire.PasswordBody);
        return body.Fault ?? Answer.Of(await users.ChangePassword(call.Origin, call.Route("id"), body.Value.User, call.Stop), _ => Answer.Empty(204));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await users.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Answer One(int status, UserRow row, bool inside = false) =>
        Answer.Json(status, new UserAnswer(UserView.From(row, house, inside)), UserJson.Wire.UserAnswer);
}
