using Sovereign.Identity.Model;
using Sovereign.Identity.Wire;

namespace Sovereign.Identity.Roles;

/// <summary>A role; one of a domain counts only through the global roles that it implies.</summary>
internal sealed record RoleRow : IRow
{
    /// <summary>Roles that a domain manager may hand out in its domain: never admin, also not through an implied role.</summary>
    private static readonly HashSet<string> managed = new(StringComparer.Ordinal) { "manager", "member", "reader" };

    public string Id { get; init; } = "";

    /// <summary>Empty for a global role.</summary>
    public string DomainId { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public string Options { get; init; } = "{}";

    public string Extra { get; init; } = "{}";

    public RoleEntry Entry => new(Id, DomainId, Name);

    public static bool IsDomainManaged(RoleGraph graph, string roleId) =>
        graph.Find(roleId) is { IsGlobal: true } role && managed.Contains(role.Name) && graph.Implied(roleId).All(implied => managed.Contains(implied.Name));
}

internal sealed record InferenceRow
{
    public string PriorRoleId { get; init; } = "";

    public string ImpliedRoleId { get; init; } = "";
}
