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
        new("compute:versions", "public"), new("compute:extensions:list", Users),
        new("compute:flavors:list", Anybody), new("compute:flavors:show", Anybody), new("compute:flavors:create", Admins),
        new("compute:flavors:update", Admins), new("compute:flavors:delete", Admins), new("compute:flavors:access-change", Admins),
        new("compute:flavors:access-list", Admins), new("compute:flavors:specs-list", Readers), new("compute:flavors:specs-change", Admins),
        new("compute:keypairs:list", Users), new("compute:keypairs:show", Users), new("compute:keypairs:create", Users),
        new("compute:keypairs:delete", Users),
        new("compute:servers:list", Readers), new("compute:servers:detail", Readers), new("compute:servers:show", Readers),
        new("compute:servers:create", Members), new("compute:servers:update", Members), new("compute:servers:delete", Members),
        new("compute:servers:action", Members), new("compute:servers:ips", Readers), new("compute:servers:interfaces", Readers),
        new("compute:servers:interfaces-attach", Members), new("compute:servers:interfaces-detach", Members),
        new("compute:servers:security-groups", Readers), new("compute:servers:volumes", Readers), new("compute:servers:password", Readers),
        new("compute:servers:password-clear", Members), new("compute:servers:diagnostics", Admins),
        new("compute:servers:topology", Readers), new("compute:servers:history", Readers),
        new("compute:migrations:list", Admins), new("compute:migrations:of-server", Admins), new("compute:migrations:change", Admins),
        new("compute:metadata:list", Readers), new("compute:metadata:create", Members), new("compute:metadata:update", Members),
        new("compute:metadata:delete", Members),
        new("compute:tags:list", Readers), new("compute:tags:update", Members), new("compute:tags:delete", Members),
        new("compute:server-groups:list", Readers), new("compute:server-groups:show", Readers), new("compute:server-groups:create", Members),
        new("compute:server-groups:delete", Members),
        new("compute:limits:show", Users), new("compute:quotas:show", Readers), new("compute:quotas:detail", Readers),
        new("compute:quotas:defaults", Users), new("compute:quotas:update", Admins), new("compute:quotas:delete", Admins),
        new("compute:usage:list", Admins), new("compute:usage:show", Readers),
        new("compute:zones:list", Users), new("compute:zones:detail", Admins), new("compute:aggregates:list", Admins), new("compute:aggregates:show", Admins),
        new("compute:aggregates:create", Admins), new("compute:aggregates:update", Admins), new("compute:aggregates:delete", Admins),
        new("compute:aggregates:action", Admins), new("compute:aggregates:images", Admins), new("compute:external-events:create", Admins),
        new("compute:hypervisors:list", Admins), new("compute:hypervisors:show", Admins), new("compute:hypervisors:statistics", Admins),
        new("compute:services:list", Admins), new("compute:services:update", Admins), new("compute:services:delete", Admins),
        new("compute:security-groups:list", Readers), new("compute:security-groups:show", Readers), new("compute:security-groups:create", Members),
        new("compute:security-groups:update", Members), new("compute:security-groups:delete", Members),
        new("compute:security-groups:rule-create", Members), new("compute:security-groups:rule-delete", Members),
        new("compute:images:list", Readers), new("compute:images:show", Readers), new("compute:images:delete", Members),
        new("compute:images:metadata", Members), new("compute:networks:list", Readers), new("compute:networks:show", Readers),
        new("compute:tenant-networks:list", Readers), new("compute:tenant-networks:show", Readers), new("compute:floating-ip-pools:list", Users),
        new("compute:floating-ips:list", Readers), new("compute:floating-ips:show", Readers), new("compute:floating-ips:create", Members),
        new("compute:floating-ips:delete", Members), new("compute:gone", Anybody),
        new("compute:hosts:list", Admins), new("compute:hosts:show", Admins), new("compute:hosts:update", Admins), new("compute:hosts:power", Admins),
        new("compute:quota-classes:show", Admins), new("compute:quota-classes:update", Admins),
        new("compute:consoles:create", Members), new("compute:consoles:look", Admins), new("compute:consoles:view", "public"),
        new("compute:audit-log:list", Admins), new("compute:audit-log:show", Admins),
    ];
}
