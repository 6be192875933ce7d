using Sovereign.Kernel.Access;

namespace Sovereign.Identity;

/// <summary>Who may do what, after the defaults of 2025.1 with the domain manager of scs-0302. Handlers narrow "self" and "domain" to the target's owner.</summary>
internal static class IdentityAccess
{
    private const string Admin = "admin";
    private const string CloudAdmin = "cloud_admin";
    private const string AdminOrSystemReader = "admin or system_reader";
    private const string Readers = "admin or system_reader or domain_reader";
    private const string ReadersOrSelf = "admin or system_reader or domain_reader or self";
    private const string Managers = "admin or domain_manager";

    /// <summary>Ends of the names of rules about what belongs to the whole cloud.</summary>
    private static readonly string[] ofTheCloud =
    [
        "_domain", "_role", "_implied_role", "_service", "_endpoint", "_region", "_policy", "_consumer", "_registered_limit", "_registered_limits", "_limit",
        "_limits", "_domain_config", "_endpoint_group", "_endpoint_group_to_project", "_endpoint_group_from_project", "_endpoint_to_project",
        "_endpoint_from_project", "_system_grant_for_user", "_system_grant_for_group",
    ];

    /// <param name="enforceScope">True: tokens of a domain change nothing that belongs to the whole cloud.</param>
    public static IReadOnlyList<AccessRule> TableOf(bool enforceScope) => !enforceScope ? table : [.. table.Select(rule =>
        rule.Text == Admin && ofTheCloud.Any(end => rule.Name.EndsWith(end, StringComparison.Ordinal)) ? new AccessRule(rule.Name, CloudAdmin) : rule)];

