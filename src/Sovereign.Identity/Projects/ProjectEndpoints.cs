using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

internal sealed class ProjectEndpoints(House house, ProjectService projects)
{
    public void Map(Routes api)
    {
        api.Get("/projects", "identity:list_projects", List);
        api.Post("/projects", "identity:create_project", Create);
        api.Get("/projects/{id}", "identity:get_project", Show);
        api.Patch("/projects/{id}", "identity:update_project", Update);
        api.Delete("/projects/{id}", "identity:delete_project", Delete);
        api.Get("/users/{user_id}/projects", "identity:list_user_projects", OfUser);
        api.Get("/auth/projects", "identity:get_auth_projects", OfCaller);
    }

    private Task<Answer> List(Call call)
    {
        // Domains are a collection of their own here, so none of these acts as one.
        if (call.Query("is_domain") is { } asked && asked.ToLowerInvariant() is "true" or "1")
        {
            return Task.FromResult(Answer.Json(200, new ProjectList([], CollectionLinks.Of(call)), ProjectJson.Wire.ProjectList));
        }

        return Task.FromResult(Page(call, request => projects.List(call.Access, request)));
    }

    private Task<Answer> OfUser(Call call)
    {
        var userId = call.Route("user_id");
        var user = call.Access.Reached(
            "identity:list_user_projects", "user", userId, house.Model.Users.Find(userId), u => call.Access.Covers(null, u.DomainId, u.Id));
        return Task.FromResult(user.Fault ?? Page(call, request => projects.OfUser(userId, request)));
    }

    private Task<Answer> OfCaller(Call call) => Task.FromResult(Page(call, request => projects.OfUser(call.Access.Caller.UserId, request)));

    private Answer Page(Call call, Func<ListRequest, Sovereign.Kernel.Outcomes.Outcome<Page<ProjectRow>>> read)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, ProjectStore.Shape).Then(request => read(request).Map(rows => (request, rows)));
        return Answer.Of(page, found => Answer.Json(
            200,
            new ProjectList([.. found.rows.Items.Select(row => ProjectView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            ProjectJson.Wire.ProjectList));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(projects.Show(call.Access, call.Route("id")), row => One(200, row)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ProjectJson.Wire.ProjectBody);
        return body.Fault ?? Answer.Of(await projects.Create(call.Access, body.Value.Project, call.Stop), row => One(201, row));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ProjectJson.Wire.ProjectBody);
        return body.Fault ?? Answer.Of(await projects.Update(call.Access, call.Route("id"), body.Value.Project, call.Stop), row => One(200, row, inside: true));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await projects.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Answer One(int status, ProjectRow row, bool inside = false) =>
        Answer.Json(status, new ProjectAnswer(ProjectView.From(row, house, inside)), ProjectJson.Wire.ProjectAnswer);
}
