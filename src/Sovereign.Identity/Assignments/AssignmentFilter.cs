using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Identity.Assignments;

/// <summary>The filters of a list of assignments, as the query gives them.</summary>
internal sealed record AssignmentFilter
{
    public string? UserId { get; private init; }

    public string? GroupId { get; private init; }

    public string? RoleId { get; private init; }

    public string? ProjectId { get; private init; }

    public string? DomainId { get; private init; }

    public bool System { get; private init; }

    /// <summary>True: groups are shown as their members, roles with those they imply, inherited ones where they count.</summary>
    public bool Effective { get; private init; }

    public bool Names { get; private init; }

    /// <summary>True: those of the projects below the named one too.</summary>
    public bool Subtree { get; private init; }

    /// <summary>True: only inherited ones.</summary>
    public bool Inherited { get; private init; }

    public static Outcome<AssignmentFilter> Parse(IQueryCollection query)
    {
        var filter = new AssignmentFilter
        {
            UserId = Text("user.id"), GroupId = Text("group.id"), RoleId = Text("role.id"), ProjectId = Text("scope.project.id"),
            DomainId = Text("scope.domain.id"), System = query.ContainsKey("scope.system"), Effective = Flag("effective"), Names = Flag("include_names"),
            Subtree = Flag("include_subtree"), Inherited = query.ContainsKey("scope.OS-INHERIT:inherited_to"),
        };
        return filter.Wrong() is { } wrong ? wrong : filter;

        string? Text(string name) => query.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null;
        bool Flag(string name) => query.TryGetValue(name, out var values) && values[0]?.ToLowerInvariant() is not ("0" or "false");
    }

    private Fault.Invalid? Wrong()
    {
        if (this is { UserId: not null, GroupId: not null }) return new Fault.Invalid("", "Specify a user or group, not both");
        if (this is { ProjectId: not null, DomainId: not null }) return new Fault.Invalid("", "Specify a domain or project, not both");
        if (this is { Subtree: true, ProjectId: null }) return new Fault.Invalid("", "scope.project.id must be specified if include_subtree is also specified");
        if (!Effective) return null;
        if (GroupId is not null) return new Fault.Invalid("", "Combining effective and group filter will always result in an empty list.");
        return Inherited && DomainId is not null
            ? new Fault.Invalid("", "Combining effective, domain and inherited filters will always result in an empty list.") : null;
    }
}
