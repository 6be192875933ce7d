using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

internal sealed class AssignmentEndpoints(House house, AssignmentQuery assignments)
{
    public void Map(Routes api)
    {
        api.Get("/role_assignments", "identity:list_role_assignments", List);
        api.Head("/role_assignments", "identity:list_role_assignments", List);
    }

    private Task<Answer> List(Call call)
    {
        var found = AssignmentFilter.Parse(call.Http.Request.Query).Then(filter =>
            assignments.List(call.Access, filter).Map(rows => rows.Select(row => View(row, filter.Names)).ToList()));
        return Task.FromResult(Answer.Of(found, views =>
            Answer.Json(200, new AssignmentList(views, CollectionLinks.Of(call)), AssignmentJson.Wire.AssignmentList)));
    }

    private AssignmentView View(FoundAssignment found, bool names)
    {
        var row = found.Row;
        var origin = found.From ?? row;
        var target = origin.TargetKind == "system" ? "/system" : $"/{origin.TargetKind}s/{origin.TargetId}";
        var actor = found.ThroughGroup is null ? $"/{row.ActorKind}s/{row.ActorId}" : "/groups/" + found.ThroughGroup;
        var path = $"{target}{actor}/roles/{found.PriorRole ?? row.RoleId}";
        var links = new AssignmentLinks(house.Link(row.Inherited ? $"/OS-INHERIT{path}/inherited_to_projects" : path))
        {
            Membership = found.ThroughGroup is null ? null : house.Link($"/groups/{found.ThroughGroup}/users/{row.ActorId}"),
            PriorRole = found.PriorRole is null ? null : house.Link($"/prior_role/{found.PriorRole}/implies/{row.RoleId}"),
        };
        var scope = row.TargetKind switch
        {
            "project" => new ScopeView { Project = Named(row.TargetId, house.Model.Projects.Find(row.TargetId), names) },
            "domain" => new ScopeView { Domain = Named(row.TargetId, house.Model.Domains.Find(row.TargetId), names) },
            _ => new ScopeView { System = new(All: true) },
        };
        if (row.Inherited) scope = scope with { InheritedTo = "projects" };
        var role = Named(row.RoleId, house.Model.Roles.Find(row.RoleId), names);
        return row.ActorKind == AssignmentRow.User
            ? new AssignmentView(links, scope, role) { User = Named(row.ActorId, house.Model.Users.Find(row.ActorId), names) }
            : new AssignmentView(links, scope, role) { Group = Named(row.ActorId, house.Model.Groups.Find(row.ActorId), names) };
    }

    private Reference Named(string id, INamed? entry, bool names)
    {
        if (!names || entry is null) return new Reference(id);
        var domain = entry.DomainId.Length == 0 ? null : new Reference(entry.DomainId) { Name = house.Model.Domains.Find(entry.DomainId)?.Name };
        return new Reference(id) { Name = entry.Name, Domain = domain };
    }
}
