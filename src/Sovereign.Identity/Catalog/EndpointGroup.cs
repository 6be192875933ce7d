using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Catalog;

/// <summary>The endpoints that have what the filters name.</summary>
internal sealed record EndpointGroupRow : IRow
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>JSON object of service_id, region_id and interface; each left out is any.</summary>
    public string Filters { get; init; } = "{}";

    public bool Holds(EndpointRow endpoint)
    {
        var filters = Members.Parse(Filters);
        return Has("service_id", endpoint.ServiceId) && Has("region_id", endpoint.RegionId) && Has("interface", endpoint.Interface);
        bool Has(string name, string? value) => !filters.TryGetProperty(name, out var wanted) || wanted.ValueEquals(value);
    }
}

/// <summary>Which endpoints each project sees; a project of which nothing is said sees all.</summary>
internal sealed record EndpointFilters(
    ImmutableDictionary<string, EndpointGroupRow> Groups, ImmutableDictionary<string, ImmutableHashSet<string>> Endpoints,
    ImmutableDictionary<string, ImmutableHashSet<string>> GroupsOfProject)
{
    public static readonly EndpointFilters Empty = new(
        ImmutableDictionary<string, EndpointGroupRow>.Empty, ImmutableDictionary<string, ImmutableHashSet<string>>.Empty,
        ImmutableDictionary<string, ImmutableHashSet<string>>.Empty);

    public static EndpointFilters Load(Session session) => new(
        session.Query<EndpointGroupRow>("SELECT * FROM endpoint_groups").ToImmutableDictionary(row => row.Id, StringComparer.Ordinal),
        Sets(session.Query<Pair>("SELECT project_id, endpoint_id AS other_id FROM project_endpoints")),
        Sets(session.Query<Pair>("SELECT project_id, group_id AS other_id FROM project_endpoint_groups")));

    public bool Concern(string projectId) => Endpoints.ContainsKey(projectId) || GroupsOfProject.ContainsKey(projectId);

    public bool Shows(string projectId, EndpointRow endpoint) =>
        (Endpoints.TryGetValue(projectId, out var direct) && direct.Contains(endpoint.Id))
        || (GroupsOfProject.TryGetValue(projectId, out var groups) && groups.Any(id => Groups.TryGetValue(id, out var group) && group.Holds(endpoint)));

    public static ImmutableDictionary<string, ImmutableHashSet<string>> With(
        ImmutableDictionary<string, ImmutableHashSet<string>> sets, string key, string value) =>
        sets.SetItem(key, sets.GetValueOrDefault(key, []).Add(value));

    public static ImmutableDictionary<string, ImmutableHashSet<string>> Without(
        ImmutableDictionary<string, ImmutableHashSet<string>> sets, string key, string value)
    {
        var rest = sets.GetValueOrDefault(key, []).Remove(value);
        return rest.IsEmpty ? sets.Remove(key) : sets.SetItem(key, rest);
    }

    /// <summary>The same without a value, in whichever set it is.</summary>
    public static ImmutableDictionary<string, ImmutableHashSet<string>> Without(ImmutableDictionary<string, ImmutableHashSet<string>> sets, string value) =>
        sets.Where(pair => pair.Value.Contains(value)).Aggregate(sets, (rest, pair) => Without(rest, pair.Key, value));

    private static ImmutableDictionary<string, ImmutableHashSet<string>> Sets(List<Pair> pairs) => pairs.GroupBy(pair => pair.ProjectId, StringComparer.Ordinal)
        .ToImmutableDictionary(group => group.Key, group => group.Select(pair => pair.OtherId).ToImmutableHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private sealed record Pair
    {
        public string ProjectId { get; init; } = "";

        public string OtherId { get; init; } = "";
    }
}

internal static class EndpointFilterStore
{
    public static readonly ListShape Groups = new("endpoint_groups g", "g.id", [new("name", "g.name")], [new("id")], House.PageItemsMax);

    public static EndpointGroupRow? Group(Session session, string id) =>
        session.FirstOrDefault<EndpointGroupRow>("SELECT * FROM endpoint_groups WHERE id = @id", new { id });

    public static void Put(Tx tx, EndpointGroupRow row) => tx.Execute(
        """
        INSERT INTO endpoint_groups (id, name, description, filters) VALUES (@Id, @Name, @Description, @Filters)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description, filters = excluded.filters
        """,
        row);

    public static void DeleteGroup(Tx tx, string id)
    {
        tx.Execute("DELETE FROM project_endpoint_groups WHERE group_id = @id", new { id });
        tx.Execute("DELETE FROM endpoint_groups WHERE id = @id", new { id });
    }

    /// <param name="other">"endpoint" or "group".</param>
    /// <returns>False when it was so before.</returns>
    public static bool Insert(Tx tx, string other, string projectId, string otherId) => tx.Execute(
        $"INSERT INTO {Table(other)} (project_id, {other}_id) VALUES (@projectId, @otherId) ON CONFLICT DO NOTHING", new { projectId, otherId }) == 1;

    /// <returns>False when it was not so.</returns>
    public static bool Delete(Tx tx, string other, string projectId, string otherId) => tx.Execute(
        $"DELETE FROM {Table(other)} WHERE project_id = @projectId AND {other}_id = @otherId", new { projectId, otherId }) == 1;

    public static void DeleteProject(Tx tx, string projectId)
    {
        tx.Execute("DELETE FROM project_endpoints WHERE project_id = @projectId", new { projectId });
        tx.Execute("DELETE FROM project_endpoint_groups WHERE project_id = @projectId", new { projectId });
    }

    public static void DeleteEndpoint(Tx tx, string endpointId) => tx.Execute("DELETE FROM project_endpoints WHERE endpoint_id = @endpointId", new { endpointId });

    private static string Table(string other) => other == "endpoint" ? "project_endpoints" : "project_endpoint_groups";
}

internal sealed record EndpointGroupBody(EndpointGroupWrite EndpointGroup);

internal sealed record EndpointGroupWrite
{
    public string? Name { get; set; }

    public Optional<string> Description { get; set; }

    public JsonElement? Filters { get; set; }
}

internal sealed record EndpointGroupView(string Id, string Name, string Description, JsonElement Filters, SelfLink Links)
{
    public static EndpointGroupView From(EndpointGroupRow row, House house) => new(
        row.Id, row.Name, row.Description, Members.Parse(row.Filters), new(house.Link("/OS-EP-FILTER/endpoint_groups/" + row.Id)));
}

/// <summary>That a project sees an endpoint or a group of them, as the journal has it.</summary>
internal sealed record EndpointFilterDocument(string ProjectId, string Kind, string OtherId);

internal sealed record ProjectOfGroup(string Id, string EndpointGroupId, string ProjectId);

internal sealed record ProjectOfGroupAnswer(ProjectOfGroup Project);

[JsonSerializable(typeof(EndpointGroupBody))]
[JsonSerializable(typeof(EndpointGroupView))]
[JsonSerializable(typeof(EndpointFilterDocument))]
[JsonSerializable(typeof(ProjectOfGroupAnswer))]
internal sealed partial class EndpointFilterJson : JsonSerializerContext
{
    public static readonly EndpointFilterJson Wire = new(WireJson.Options(refuseUnknown: false));
}
