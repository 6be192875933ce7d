using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Assignments;

/// <summary>An assignment to show, and how it came to be.</summary>
internal sealed record FoundAssignment(AssignmentRow Row)
{
    /// <summary>Set when the user has the role as a member of this group.</summary>
    public string? ThroughGroup { get; init; }

    /// <summary>Set when the role is implied by this one.</summary>
    public string? PriorRole { get; init; }

    /// <summary>Set in effective lists when the role comes from above: the assignment itself.</summary>
    public AssignmentRow? From { get; init; }
}

/// <summary>Reads assignments from the model, which holds all of them; effective lists spread groups, roles and inheritance out.</summary>
internal sealed class AssignmentQuery(House house)
{
    private const int RowsMax = House.PageItemsMax;
    private IdentityModel Model => house.Model;

    public Outcome<List<FoundAssignment>> List(AccessGrant access, AssignmentFilter filter)
    {
        if (!access.Everything && NamesForeign(access, filter)) return Guard.Refusal("identity:list_role_assignments");
        var targets = Targets(filter);
        var rows = Held(filter).Where(row => access.Everything || access.CoversDomain(DomainOfTarget(row)));
        var found = filter.Effective ? Effective(filter, targets, rows) : Direct(filter, targets, rows);
        var list = found.Take(RowsMax).ToList();
        list.Sort(static (a, b) => Order(a).CompareTo(Order(b)));
        return list;

        static Ordinal Order(FoundAssignment found) => new(found.Row);
    }

    private static IEnumerable<FoundAssignment> Direct(AssignmentFilter filter, HashSet<string>? targets, IEnumerable<AssignmentRow> rows) => rows
        .Where(row => (filter.RoleId is null || row.RoleId == filter.RoleId) && (!filter.Inherited || row.Inherited) && IsWanted(filter, targets, row))
        .Select(row => new FoundAssignment(row));

    private bool NamesForeign(AccessGrant access, AssignmentFilter filter) =>
        filter.System
        || (filter.ProjectId is not null && !access.CoversDomain(Model.Projects.Find(filter.ProjectId)?.DomainId))
        || (filter.DomainId is not null && !access.CoversDomain(filter.DomainId));

    private string? DomainOfTarget(AssignmentRow row) => row.TargetKind switch
    {
        "project" => Model.Projects.Find(row.TargetId)?.DomainId,
        "domain" => row.TargetId,
        _ => null,
    };

    /// <summary>Ids of the targets that are asked for; null for all.</summary>
    private HashSet<string>? Targets(AssignmentFilter filter)
    {
        if (filter.DomainId is { } domain) return [domain];
        if (filter.ProjectId is not { } project) return null;
        var targets = new HashSet<string>(StringComparer.Ordinal) { project };
        if (filter.Subtree) targets.UnionWith(Model.Projects.All.Select(entry => entry.Id).Where(id => Model.Above(id).Contains(project)));
        return targets;
    }

    private static bool IsWanted(AssignmentFilter filter, HashSet<string>? targets, AssignmentRow row) =>
        (targets is null || targets.Contains(row.TargetId)) && (!filter.System || row.TargetKind == "system");

    /// <summary>The assignments of the actors that are asked for.</summary>
    private IEnumerable<AssignmentRow> Held(AssignmentFilter filter)
    {
        if ((filter.UserId ?? filter.GroupId) is not { } actor) return Model.AllGrants().Select(held => Row(held.ActorId, held.Grant));
        var rows = Model.Grants(actor).Select(grant => Row(actor, grant));
        return filter is { Effective: true, UserId: not null }
            ? rows.Concat(Model.GroupsOf(actor).SelectMany(group => Model.Grants(group).Select(grant => Row(group, grant))))
            : rows.Where(row => row.ActorKind == (filter.UserId is null ? AssignmentRow.Group : AssignmentRow.User));
    }

    private AssignmentRow Row(string actorId, Grant grant) => new()
    {
        ActorKind = Model.Groups.Find(actorId) is null ? AssignmentRow.User : AssignmentRow.Group, ActorId = actorId,
        TargetKind = AssignmentRow.ToWord(grant.Scope), TargetId = grant.TargetId, RoleId = grant.RoleId, Inherited = grant.Inherited,
    };

    private IEnumerable<FoundAssignment> Effective(AssignmentFilter filter, HashSet<string>? targets, IEnumerable<AssignmentRow> rows)
    {
        var graph = Model.Roles;
        var seen = new HashSet<(string, string, string, string)>();
        ILookup<string, string>? members = null;
        ILookup<string, string>? below = null;
        foreach (var row in rows)
        {
            if (filter.Inherited && !row.Inherited) continue;
            var places = row.Inherited
                ? (below ??= Below(targets))[row.TargetId].Select(id => row with { TargetKind = "project", TargetId = id })
                : IsWanted(filter, targets, row) ? [row] : [];
            foreach (var place in places.Where(place => IsWanted(filter, targets, place)))
            {
                var users = row.ActorKind == AssignmentRow.User ? [row.ActorId]
                    : filter.UserId is { } one ? [one] : (members ??= Model.UsersByGroup())[row.ActorId];
                foreach (var user in users)
                {
                    foreach (var role in graph.Implied(row.RoleId))
                    {
                        if (filter.RoleId is not null && role.Id != filter.RoleId) continue;
                        if (!seen.Add((user, place.TargetKind, place.TargetId, role.Id))) continue;
                        yield return new FoundAssignment(place with { ActorKind = AssignmentRow.User, ActorId = user, RoleId = role.Id })
                        {
                            ThroughGroup = row.ActorKind == AssignmentRow.Group ? row.ActorId : null, PriorRole = role.Id == row.RoleId ? null : row.RoleId,
                            From = row.Inherited ? row : null,
                        };
                    }
                }
            }
        }
    }

    /// <summary>The wanted projects under each project and domain that is above one of them.</summary>
    private ILookup<string, string> Below(HashSet<string>? targets) => (targets is null ? Model.Projects.All.Select(project => project.Id) : targets)
        .SelectMany(id => Model.Above(id).Select(above => (above, id))).ToLookup(pair => pair.above, pair => pair.id, StringComparer.Ordinal);

    /// <summary>One order for every list: by target, then actor, then role.</summary>
    private readonly record struct Ordinal(AssignmentRow Row) : IComparable<Ordinal>
    {
        public int CompareTo(Ordinal other)
        {
            var by = string.CompareOrdinal(Row.TargetKind, other.Row.TargetKind);
            if (by == 0) by = string.CompareOrdinal(Row.TargetId, other.Row.TargetId);
            if (by == 0) by = string.CompareOrdinal(Row.ActorKind, other.Row.ActorKind);
            if (by == 0) by = string.CompareOrdinal(Row.ActorId, other.Row.ActorId);
            if (by == 0) by = string.CompareOrdinal(Row.RoleId, other.Row.RoleId);
            return by == 0 ? Row.Inherited.CompareTo(other.Row.Inherited) : by;
        }
    }
}
