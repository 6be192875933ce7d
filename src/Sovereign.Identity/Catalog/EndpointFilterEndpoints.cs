using Sovereign.Identity.Projects;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Catalog;

internal sealed class EndpointFilterEndpoints(House house, EndpointFilterService filters, CatalogService catalog)
{
    private const string Extension = "/OS-EP-FILTER";
    private static readonly Envelope<EndpointGroupBody, EndpointGroupWrite> envelope = new(EndpointFilterJson.Wire.EndpointGroupBody, body => body.EndpointGroup);

    public void Map(Routes api)
    {
        new RoomRoutes<EndpointGroupRow, EndpointGroupView>(api, house, EndpointFilterService.Room)
            .List((_, request) => EndpointFilterService.Room.Page(house, request)).Show((_, id) => Group(id))
            .Create(envelope, filters.Create).Update(envelope, filters.Update).Delete(filters.Delete);
        const string Groups = Extension + "/endpoint_groups/{id}";
        api.Head(Groups, "identity:get_endpoint_group", call =>
            Task.FromResult(Answer.Of(Group(call.Route("id")), row => EndpointFilterService.Room.One(house, 200, row))));
        api.Get(Groups + "/endpoints", "identity:list_endpoints_associated_with_endpoint_group", call => Task.FromResult(Answer.Of(
            Group(call.Route("id")), group => Endpoints(call, group.Holds))));
        api.Get(Groups + "/projects", "identity:list_projects_associated_with_endpoint_group", call => Task.FromResult(Answer.Of(
            Group(call.Route("id")), group => Projects(call, EndpointFilterService.Group, group.Id))));
        MapPair(api, Groups + "/projects/{project_id}", EndpointFilterService.Group, "endpoint_group_to_project", "endpoint_group_from_project");
        api.Get(Groups + "/projects/{project_id}", "identity:get_endpoint_group_in_project", ShowPair);
        const string OfProject = Extension + "/projects/{project_id}";
        MapPair(api, OfProject + "/endpoints/{id}", EndpointFilterService.Endpoint, "endpoint_to_project", "endpoint_from_project");
        api.Get(OfProject + "/endpoints/{id}", "identity:check_endpoint_in_project", call => Check(call, EndpointFilterService.Endpoint));
        api.Get(OfProject + "/endpoints", "identity:list_endpoints_for_project", call =>
            Task.FromResult(InProject(call) ?? Endpoints(call, row => house.Model.Catalog.Filters.Shows(call.Route("project_id"), row))));
        api.Get(OfProject + "/endpoint_groups", "identity:list_endpoint_groups_for_project", GroupsOfProject);
        api.Get(Extension + "/endpoints/{id}/projects", "identity:list_projects_for_endpoint", call => Task.FromResult(Answer.Of(
            house.Kernel.Database.Read(session => catalog.Endpoints.Found(session, call.Route("id"))),
            row => Projects(call, EndpointFilterService.Endpoint, row.Id))));
    }

    private void MapPair(Routes api, string path, string kind, string adding, string taking)
    {
        var check = kind == EndpointFilterService.Endpoint ? "identity:check_endpoint_in_project" : "identity:get_endpoint_group_in_project";
        api.Put(path, "identity:add_" + adding, async call =>
            Empty(await filters.Add(call.Access, kind, call.Route("project_id"), call.Route("id"), call.Stop)));
        api.Head(path, check, call => Check(call, kind, kind == EndpointFilterService.Group ? 200 : 204));
        api.Delete(path, "identity:remove_" + taking, async call =>
            Empty(await filters.Take(call.Access, kind, call.Route("project_id"), call.Route("id"), call.Stop)));
    }

    private Task<Answer> Check(Call call, string kind, int status = 204) =>
        Task.FromResult(Answer.Of(filters.Has(kind, call.Route("project_id"), call.Route("id")), _ => Answer.Empty(status)));

    private Task<Answer> ShowPair(Call call)
    {
        var (project, group) = (call.Route("project_id"), call.Route("id"));
        return Task.FromResult(Answer.Of(filters.Has(EndpointFilterService.Group, project, group), _ => Answer.Json(
            200, new ProjectOfGroupAnswer(new(project, group, project)), EndpointFilterJson.Wire.ProjectOfGroupAnswer)));
    }

    private Task<Answer> GroupsOfProject(Call call)
    {
        if (InProject(call) is { } missing) return Task.FromResult(missing);
        var all = house.Model.Catalog.Filters;
        var rows = all.GroupsOfProject.GetValueOrDefault(call.Route("project_id"), []).Order(StringComparer.Ordinal)
            .Where(all.Groups.ContainsKey).Select(id => all.Groups[id]);
        return Task.FromResult(EndpointFilterService.Room.Many(house, rows, CollectionLinks.Of(call)));
    }

    private Answer Endpoints(Call call, Func<EndpointRow, bool> wanted) =>
        catalog.Endpoints.Many(house, house.Model.Catalog.Endpoints.Values.Where(wanted), CollectionLinks.Of(call));

    private Answer Projects(Call call, string kind, string otherId)
    {
        var all = house.Model.Catalog.Filters;
        var ids = (kind == EndpointFilterService.Endpoint ? all.Endpoints : all.GroupsOfProject)
            .Where(pair => pair.Value.Contains(otherId)).Select(pair => pair.Key).ToList();
        return Answer.Of(
            ids.Count == 0 ? new Page<ProjectRow>([], More: false) : ProjectService.Room.Page(house, ListRequest.All(ProjectStore.Shape).Where("p.id IN @value", ids)),
            page => ProjectService.Room.Many(house, page.Items, CollectionLinks.Of(call)));
    }

    private Answer? InProject(Call call)
    {
        var id = call.Route("project_id");
        if (house.Model.Projects.Find(id) is not null) return null;
        return new Fault.NotFound("project", id);
    }

    private Outcome<EndpointGroupRow> Group(string id) => house.Kernel.Database.Read(session => EndpointFilterService.Room.Found(session, id));

    private static Answer Empty(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(204));
}
