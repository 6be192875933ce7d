using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Groups;

internal sealed class GroupEndpoints(House house, GroupService groups)
{
    public void Map(Routes api)
    {
        api.Get("/groups", "identity:list_groups", List);
        api.Post("/groups", "identity:create_group", Create);
        api.Get("/groups/{id}", "identity:get_group", Show);
        api.Patch("/groups/{id}", "identity:update_group", Update);
        api.Delete("/groups/{id}", "identity:delete_group", Delete);
        api.Put("/groups/{id}/users/{user_id}", "identity:add_user_to_group", AddMember);
        api.Get("/groups/{id}/users/{user_id}", "identity:check_user_in_group", CheckMember);
        api.Head("/groups/{id}/users/{user_id}", "identity:check_user_in_group", CheckMember);
        api.Delete("/groups/{id}/users/{user_id}", "identity:remove_user_from_group", RemoveMember);
        api.Get("/users/{user_id}/groups", "identity:list_groups_for_user", OfUser);
    }

    private Task<Answer> List(Call call) => Task.FromResult(Page(call, request => groups.List(call.Access, request)));

    private Task<Answer> OfUser(Call call)
    {
        var userId = call.Route("user_id");
        var user = call.Access.Reached(
            "identity:list_groups_for_user", "user", userId, house.Model.Users.Find(userId), u => call.Access.Covers(null, u.DomainId, u.Id));
        return Task.FromResult(user.Fault ?? Page(call, request => groups.OfUser(userId, request)));
    }

    private Answer Page(Call call, Func<ListRequest, Outcome<Page<GroupRow>>> read)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, GroupStore.Shape).Then(request => read(request).Map(rows => (request, rows)));
        return Answer.Of(page, found => Answer.Json(
            200,
            new GroupList([.. found.rows.Items.Select(row => GroupView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            GroupJson.Wire.GroupList));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(groups.Show(call.Access, call.Route("id")), row => One(200, row)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupBody);
        return body.Fault ?? Answer.Of(await groups.Create(call.Access, body.Value.Group, call.Stop), row => One(201, row));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(GroupJson.Wire.GroupBody);
        return body.Fault ?? Answer.Of(await groups.Update(call.Access, call.Route("id"), body.Value.Group, call.Stop), row => One(200, row));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await groups.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> AddMember(Call call) =>
        Answer.Of(await groups.AddMember(call.Access, call.Route("id"), call.Route("user_id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> RemoveMember(Call call) =>
        Answer.Of(await groups.RemoveMember(call.Access, call.Route("id"), call.Route("user_id"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> CheckMember(Call call) =>
        Task.FromResult(Answer.Of(groups.CheckMember(call.Access, call.Route("id"), call.Route("user_id")), _ => Answer.Empty(204)));

    private Answer One(int status, GroupRow row) => Answer.Json(status, new GroupAnswer(GroupView.From(row, house)), GroupJson.Wire.GroupAnswer);
}
