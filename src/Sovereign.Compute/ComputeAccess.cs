using Sovereign.Kernel.Access;

namespace Sovereign.Compute;

/// <summary>Who may do what of the compute API.</summary>
internal static class ComputeAccess
{
    private const string Readers = "admin or project_reader";
    private const string Members = "admin or project_member";
    private const string Admins = "admin";

    /// <summary>Own things of a user, and what is nobody's: open to every token of a project, as the original's policies have the scope "project".</summary>
    private const string Users = "admin or project_user";

    /// <summary>The original has no policy on flavors.</summary>
    private const string Anybody = "admin or self";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("compute:versions", "public"), new("compute:extensions:list", Users), new("compute:flavors:list", Anybody), new("compute:flavors:show", Anybody),
        new("compute:flavors:create", Admins, "os_compute_api:os-flavor-manage:create"),
        new("compute:flavors:update", Admins, "os_compute_api:os-flavor-manage:update"),
        new("compute:flavors:delete", Admins, "os_compute_api:os-flavor-manage:delete"), new("compute:flavors:access-change", Admins),
        new("compute:flavors:access-list", Admins, "os_compute_api:os-flavor-access"),
        new("compute:flavors:specs-list", Readers, "os_compute_api:os-flavor-extra-specs:index"), new("compute:flavors:specs-change", Admins),
        new("compute:keypairs:list", Users), new("compute:keypairs:show", Users), new("compute:keypairs:create", Users),
        new("compute:keypairs:delete", Users), new("compute:servers:list", Readers, "os_compute_api:servers:index"),
        new("compute:servers:detail", Readers, "os_compute_api:servers:detail"), new("compute:servers:show", Readers, "os_compute_api:servers:show"),
        new("compute:servers:create", Members, "os_compute_api:servers:create"), new("compute:servers:update", Members, "os_compute_api:servers:update"),
        new("compute:servers:delete", Members, "os_compute_api:servers:delete"), new("compute:servers:action", Members),
        new("compute:servers:ips", Readers, "os_compute_api:ips:index"),
        new("compute:servers:interfaces", Readers, "os_compute_api:os-attach-interfaces:list"),
        new("compute:servers:interfaces-attach", Members, "os_compute_api:os-attach-interfaces:create"),
        new("compute:servers:interfaces-detach", Members, "os_compute_api:os-attach-interfaces:delete"),
        new("compute:servers:security-groups", Readers, "os_compute_api:os-security-groups:list"),
        new("compute:servers:volumes", Readers, "os_compute_api:os-volumes-attachments:index"),
        new("compute:servers:volumes-attach", Members, "os_compute_api:os-volumes-attachments:create"),
        new("compute:servers:volumes-update", Members, "os_compute_api:os-volumes-attachments:update"),
        new("compute:servers:volumes-detach", Members, "os_compute_api:os-volumes-attachments:delete"),
        new("compute:servers:password", Readers, "os_compute_api:os-server-password:show"),
        new("compute:servers:password-clear", Members, "os_compute_api:os-server-password:clear"),
        new("compute:servers:diagnostics", Admins, "os_compute_api:os-server-diagnostics"),
        new("compute:servers:topology", Readers, "os_compute_api:server:topology:index"),
        new("compute:servers:history", Readers, "os_compute_api:os-instance-actions:list"),
        new("compute:migrations:list", Admins, "os_compute_api:os-migrations:index"),
        new("compute:migrations:of-server", Admins, "os_compute_api:servers:migrations:index"), new("compute:migrations:change", Admins),
        new("compute:metadata:list", Readers, "os_compute_api:server-metadata:index"),
        new("compute:metadata:create", Members, "os_compute_api:server-metadata:create"),
        new("compute:metadata:update", Members, "os_compute_api:server-metadata:update"),
        new("compute:metadata:delete", Members, "os_compute_api:server-metadata:delete"),
        new("compute:tags:list", Readers, "os_compute_api:os-server-tags:index"),
        new("compute:tags:update", Members, "os_compute_api:os-server-tags:update_all"),
        new("compute:tags:delete", Members, "os_compute_api:os-server-tags:delete"),
        new("compute:server-groups:list", Readers, "os_compute_api:os-server-groups:index"),
        new("compute:server-groups:show", Readers, "os_compute_api:os-server-groups:show"),
        new("compute:server-groups:create", Members, "os_compute_api:os-server-groups:create"),
        new("compute:server-groups:delete", Members, "os_compute_api:os-server-groups:delete"), new("compute:limits:show", Users),
        new("compute:quotas:show", Readers, "os_compute_api:os-quota-sets:show"),
        new("compute:quotas:detail", Readers, "os_compute_api:os-quota-sets:detail"),
        new("compute:quotas:defaults", Users, "os_compute_api:os-quota-sets:defaults"),
        new("compute:quotas:update", Admins, "os_compute_api:os-quota-sets:update"),
        new("compute:quotas:delete", Admins, "os_compute_api:os-quota-sets:delete"),
        new("compute:usage:list", Admins, "os_compute_api:os-simple-tenant-usage:list"),
        new("compute:usage:show", Readers, "os_compute_api:os-simple-tenant-usage:show"),
        new("compute:zones:list", Users, "os_compute_api:os-availability-zone:list"),
        new("compute:zones:detail", Admins, "os_compute_api:os-availability-zone:detail"),
        new("compute:aggregates:list", Admins, "os_compute_api:os-aggregates:index"),
        new("compute:aggregates:show", Admins, "os_compute_api:os-aggregates:show"),
        new("compute:aggregates:create", Admins, "os_compute_api:os-aggregates:create"),
        new("compute:aggregates:update", Admins, "os_compute_api:os-aggregates:update"),
        new("compute:aggregates:delete", Admins, "os_compute_api:os-aggregates:delete"), new("compute:aggregates:action", Admins),
        new("compute:aggregates:images", Admins), new("compute:external-events:create", Admins, "os_compute_api:os-server-external-events:create"),
        new("compute:hypervisors:list", Admins, "os_compute_api:os-hypervisors:list"),
        new("compute:hypervisors:show", Admins, "os_compute_api:os-hypervisors:show"),
        new("compute:hypervisors:statistics", Admins, "os_compute_api:os-hypervisors:statistics"),
        new("compute:services:list", Admins, "os_compute_api:os-services:list"), new("compute:services:update", Admins, "os_compute_api:os-services:update"),
        new("compute:services:delete", Admins, "os_compute_api:os-services:delete"), new("compute:security-groups:list", Readers),
        new("compute:security-groups:show", Readers), new("compute:security-groups:create", Members), new("compute:security-groups:update", Members),
        new("compute:security-groups:delete", Members), new("compute:security-groups:rule-create", Members),
        new("compute:security-groups:rule-delete", Members), new("compute:images:list", Readers), new("compute:images:show", Readers),
        new("compute:images:delete", Members), new("compute:images:metadata", Members), new("compute:volumes:list", Readers),
        new("compute:volumes:show", Readers), new("compute:volumes:create", Members), new("compute:volumes:delete", Members),
        new("compute:snapshots:list", Readers), new("compute:snapshots:show", Readers), new("compute:snapshots:create", Members),
        new("compute:snapshots:delete", Members), new("compute:networks:list", Readers),
        new("compute:networks:show", Readers), new("compute:tenant-networks:list", Readers), new("compute:tenant-networks:show", Readers),
        new("compute:floating-ip-pools:list", Users), new("compute:floating-ips:list", Readers), new("compute:floating-ips:show", Readers),
        new("compute:floating-ips:create", Members), new("compute:floating-ips:delete", Members), new("compute:gone", Anybody),
        new("compute:hosts:list", Admins, "os_compute_api:os-hosts:list"), new("compute:hosts:show", Admins, "os_compute_api:os-hosts:show"),
        new("compute:hosts:update", Admins, "os_compute_api:os-hosts:update"), new("compute:hosts:power", Admins, "os_compute_api:os-hosts:reboot"),
        new("compute:quota-classes:show", Admins, "os_compute_api:os-quota-class-sets:show"),
        new("compute:quota-classes:update", Admins, "os_compute_api:os-quota-class-sets:update"),
        new("compute:consoles:create", Members, "os_compute_api:os-remote-consoles"),
        new("compute:consoles:look", Admins, "os_compute_api:os-console-auth-tokens"), new("compute:consoles:view", "public"),
        new("compute:audit-log:list", Admins, "os_compute_api:os-instance-usage-audit-log:list"),
        new("compute:audit-log:show", Admins, "os_compute_api:os-instance-usage-audit-log:show"),
    ];
}
