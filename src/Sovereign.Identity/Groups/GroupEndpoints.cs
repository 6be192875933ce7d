using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Groups;

internal sealed class GroupEndpoints(House house, GroupService groups)
{
    private static readonly Envelope<GroupBody, GroupWrite> envelope = new(GroupJson.Wire.GroupBody, body => body.Group);

    public void Map(Routes api)
    {
        new RoomRoutes<GroupRow, GroupView>(api, house, GroupService.Room)
            .List((call, request) => GroupService.Room.List(house, call.Access, request))
            .Show(groups.Show).Create(envelope, groups.Create).Update(envelope, groups.Update).Delete(groups.Delete);
        api.Put("/groups/{id}/users/{user_id}", "identity:add_user_to_group", AddMember);
        api.Get("/groups/{id}/users/{user_id}", "identity:check_user_in_group", CheckMember);
        api.Head("/groups/{id}/users/{user_id}", "identity:check_user_in_group", CheckMember);
        api.Delete("/groups/{id}/users/{user_id}", "identity:remove_user_from_group", RemoveMember);
        api.Get("/users/{user_id}/groups", "identity:list_groups_for_user", OfUser);
    }

    private Task<Answer> OfUser(Call call)
    {
        var userId = call.Route("user_id");
        var user = call.Access.Reached(
            "identity:list_groups_for_user", "user", userId, house.Model.Users.Find(userId), u => call.Access.Covers(null, u.DomainId, u.Id));
        return Task.FromResult(user.Fault ?? GroupService.Room.Page(house, call, request => groups.OfUser(userId, request)));
    }

    private async Task<Answer> AddMember(Call call) =>
        Answer.Of(await groups.AddMember(call.Access, call.Route("id"), call.Route("user_id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> RemoveMember(Call call) =>
        Answer.Of(await groups.RemoveMember(call.Access, call.Route("id"), call.Route("user_id"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> CheckMember(Call call) =>
        Task.FromResult(Answer.Of(groups.CheckMember(call.Access, call.Route("id"), call.Route("user_id")), _ => Answer.Empty(204)));
}