    private static readonly IReadOnlyList<AccessRule> table =
    [
        new("identity:versions", "public"),
        new("identity:authenticate", "public"),
        new("identity:validate_token", "admin or system_reader or service or self"),
        new("identity:check_token", "admin or system_reader or service or self"),
        new("identity:revoke_token", "admin or self"),
        new("identity:get_auth_catalog", "any"),
        new("identity:get_auth_projects", "any"),
        new("identity:get_auth_domains", "any"),
        new("identity:get_auth_system", "any"),

        new("identity:list_domains", Readers),
        new("identity:get_domain", "admin or system_reader or self"),
        new("identity:create_domain", Admin),
        new("identity:update_domain", Admin),
        new("identity:delete_domain", Admin),

        new("identity:list_projects", Readers),
        new("identity:get_project", ReadersOrSelf),
        new("identity:list_user_projects", ReadersOrSelf),
        new("identity:create_project", Managers),
        new("identity:update_project", Managers),
        new("identity:delete_project", Managers),

        new("identity:list_project_tags", ReadersOrSelf),
        new("identity:get_project_tag", ReadersOrSelf),
        new("identity:update_project_tags", Managers),
        new("identity:create_project_tag", Managers),
        new("identity:delete_project_tag", Managers),
        new("identity:delete_project_tags", Managers),

        new("identity:list_users", Readers),
        new("identity:get_user", ReadersOrSelf),
        new("identity:create_user", Managers),
        new("identity:update_user", Managers),
        new("identity:delete_user", Managers),
        new("identity:change_password", "public"),

        new("identity:list_groups", Readers),
        new("identity:get_group", Readers),
        new("identity:list_groups_for_user", ReadersOrSelf),
        new("identity:list_users_in_group", Readers),
        new("identity:check_user_in_group", Readers),
        new("identity:create_group", Managers),
        new("identity:update_group", Managers),
        new("identity:delete_group", Managers),
        new("identity:add_user_to_group", Managers),
        new("identity:remove_user_from_group", Managers),

        new("identity:list_roles", "admin or system_reader or domain_manager"),
        new("identity:get_role", "admin or system_reader or domain_manager"),
        new("identity:create_role", Admin),
        new("identity:update_role", Admin),
        new("identity:delete_role", Admin),
        new("identity:list_role_inference_rules", AdminOrSystemReader),
        new("identity:list_implied_roles", AdminOrSystemReader),
        new("identity:get_implied_role", AdminOrSystemReader),
        new("identity:check_implied_role", AdminOrSystemReader),
        new("identity:create_implied_role", Admin),
        new("identity:delete_implied_role", Admin),

        new("identity:list_role_assignments", Readers),
        new("identity:list_grants", Readers),
        new("identity:check_grant", Readers),
        new("identity:create_grant", Managers),
        new("identity:revoke_grant", Managers),
        new("identity:list_system_grants_for_user", AdminOrSystemReader),
        new("identity:check_system_grant_for_user", AdminOrSystemReader),
        new("identity:create_system_grant_for_user", Admin),
        new("identity:revoke_system_grant_for_user", Admin),
        new("identity:list_system_grants_for_group", AdminOrSystemReader),
        new("identity:check_system_grant_for_group", AdminOrSystemReader),
        new("identity:create_system_grant_for_group", Admin),
        new("identity:revoke_system_grant_for_group", Admin),

        new("identity:list_application_credentials", "admin or system_reader or self"),
        new("identity:get_application_credential", "admin or system_reader or self"),
        new("identity:create_application_credential", "project_user"),
        new("identity:delete_application_credential", "admin or self"),
        new("identity:list_access_rules", "admin or system_reader or self"),

        new("identity:get_access_rule", "admin or system_reader or self"),
        new("identity:delete_access_rule", "admin or self"),

        new("identity:list_credentials", "admin or system_reader or self"),
        new("identity:get_credential", "admin or system_reader or self"),
        new("identity:create_credential", "admin or self"),
        new("identity:update_credential", "admin or self"),
        new("identity:delete_credential", "admin or self"),
        new("identity:ec2_list_credentials", "admin or system_reader or self"),
        new("identity:ec2_get_credential", "admin or system_reader or self"),
        new("identity:ec2_create_credential", "admin or self"),
        new("identity:ec2_delete_credential", "admin or self"),
        new("identity:ec2tokens_validate", "admin or service"),
        new("identity:s3tokens_validate", "admin or service"),

        new("identity:list_trusts", "admin or system_reader or self"),
        new("identity:get_trust", "admin or system_reader or self"),
        new("identity:list_roles_for_trust", "admin or system_reader or self"),
        new("identity:get_role_for_trust", "admin or system_reader or self"),
        new("identity:create_trust", "project_user"),
        new("identity:delete_trust", "admin or self"),

        new("identity:list_registered_limits", "any"),
        new("identity:get_registered_limit", "any"),
        new("identity:create_registered_limits", Admin),
        new("identity:update_registered_limit", Admin),
        new("identity:delete_registered_limit", Admin),
        new("identity:get_limit_model", "any"),
        new("identity:list_limits", ReadersOrSelf),
        new("identity:get_limit", ReadersOrSelf),
        new("identity:create_limits", Admin),
        new("identity:update_limit", Admin),
        new("identity:delete_limit", Admin),

        new("identity:list_policies", AdminOrSystemReader),
        new("identity:get_policy", AdminOrSystemReader),
        new("identity:create_policy", Admin),
        new("identity:update_policy", Admin),
        new("identity:delete_policy", Admin),
        new("identity:list_consumers", AdminOrSystemReader),
        new("identity:get_consumer", AdminOrSystemReader),
        new("identity:create_consumer", Admin),
        new("identity:update_consumer", Admin),
        new("identity:delete_consumer", Admin),
        new("identity:get_domain_config", AdminOrSystemReader),
        new("identity:get_domain_config_default", AdminOrSystemReader),
        new("identity:get_security_compliance_domain_config", "any"),
        new("identity:create_domain_config", Admin),
        new("identity:update_domain_config", Admin),
        new("identity:delete_domain_config", Admin),
        new("identity:list_endpoint_groups", AdminOrSystemReader),
        new("identity:get_endpoint_group", AdminOrSystemReader),
        new("identity:create_endpoint_group", Admin),
        new("identity:update_endpoint_group", Admin),
        new("identity:delete_endpoint_group", Admin),
        new("identity:list_projects_associated_with_endpoint_group", AdminOrSystemReader),
        new("identity:list_endpoints_associated_with_endpoint_group", AdminOrSystemReader),
        new("identity:get_endpoint_group_in_project", AdminOrSystemReader),
        new("identity:list_endpoint_groups_for_project", AdminOrSystemReader),
        new("identity:add_endpoint_group_to_project", Admin),
        new("identity:remove_endpoint_group_from_project", Admin),
        new("identity:list_projects_for_endpoint", AdminOrSystemReader),
        new("identity:check_endpoint_in_project", AdminOrSystemReader),
        new("identity:list_endpoints_for_project", AdminOrSystemReader),
        new("identity:add_endpoint_to_project", Admin),
        new("identity:remove_endpoint_from_project", Admin),
        new("identity:list_revoke_events", "admin or system_reader or service"),
        new("identity:list_audit_entries", "admin or system_reader or domain_reader or project_reader"),

        new("identity:list_services", AdminOrSystemReader),
        new("identity:get_service", AdminOrSystemReader),
        new("identity:create_service", Admin),
        new("identity:update_service", Admin),
        new("identity:delete_service", Admin),
        new("identity:list_endpoints", AdminOrSystemReader),
        new("identity:get_endpoint", AdminOrSystemReader),
        new("identity:create_endpoint", Admin),
        new("identity:update_endpoint", Admin),
        new("identity:delete_endpoint", Admin),
        new("identity:list_regions", "any"),
        new("identity:get_region", "any"),
        new("identity:create_region", Admin),
        new("identity:update_region", Admin),
        new("identity:delete_region", Admin),
    ];
}
