using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

internal sealed class ProjectEndpoints(House house, ProjectService projects)
{
    private static readonly Envelope<ProjectBody, ProjectWrite> envelope = new(ProjectJson.Wire.ProjectBody, body => body.Project);

    public void Map(Routes api)
    {
        new RoomRoutes<ProjectRow, ProjectView>(api, house, ProjectService.Room)
            .List((call, request) => projects.List(
                call.Access, request, domains: call.Query("is_domain")?.ToLowerInvariant() is "true" or "1"))
            .Show(projects.Show).Create(envelope, projects.Create).Update(envelope, projects.Update).Delete(projects.Delete);
        api.Get("/users/{user_id}/projects", "identity:list_user_projects", OfUser);
        api.Get("/auth/projects", "identity:get_auth_projects", OfCaller);
    }

    private Task<Answer> OfUser(Call call)
    {
        var userId = call.Route("user_id");
        var user = call.Access.Reached(
            "identity:list_user_projects", "user", userId, house.Model.Users.Find(userId), u => call.Access.Covers(null, u.DomainId, u.Id));
        return Task.FromResult(user.Fault ?? ProjectService.Room.Page(house, call, request => projects.OfUser(userId, request)));
    }

    private Task<Answer> OfCaller(Call call) =>
        Task.FromResult(ProjectService.Room.Page(house, call, request => projects.OfUser(call.Access.Caller.UserId, request)));
}
