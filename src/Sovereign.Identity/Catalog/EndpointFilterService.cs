using System.Text.Json;
using Sovereign.Identity.Projects;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Catalog;

/// <summary>Groups of endpoints, and which projects see which endpoints; the operator's alone.</summary>
internal sealed class EndpointFilterService(House house)
{
    public const string Endpoint = "endpoint";
    public const string Group = "group";
    private const int FiltersBytesMax = 4 * 1024;
    private static readonly HashSet<string> filterNames = new(StringComparer.Ordinal) { "service_id", "region_id", "interface" };

    public static readonly Room<EndpointGroupRow, EndpointGroupView> Room = new(
        "endpoint_group", EndpointFilterStore.Groups, EndpointFilterStore.Group, (row, house, _) => EndpointGroupView.From(row, house),
        EndpointFilterJson.Wire.EndpointGroupView, _ => null,
        (model, row) => model.SetCatalog(catalog => catalog.Filtered(filters => filters with { Groups = filters.Groups.SetItem(row.Id, row) })))
    {
        Prefix = "/OS-EP-FILTER",
    };

    public Task<Outcome<EndpointGroupRow>> Create(AccessGrant access, EndpointGroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<EndpointGroupRow>("endpoint_group.create", access.Origin, tx =>
            Changed(new EndpointGroupRow { Id = house.Kernel.Ids.Hex() }, wish).Map(row => Written(tx, row, Change.Created)), stop);

    public Task<Outcome<EndpointGroupRow>> Update(AccessGrant access, string id, EndpointGroupWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<EndpointGroupRow>("endpoint_group.update", access.Origin, tx =>
            Room.Found(tx, id).Then(before => Changed(before, wish)).Map(row => Written(tx, row, Change.Updated)), stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("endpoint_group.delete", access.Origin, tx => Room.Found(tx, id).Map(row =>
        {
            EndpointFilterStore.DeleteGroup(tx, id);
            Room.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetCatalog(catalog => catalog.Filtered(filters => filters with
            {
                Groups = filters.Groups.Remove(id),
                GroupsOfProject = EndpointFilters.Without(filters.GroupsOfProject, id),
            })));
            return Done.Value;
        }), stop);

    /// <summary>Lets a project see an endpoint or a group from now on.</summary>
    public Task<Outcome<Done>> Add(AccessGrant access, string kind, string projectId, string otherId, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("endpoint_filter.add", access.Origin, tx =>
        {
            if (Absent(tx, kind, projectId, otherId) is { } missing) return missing;
            if (!EndpointFilterStore.Insert(tx, kind, projectId, otherId)) return Done.Value;
            Recorded(tx, kind, projectId, otherId, Change.Created);
            tx.Model(house, model => model.SetCatalog(catalog => catalog.Filtered(filters => kind == Endpoint
                ? filters with { Endpoints = EndpointFilters.With(filters.Endpoints, projectId, otherId) }
                : filters with { GroupsOfProject = EndpointFilters.With(filters.GroupsOfProject, projectId, otherId) })));
            return Done.Value;
        }, stop);

    public Task<Outcome<Done>> Take(AccessGrant access, string kind, string projectId, string otherId, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("endpoint_filter.remove", access.Origin, tx =>
        {
            if (!EndpointFilterStore.Delete(tx, kind, projectId, otherId)) return Unrelated(projectId, otherId);
            Recorded(tx, kind, projectId, otherId, Change.Deleted);
            tx.Model(house, model => model.SetCatalog(catalog => catalog.Filtered(filters => kind == Endpoint
                ? filters with { Endpoints = EndpointFilters.Without(filters.Endpoints, projectId, otherId) }
                : filters with { GroupsOfProject = EndpointFilters.Without(filters.GroupsOfProject, projectId, otherId) })));
            return Done.Value;
        }, stop);

    public Outcome<Done> Has(string kind, string projectId, string otherId)
    {
        var filters = house.Model.Catalog.Filters;
        var sets = kind == Endpoint ? filters.Endpoints : filters.GroupsOfProject;
        return sets.TryGetValue(projectId, out var others) && others.Contains(otherId) ? Done.Value : Unrelated(projectId, otherId);
    }

    private static Fault.NotFound Unrelated(string projectId, string otherId) => new("endpoint filter", $"{otherId} in project {projectId}");

    /// <summary>A project goes: what it sees is forgotten.</summary>
    public static void OfProject(Tx tx, House house, string projectId)
    {
        EndpointFilterStore.DeleteProject(tx, projectId);
        tx.Model(house, model => model.SetCatalog(catalog => !catalog.Filters.Concern(projectId) ? catalog : catalog.Filtered(filters => filters with
        {
            Endpoints = filters.Endpoints.Remove(projectId),
            GroupsOfProject = filters.GroupsOfProject.Remove(projectId),
        })));
    }

    private EndpointGroupRow Written(Tx tx, EndpointGroupRow row, Change change)
    {
        EndpointFilterStore.Put(tx, row);
        return Room.Written(tx, house, row, change);
    }

    private static Fault? Absent(Tx tx, string kind, string projectId, string otherId)
    {
        if (ProjectStore.Find(tx, projectId) is null) return new Fault.NotFound("project", projectId);
        if (kind == Endpoint) return CatalogStore.Endpoint(tx, otherId) is null ? new Fault.NotFound("endpoint", otherId) : null;
        return EndpointFilterStore.Group(tx, otherId) is null ? new Fault.NotFound("endpoint group", otherId) : null;
    }

    private static void Recorded(Tx tx, string kind, string projectId, string otherId, Change change) => tx.Record(
        "endpoint_filter", $"{projectId}/{kind}/{otherId}", null, change, new EndpointFilterDocument(projectId, kind, otherId),
        EndpointFilterJson.Wire.EndpointFilterDocument);

    private static Outcome<EndpointGroupRow> Changed(EndpointGroupRow row, EndpointGroupWrite wish)
    {
        var name = wish.Name ?? (row.Name.Length == 0 ? null : row.Name);
        if ((Members.CheckName("name", name, Members.NameMax) ?? Members.CheckText("description", wish.Description.Value)) is { } bad) return bad;
        if (wish.Filters is null && row.Name.Length == 0) return new Fault.Invalid("filters", "'filters' is a required property");
        if (wish.Filters is not { } filters) return row with { Name = name!, Description = wish.Description.Or(row.Description) ?? "" };
        var good = filters.ValueKind == JsonValueKind.Object && filters.GetRawText().Length <= FiltersBytesMax
            && filters.EnumerateObject().All(filter => filterNames.Contains(filter.Name) && filter.Value.ValueKind == JsonValueKind.String);
        return good
            ? row with { Name = name!, Description = wish.Description.Or(row.Description) ?? "", Filters = filters.GetRawText() }
            : new Fault.Invalid("filters", "Invalid input for field 'filters': service_id, region_id and interface are filtered by.");
    }
}
