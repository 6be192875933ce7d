using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Projects;

/// <summary>What is above and below a project, where a call asks for it: as lists of the projects that the caller has a role on, or as nested ids.</summary>
internal sealed class ProjectTree(House house)
{
    /// <summary>Members to show besides the project's own; a fault for what excludes each other.</summary>
    public Outcome<Dictionary<string, JsonElement>> Of(Call call, ProjectRow project)
    {
        if (Asked("parents_as_list") && Asked("parents_as_ids"))
        {
            return new Fault.Invalid("", "Cannot use parents_as_list and parents_as_ids query params at the same time.");
        }

        if (Asked("subtree_as_list") && Asked("subtree_as_ids"))
        {
            return new Fault.Invalid("", "Cannot use subtree_as_list and subtree_as_ids query params at the same time.");
        }

        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var above = house.Model.Above(project.Id);
        if (Asked("parents_as_list")) members["parents"] = Listed(call, above);
        if (Asked("parents_as_ids"))
        {
            members["parents"] = Element(above.AsEnumerable().Reverse().Aggregate((JsonNode?)null, (node, id) => new JsonObject { [id] = node }));
        }

        if (!Asked("subtree_as_list") && !Asked("subtree_as_ids")) return members;
        var children = house.Model.Projects.All.Where(entry => entry.DomainId == project.DomainId)
            .ToLookup(entry => entry.ParentId, entry => entry.Id, StringComparer.Ordinal);
        if (Asked("subtree_as_list")) members["subtree"] = Listed(call, Below(children, project.Id));
        if (Asked("subtree_as_ids")) members["subtree"] = Element(Nested(children, project.Id));
        return members;

        bool Asked(string name) => call.Query(name) is { } value && value.ToLowerInvariant() is not ("0" or "false");
    }

    private JsonElement Listed(Call call, IEnumerable<string> ids)
    {
        var mine = house.Model.ProjectsOf(call.Access.Caller.UserId);
        var wanted = ids.Where(mine.Contains).ToList();
        var rows = house.Kernel.Database.Read(session => ProjectStore.FindAll(session, wanted)).ToDictionary(row => row.Id, StringComparer.Ordinal);
        IReadOnlyList<ProjectEntryView> views =
            [.. wanted.Where(rows.ContainsKey).Select(id => new ProjectEntryView(ProjectView.From(rows[id], house)))];
        return JsonSerializer.SerializeToElement(views, ProjectJson.Wire.IReadOnlyListProjectEntryView);
    }

    private static IEnumerable<string> Below(ILookup<string, string> children, string id) =>
        children[id].Order(StringComparer.Ordinal).SelectMany(child => Below(children, child).Prepend(child));

    private static JsonObject? Nested(ILookup<string, string> children, string id)
    {
        if (!children.Contains(id)) return null;
        var nested = new JsonObject();
        foreach (var child in children[id].Order(StringComparer.Ordinal)) nested[child] = Nested(children, child);
        return nested;
    }

    private static JsonElement Element(JsonNode? node) => Members.Parse(node?.ToJsonString() ?? "null");
}
