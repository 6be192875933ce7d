using Sovereign.Kernel.Access;

namespace Sovereign.ObjectStore;

/// <summary>Who may what in a project's buckets. Others are let in by the buckets' own policies and access lists.</summary>
internal static class ObjectAccess
{
    /// <summary>Not a route: listing and reading by S3.</summary>
    public const string Read = "object-store:read";

    /// <summary>Not a route: everything else by S3.</summary>
    public const string Write = "object-store:write";

    private const string Anybody = "public or any";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new(Read, "project_reader"),
        new(Write, "project_member"),
        new("object-store:info", "public"),

        // Swift's own rules decide: roles, access lists of containers, temporary URLs, which need no token.
        new("object-store:account:show", Anybody),
        new("object-store:account:update", Anybody),
        new("object-store:container:show", Anybody),
        new("object-store:container:create", Anybody),
        new("object-store:container:update", Anybody),
        new("object-store:container:delete", Anybody),
        new("object-store:object:show", Anybody),
        new("object-store:object:create", Anybody),
        new("object-store:object:update", Anybody),
        new("object-store:object:delete", Anybody),
        new("object-store:object:copy", Anybody),
    ];
}
