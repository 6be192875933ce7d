using Sovereign.Network.Wire;

namespace Sovereign.Network.Rbac;

/// <summary>One project (or all of them, "*") may use one object of another.</summary>
internal sealed record RbacPolicyRow : IRow
{
    public string Id { get; init; } = "";

    public string ProjectId { get; init; } = "";

    public string ObjectType { get; init; } = "";

    public string ObjectId { get; init; } = "";

    public string Action { get; init; } = "";

    /// <summary>Id of a project, or <see cref="Everyone"/>.</summary>
    public string Target { get; init; } = "";

    public long Revision { get; init; } = 1;

    public const string Everyone = "*";

    /// <summary>Only admins share with everyone, and no quota counts that.</summary>
    public bool Limited => Target != Everyone;

    public RbacPolicyView ToView() => new()
    {
        Id = Id, ProjectId = ProjectId, TenantId = ProjectId, ObjectType = ObjectType, ObjectId = ObjectId, Action = Action, TargetTenant = Target,
    };
}

/// <summary>What a policy lets its target do.</summary>
internal static class RbacActions
{
    public const string Shared = "access_as_shared";
    public const string External = "access_as_external";
}
