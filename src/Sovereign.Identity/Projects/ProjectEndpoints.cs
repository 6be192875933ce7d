using System.Text.Json;
using Sovereign.Identity.Domains;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

/// <summary>Projects; a domain is also a project that acts as one, so these routes hand such ids on to the domains.</summary>
internal sealed class ProjectEndpoints(House house, ProjectService projects, DomainService domains)
{
    private readonly ProjectTree tree = new(house);

    public void Map(Routes api)
    {
        api.Get("/projects", "identity:list_projects", List);
        api.Post("/projects", "identity:create_project", Create);
        api.Get("/projects/{id}", "identity:get_project", Show);
        api.Patch("/projects/{id}", "identity:update_project", Update);
        api.Delete("/projects/{id}", "identity:delete_project", Delete);
        api.Get("/users/{user_id}/projects", "identity:list_user_projects", OfUser);
        api.Get("/auth/projects", "identity:get_auth_projects", OfCaller);
        api.Head("/auth/projects", "identity:get_auth_projects", OfCaller);
        api.Get("/OS-FEDERATION/projects", "identity:get_auth_projects", OfCaller);
        api.Head("/OS-FEDERATION/projects", "identity:get_auth_projects", OfCaller);
    }

    private Task<Answer> List(Call call)
    {
        if (call.Query("is_domain")?.ToLowerInvariant() is not ("true" or "1" or ""))
        {
            return Task.FromResult(ProjectService.Room.Page(house, call, request =>
                ProjectService.Room.List(house, call.Access, ProjectTags.Filter(request, call.Http.Request.Query))));
        }

        var page = ListRequest.Parse(call.Http.Request.Query, DomainStore.Shape)
            .Then(request => DomainService.Room.List(house, call.Access, request).Map(rows => (request, rows)));
        return Task.FromResult(Answer.Of(page, found => Answer.Json(
            200,
            new ProjectList(
                [.. found.rows.Items.Select(row => ProjectView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            ProjectJson.Wire.ProjectList)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ProjectJson.Wire.ProjectBody);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Project.IsDomain != true)
        {
            return Answer.Of(await projects.Create(call.Access, body.Value.Project, call.Stop), row => ProjectService.Room.One(house, 201, row));
        }

        if (!call.Access.Everything) return Guard.Refusal("identity:create_project");
        if (body.Value.Project is { DomainId: not null } or { ParentId.Value: not null })
        {
            return new Fault.Invalid("domain_id", "A project that acts as a domain has no domain and no parent.");
        }

        return Answer.Of(await domains.Create(call.Access, AsDomain(body.Value.Project), call.Stop), row => One(201, row));
    }

    private Task<Answer> Show(Call call)
    {
        var id = call.Route("id");
        if (call.Access.Everything && house.Model.Domains.Find(id) is not null)
        {
            return Task.FromResult(Answer.Of(domains.Show(call.Access, id), row => One(200, row)));
        }

        return Task.FromResult(Answer.Of(
            projects.Show(call.Access, id).Then(row => tree.Of(call, row).Map(members => (row, members))),
            found => ProjectService.Room.One(house, 200, found.row, view => Extended(view, found.members))));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ProjectJson.Wire.ProjectBody);
        if (body.Fault is { } wrong) return wrong;
        var id = call.Route("id");
        return call.Access.Everything && house.Model.Domains.Find(id) is not null
            ? Answer.Of(await domains.Update(call.Access, id, AsDomain(body.Value.Project), call.Stop), row => One(200, row))
            : Answer.Of(
                await projects.Update(call.Access, id, body.Value.Project, call.Stop), row => ProjectService.Room.One(house, 200, row, updated: true));
    }

    private async Task<Answer> Delete(Call call)
    {
        var id = call.Route("id");
        var deleted = call.Access.Everything && house.Model.Domains.Find(id) is not null
            ? await domains.Delete(call.Access, id, call.Stop) : await projects.Delete(call.Access, id, call.Stop);
        return Answer.Of(deleted, _ => Answer.Empty(204));
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

    private Answer One(int status, DomainRow row) =>
        Answer.Json(status, new ProjectEntryView(ProjectView.From(row, house)), ProjectJson.Wire.ProjectEntryView);

    private static ProjectView Extended(ProjectView view, Dictionary<string, JsonElement> members)
    {
        foreach (var (name, value) in members) (view.Others ??= [])[name] = value;
        return view;
    }

    private static DomainWrite AsDomain(ProjectWrite wish) => new()
    {
        Name = wish.Name, Description = wish.Description, Enabled = wish.Enabled, Tags = wish.Tags, Options = wish.Options, Others = wish.Others,
    };
}
