using Sovereign.Kernel.Access;

namespace Sovereign.Volume;

/// <summary>Who may do what of the volume API. Single actions for administrators alone are decided in the actions.</summary>
internal static class VolumeAccess
{
    private const string Readers = "admin or project_reader";
    private const string Members = "admin or project_member";
    private const string Admins = "admin";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("volume:versions", "public"), new("volume:version", "any"), new("volume:extensions:list", Readers),
        new("volume:volumes:list", Readers), new("volume:volumes:summary", Readers), new("volume:volumes:show", Readers), new("volume:volumes:create", Members),
        new("volume:volumes:update", Members), new("volume:volumes:delete", Members), new("volume:volumes:action", Members),
        new("volume:volumes:encryption", Readers), new("volume:metadata:list", Readers), new("volume:metadata:change", Members),
        new("volume:snapshots:list", Readers), new("volume:snapshots:show", Readers), new("volume:snapshots:create", Members),
        new("volume:snapshots:update", Members), new("volume:snapshots:delete", Members), new("volume:snapshots:action", Members),
        new("volume:snapshot-metadata:list", Readers), new("volume:snapshot-metadata:change", Members),
        new("volume:attachments:list", Readers), new("volume:attachments:show", Readers), new("volume:attachments:create", Members),
        new("volume:attachments:update", Members), new("volume:attachments:delete", Members), new("volume:attachments:complete", Members),
        new("volume:group-types:list", Readers), new("volume:group-types:show", Readers), new("volume:group-types:create", Admins),
        new("volume:group-types:update", Admins), new("volume:group-types:delete", Admins), new("volume:group-types:specs", Admins),
        new("volume:groups:list", Readers), new("volume:groups:show", Readers), new("volume:groups:create", Members), new("volume:groups:update", Members),
        new("volume:groups:action", Members), new("volume:group-snapshots:list", Readers), new("volume:group-snapshots:show", Readers),
        new("volume:group-snapshots:create", Members), new("volume:group-snapshots:delete", Members), new("volume:group-snapshots:action", Admins),
        new("volume:managing:list", Admins), new("volume:managing:manage", Admins),
        new("volume:backups:list", Readers), new("volume:backups:show", Readers), new("volume:backups:create", Members), new("volume:backups:update", Members),
        new("volume:backups:delete", Members), new("volume:backups:restore", Members), new("volume:backups:action", Admins),
        new("volume:backups:record", Admins),
        new("volume:transfers:list", Readers), new("volume:transfers:show", Readers), new("volume:transfers:create", Members),
        new("volume:transfers:delete", Members), new("volume:transfers:accept", Members),
        new("volume:types:list", Readers), new("volume:types:show", Readers), new("volume:types:create", Admins), new("volume:types:update", Admins),
        new("volume:types:delete", Admins), new("volume:types:access", Admins), new("volume:types:specs", Readers), new("volume:types:specs-change", Admins),
        new("volume:default-types:show", Admins), new("volume:default-types:change", Admins),
        new("volume:encryption:show", Admins), new("volume:encryption:change", Admins),
        new("volume:qos:list", Admins), new("volume:qos:show", Admins), new("volume:qos:change", Admins),
        new("volume:quotas:show", Readers), new("volume:quotas:update", Admins), new("volume:quotas:delete", Admins), new("volume:quota-classes:show", Admins),
        new("volume:quota-classes:update", Admins), new("volume:limits:show", Readers), new("volume:zones:list", Readers),
        new("volume:services:list", Admins), new("volume:services:update", Admins), new("volume:pools:list", Admins), new("volume:capabilities:show", Admins),
        new("volume:hosts:list", Admins), new("volume:filters:list", Readers),
        new("volume:messages:list", Readers), new("volume:messages:show", Readers), new("volume:messages:delete", Members),
    ];
}
