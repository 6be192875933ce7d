using Sovereign.Kernel.Access;

namespace Sovereign.Placement;

/// <summary>Who may what: nearly all of it is for the administrator and for services.</summary>
internal static class PlacementAccess
{
    private const string Staff = "admin or service";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("placement:versions", "public"),
        new("placement:resource_providers:list", Staff),
        new("placement:resource_providers:create", Staff),
        new("placement:resource_providers:show", Staff),
        new("placement:resource_providers:update", Staff),
        new("placement:resource_providers:delete", Staff),
        new("placement:resource_providers:inventories:list", Staff),
        new("placement:resource_providers:inventories:create", Staff),
        new("placement:resource_providers:inventories:show", Staff),
        new("placement:resource_providers:inventories:update", Staff),
        new("placement:resource_providers:inventories:delete", Staff),
        new("placement:resource_providers:aggregates:list", Staff),
        new("placement:resource_providers:aggregates:update", Staff),
        new("placement:resource_providers:usages", Staff),
        new("placement:resource_providers:traits:list", Staff),
        new("placement:resource_providers:traits:update", Staff),
        new("placement:resource_providers:traits:delete", Staff),
        new("placement:resource_providers:allocations:list", Staff),
        new("placement:usages", "admin or service or project_reader"),
        new("placement:reshaper:reshape", Staff),
        new("placement:allocations:list", Staff),
        new("placement:allocations:manage", Staff),
        new("placement:allocations:update", Staff),
        new("placement:allocations:delete", Staff),
        new("placement:allocation_candidates:list", Staff),
        new("placement:resource_classes:list", Staff),
        new("placement:resource_classes:create", Staff),
        new("placement:resource_classes:show", Staff),
        new("placement:resource_classes:update", Staff),
        new("placement:resource_classes:delete", Staff),
        new("placement:traits:list", Staff),
        new("placement:traits:show", Staff),
        new("placement:traits:update", Staff),
        new("placement:traits:delete", Staff),
    ];
}
