using Sovereign.Kernel.Access;

namespace Sovereign.LoadBalancer;

/// <summary>Who may do what: Octavia's own roles, and the plain ones of every service.</summary>
internal static class LoadBalancerAccess
{
    private const string Read = "admin or balancer_admin or balancer_global_observer or balancer_observer or balancer_member or project_reader or project_member";
    private const string Write = "admin or balancer_admin or balancer_member or project_member";
    private const string Operate = "admin or balancer_admin";
    private const string QuotaRead = "admin or balancer_admin or balancer_quota_admin or balancer_global_observer or balancer_observer or balancer_member or "
        + "project_reader or project_member";

    private const string QuotaWrite = "admin or balancer_admin or balancer_quota_admin";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("load-balancer:versions", "public"),
        .. Resource("loadbalancers"),
        new("load-balancer:loadbalancers:status", Read),
        new("load-balancer:loadbalancers:stats", Read),
        new("load-balancer:loadbalancers:failover", Operate),
        .. Resource("listeners"),
        new("load-balancer:listeners:stats", Read),
        .. Resource("pools"),
        .. Resource("members"),
        new("load-balancer:members:replace", Write),
        .. Resource("healthmonitors"),
        .. Resource("l7policies"),
        .. Resource("l7rules"),
        new("load-balancer:quotas:list", QuotaRead),
        new("load-balancer:quotas:show", QuotaRead),
        new("load-balancer:quotas:default", QuotaRead),
        new("load-balancer:quotas:update", QuotaWrite),
        new("load-balancer:quotas:delete", QuotaWrite),
        new("load-balancer:providers:list", Read),
        new("load-balancer:providers:capabilities", Operate),
        new("load-balancer:availability_zones:list", Read),
        new("load-balancer:availability_zones:show", Read),
        new("load-balancer:availability_zone_profiles:list", Operate),
        new("load-balancer:availability_zone_profiles:show", Operate),
        new("load-balancer:flavors:list", Read),
        new("load-balancer:flavors:show", Read),
        new("load-balancer:flavors:create", Operate),
        new("load-balancer:flavors:update", Operate),
        new("load-balancer:flavors:delete", Operate),
        new("load-balancer:flavor_profiles:list", Operate),
        new("load-balancer:flavor_profiles:show", Operate),
        new("load-balancer:flavor_profiles:create", Operate),
        new("load-balancer:flavor_profiles:update", Operate),
        new("load-balancer:flavor_profiles:delete", Operate),
    ];

    private static AccessRule[] Resource(string name) =>
    [
        new($"load-balancer:{name}:list", Read), new($"load-balancer:{name}:show", Read), new($"load-balancer:{name}:create", Write),
        new($"load-balancer:{name}:update", Write), new($"load-balancer:{name}:delete", Write),
    ];
}
