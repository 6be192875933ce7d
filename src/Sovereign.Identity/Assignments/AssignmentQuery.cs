using Microsoft.AspNetCore.Http;
using Sovereign.Identity.Groups;
using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Assignments;

/// <summary>The filters of a list of assignments, as the query gives them.</summary>
/// <param name="Effective">True: groups are shown as their members, roles with those they imply.</param>
internal sealed record AssignmentFilter(
    string? UserId, string? GroupId, string? RoleId, string? ProjectId, string? DomainId, bool System, bool Effective, bool Names)
{
    public static Outcome<AssignmentFilter> Parse(IQueryCollection query)
    {
        var filter = new AssignmentFilter(
            Text("user.id"), Text("group.id"), Text("role.id"), Text("scope.project.id"), Text("scope.domain.id"), query.ContainsKey("scope.system"),
            Flag("effective"), Flag("include_names"));
        if (query.Any(pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true)))
        {
            return new Fault.Invalid("", "A query parameter holds a NUL character.");
        }

        if (filter is { UserId: not null, GroupId: not null }) return new Fault.Invalid("", "Specify a user or group, not both");
        if (filter is { ProjectId: not null, DomainId: not null }) return new Fault.Invalid("", "Specify a domain or project, not both");
        return filter is { Effective: true, GroupId: not null }
            ? new Fault.Invalid("", "Combining effective and group filter will always result in an empty list.")
            : filter;

        string? Text(string name) => query.TryGetValue(name, out var values) && !string.IsNullOrEmpty(values[^1]) ? values[^1] : null;

        // As in the original a bare "effective" is true, and only "0" and "false" are not.
        bool Flag(string name) => query.TryGetValue(name, out var values) && (values[^1] ?? "").ToLowerInvariant() is not ("0" or "false");
    }
}

/// <summary>An assignment to show, and how it came to be.</summary>
internal sealed record FoundAssignment(AssignmentRow Row)
{
    /// <summary>Set when the user has the role as a member of this group.</summary>
    public string? ThroughGroup { get; init; }

    /// <summary>Set when the role is implied by this one.</summary>
    public string? PriorRole { get; init; }
}

/// <summary>Reads assignments from the store and, for effective lists, spreads groups and roles out.</summary>
internal sealed class AssignmentQuery(House house)
{
    private const int RowsMax = House.PageItemsMax;

    public Outcome<List<FoundAssignment>> List(AccessGrant access, AssignmentFilter filter) => house.Kernel.Database.Read<Outcome<List<FoundAssignment>>>(session =>
    {
        if (!access.Everything && NamesForeign(access, filter)) return Guard.Refusal("identity:list_role_assignments");
        var rows = Rows(session, filter).Where(row => access.Everything || access.CoversDomain(DomainOfTarget(row)));
        return filter.Effective ? Effective(session, filter, rows) : rows.Select(row => new FoundAssignment(row)).Take(RowsMax).ToList();
    });

    private bool NamesForeign(AccessGrant access, AssignmentFilter filter) =>
        filter.System
        || (filter.ProjectId is not null && !access.CoversDomain(house.Model.Projects.Find(filter.ProjectId)?.DomainId))
        || (filter.DomainId is not null && !access.CoversDomain(filter.DomainId));

    private string? DomainOfTarget(AssignmentRow row) => row.TargetKind switch
    {
        "project" => house.Model.Projects.Find(row.TargetId)?.DomainId,
        "domain" => row.TargetId,
        _ => null,
    };

    private List<AssignmentRow> Rows(Session session, AssignmentFilter filter)
    {
        var where = new List<string> { "1 = 1" };
        var actors = filter.GroupId is not null ? [filter.GroupId]
            : filter.UserId is null ? (List<string>)[]
            : filter.Effective ? [filter.UserId, .. house.Model.GroupsOf(filter.UserId)] : [filter.UserId];
        if (actors.Count > 0) where.Add("actor_id IN @actors");
        if (filter.GroupId is not null) where.Add("actor_kind = 'group'");
        if (filter.RoleId is not null && !filter.Effective) where.Add("role_id = @role");
        if (filter.ProjectId is not null) where.Add("target_kind = 'project' AND target_id = @project");
        if (filter.DomainId is not null) where.Add("target_kind = 'domain' AND target_id = @domain");
        if (filter.System) where.Add("target_kind = 'system'");
        return session.Query<AssignmentRow>(
            $"SELECT * FROM role_assignments WHERE {string.Join(" AND ", where)} ORDER BY target_kind, target_id, actor_kind, actor_id, role_id",
            new { actors, role = filter.RoleId ?? "", project = filter.ProjectId ?? "", domain = filter.DomainId ?? "" });
    }

    private List<FoundAssignment> Effective(Session session, AssignmentFilter filter, IEnumerable<AssignmentRow> rows)
    {
        var graph = house.Model.Roles;
        var found = new List<FoundAssignment>();
        var seen = new HashSet<(string, string, string, string)>();
        var members = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            foreach (var user in Users(session, filter, row, members))
            {
                foreach (var role in graph.Implied(row.RoleId))
                {
                    if (filter.RoleId is not null && role.Id != filter.RoleId) continue;
                    if (found.Count >= RowsMax || !seen.Add((user, row.TargetKind, row.TargetId, role.Id))) continue;
                    found.Add(new FoundAssignment(row with { ActorKind = AssignmentRow.User, ActorId = user, RoleId = role.Id })
                    {
                        ThroughGroup = row.ActorKind == AssignmentRow.Group ? row.ActorId : null, PriorRole = role.Id == row.RoleId ? null : row.RoleId,
                    });
                }
            }
        }

        return found;
    }

    private static IReadOnlyList<string> Users(Session session, AssignmentFilter filter, AssignmentRow row, Dictionary<string, List<string>> members)
    {
        if (row.ActorKind == AssignmentRow.User) return [row.ActorId];
        if (filter.UserId is not null) return [filter.UserId];
        if (!members.TryGetValue(row.ActorId, out var users)) members[row.ActorId] = users = GroupStore.Members(session, row.ActorId);
        return users;
    }
}
