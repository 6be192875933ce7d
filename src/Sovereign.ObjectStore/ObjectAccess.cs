using Sovereign.Kernel.Access;

namespace Sovereign.ObjectStore;

/// <summary>Who may what in a project's buckets. Others are let in by the buckets' own policies and access lists.</summary>
internal static class ObjectAccess
{
    /// <summary>Not a route: listing and reading by S3.</summary>
    public const string Read = "object-store:read";

    /// <summary>Not a route: everything else by S3.</summary>
    public const string Write = "object-store:write";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new(Read, "project_reader"),
        new(Write, "project_member"),
        new("object-store:info", "public"),
    ];
}
