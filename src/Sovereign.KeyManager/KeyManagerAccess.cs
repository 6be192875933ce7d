using Sovereign.Kernel.Access;

namespace Sovereign.KeyManager;

/// <summary>Who may do what of the key manager's API, by its new default roles. Whose secret it is, whether it is private and whom its ACL names is decided
/// where it is looked up: an ACL may name users of any project, so reading is open to any token of a project here.</summary>
internal static class KeyManagerAccess
{
    private const string Readers = "project_reader";
    private const string Members = "project_member";
    private const string Anybody = "project_user";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("key-manager:versions", "public"), new("key-manager:version", "public"),
        new("key-manager:secrets:list", Members), new("key-manager:secrets:create", Members), new("key-manager:secrets:show", Anybody),
        new("key-manager:secrets:decrypt", Anybody), new("key-manager:secrets:fill", Members), new("key-manager:secrets:delete", Members),
        new("key-manager:secret-metadata:show", Anybody), new("key-manager:secret-metadata:replace", Members), new("key-manager:secret-metadata:create", Members),
        new("key-manager:secret-metadata:update", Members), new("key-manager:secret-metadata:delete", Members),
        new("key-manager:secret-consumers:list", Anybody),
        new("key-manager:secret-consumers:create", Anybody), new("key-manager:secret-consumers:delete", Anybody),
        new("key-manager:secret-acls:show", Members), new("key-manager:secret-acls:change", Members), new("key-manager:secret-acls:delete", Members),
        new("key-manager:containers:list", Members), new("key-manager:containers:create", Members), new("key-manager:containers:show", Anybody),
        new("key-manager:containers:delete", Members), new("key-manager:container-secrets:create", Members),
        new("key-manager:container-secrets:delete", Members), new("key-manager:container-consumers:list", Anybody),
        new("key-manager:container-consumers:create", Anybody),
        new("key-manager:container-consumers:delete", Anybody), new("key-manager:container-acls:show", Members),
        new("key-manager:container-acls:change", Members), new("key-manager:container-acls:delete", Members),
        new("key-manager:orders:list", Members), new("key-manager:orders:create", Members), new("key-manager:orders:show", Members),
        new("key-manager:orders:delete", Members), new("key-manager:quotas:show", Readers),
        new("key-manager:project-quotas:show", "cloud_admin or system_reader"), new("key-manager:project-quotas:update", "cloud_admin"),
        new("key-manager:project-quotas:delete", "cloud_admin"), new("key-manager:secret-stores:list", Readers),
        new("key-manager:secret-stores:show", Readers), new("key-manager:secret-stores:prefer", "cloud_admin"),
    ];
}
