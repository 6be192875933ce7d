using Sovereign.Kernel.Access;

namespace Sovereign.Network;

/// <summary>Who may do what; attributes that need more are checked where they are set.</summary>
internal static class NetworkAccess
{
    private const string Read = "admin or project_reader";
    private const string Write = "admin or project_member";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("network:versions", "public"),
        new("network:resources", "public"),
        new("network:extensions:list", "any"),
        new("network:extensions:show", "any"),
        new("network:availability_zones:list", Read),
        new("network:service_providers:list", Read),
        .. Resource("networks"),
        .. Resource("subnets"),
        .. Resource("ports"),
        .. Resource("routers"),
        new("network:routers:add_interface", Write),
        new("network:routers:remove_interface", Write),
        new("network:routers:add_extraroutes", Write),
        new("network:routers:remove_extraroutes", Write),
        .. Resource("floatingips"),
        .. Resource("port_forwardings"),
        .. Resource("conntrack_helpers"),
        .. Unchanging("metering_labels"),
        .. Unchanging("metering_label_rules"),
        .. Operators("logs"),
        new("network:loggable_resources:list", "admin"),
        .. Resource("security_groups"),
        .. Resource("rbac_policies"),
        .. Resource("address_scopes"),
        .. Resource("subnetpools"),
        new("network:subnetpools:add_prefixes", Write),
        new("network:subnetpools:remove_prefixes", Write),
        new("network:subnetpools:onboard_network_subnets", Write),
        new("network:qos_policies:list", Read),
        new("network:qos_policies:show", Read),
        new("network:qos_policies:create", "admin"),
        new("network:qos_policies:update", "admin"),
        new("network:qos_policies:delete", "admin"),
        new("network:bandwidth_limit_rules:list", Read),
        new("network:bandwidth_limit_rules:show", Read),
        new("network:bandwidth_limit_rules:create", "admin"),
        new("network:bandwidth_limit_rules:update", "admin"),
        new("network:bandwidth_limit_rules:delete", "admin"),
        new("network:qos_rule_types:list", Read),
        new("network:qos_rule_types:show", Read),
        new("network:agents:list", Read),
        new("network:agents:show", "admin"),
        new("network:agents:update", "admin"),
        new("network:agents:delete", "admin"),
        new("network:dhcp_networks:list", "admin"),
        new("network:dhcp_networks:add", "admin"),
        new("network:dhcp_networks:remove", "admin"),
        new("network:dhcp_agents:list", "admin"),
        new("network:l3_routers:list", "admin"),
        new("network:l3_routers:add", "admin"),
        new("network:l3_routers:remove", "admin"),
        new("network:l3_agents:list", "admin"),
        new("network:auto_allocated_topologies:show", Read),
        new("network:auto_allocated_topologies:delete", Write),
        new("network:flavors:list", Read),
        new("network:flavors:show", Read),
        new("network:flavors:create", "admin"),
        new("network:flavors:update", "admin"),
        new("network:flavors:delete", "admin"),
        new("network:flavor_service_profiles:create", "admin"),
        new("network:flavor_service_profiles:delete", "admin"),
        .. Operators("service_profiles"),
        .. Operators("segments"),
        .. Operators("network_segment_ranges"),
        .. Resource("address_groups"),
        new("network:address_groups:add_addresses", Write),
        new("network:address_groups:remove_addresses", Write),
        new("network:default_security_group_rules:list", Read),
        new("network:default_security_group_rules:show", Read),
        new("network:default_security_group_rules:create", "admin"),
        new("network:default_security_group_rules:delete", "admin"),
        new("network:security_group_rules:list", Read),
        new("network:security_group_rules:show", Read),
        new("network:security_group_rules:create", Write),
        new("network:security_group_rules:delete", Write),
        new("network:tags:list", Read),
        new("network:tags:show", Read),
        new("network:tags:replace", Write),
        new("network:tags:add", Write),
        new("network:tags:remove", Write),
        new("network:tags:clear", Write),
        new("network:quotas:list", "admin"),
        new("network:quotas:show", Read),
        new("network:quotas:default", Read),
        new("network:quotas:details", Read),
        new("network:quotas:update", "admin"),
        new("network:quotas:delete", "admin"),
        new("network:network_ip_availabilities:list", "admin"),
        new("network:network_ip_availabilities:show", "admin"),
    ];

    /// <summary>What only operators see and change.</summary>
    private static AccessRule[] Operators(string name) => [.. Unchanging(name), new($"network:{name}:update", "admin")];

    /// <summary>What only operators see, make and delete.</summary>
    private static AccessRule[] Unchanging(string name) =>
    [
        new($"network:{name}:list", "admin"), new($"network:{name}:show", "admin"), new($"network:{name}:create", "admin"), new($"network:{name}:delete", "admin"),
    ];

    private static AccessRule[] Resource(string name) =>
    [
        new($"network:{name}:list", Read), new($"network:{name}:show", Read), new($"network:{name}:create", Write), new($"network:{name}:update", Write),
        new($"network:{name}:delete", Write),
    ];
}
