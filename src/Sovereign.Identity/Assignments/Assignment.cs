using Sovereign.Identity.Model;
using Sovereign.Kernel.Access;

namespace Sovereign.Identity.Assignments;

/// <summary>A role of a user or group on a project, a domain or the system.</summary>
internal sealed record AssignmentRow
{
    public const string User = "user";
    public const string Group = "group";

    /// <summary>"user" or "group".</summary>
    public string ActorKind { get; init; } = "";

    public string ActorId { get; init; } = "";

    /// <summary>"project", "domain" or "system".</summary>
    public string TargetKind { get; init; } = "";

    public string TargetId { get; init; } = "";

    public string RoleId { get; init; } = "";

    /// <summary>True: on every project below the target, not on the target itself.</summary>
    public bool Inherited { get; init; }

    public Grant Grant => new(ToScope(TargetKind), TargetId, RoleId, Inherited);

    public static ScopeKind ToScope(string kind) => kind switch
    {
        "project" => ScopeKind.Project,
        "domain" => ScopeKind.Domain,
        "system" => ScopeKind.System,
        _ => throw new InvalidOperationException($"No target of roles is a {kind}."),
    };

    public static string ToWord(ScopeKind scope) => scope switch
    {
        ScopeKind.Project => "project",
        ScopeKind.Domain => "domain",
        ScopeKind.System => "system",
        _ => throw new InvalidOperationException($"No role is assigned on {scope}."),
    };
}
