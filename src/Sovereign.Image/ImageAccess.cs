using Sovereign.Kernel.Access;

namespace Sovereign.Image;

/// <summary>Who may what. Which images a reader sees (own, public, community, shared with it) is decided in the lookup.</summary>
internal static class ImageAccess
{
    private const string Read = "admin or project_reader";
    private const string Write = "admin or project_member";

    /// <summary>Not a route: whether a caller may make an image public.</summary>
    public const string Publicize = "image:images:publicize";

    /// <summary>Not a route: whether a caller may import files of the operator's directory.</summary>
    public const string ImportDirectory = "image:images:import-directory";

    public static readonly IReadOnlyList<AccessRule> Table =
    [
        new("image:versions", "public"),
        new("image:images:list", Read),
        new("image:images:show", Read),
        new("image:images:create", Write),
        new("image:images:update", Write),
        new("image:images:delete", Write),
        new(Publicize, "admin"),
        new("image:images:upload", Write),
        new("image:images:download", Write),
        new("image:images:stage", Write),
        new("image:images:import", Write),
        new(ImportDirectory, "admin"),
        new("image:images:tasks", Read),
        new("image:tasks:list", "admin"),
        new("image:tasks:show", "admin"),

        // Locations would tell where bytes lie; as in the original they are off.
        new("image:locations:list", "nobody"),
        new("image:locations:create", "nobody"),
        new("image:stores:delete", "admin"),
        new("image:cache:list", "admin"),
        new("image:cache:change", "admin"),
        new("image:images:deactivate", Write),
        new("image:images:reactivate", Write),
        new("image:tags:update", Write),
        new("image:tags:delete", Write),
        new("image:members:list", Read),
        new("image:members:show", Read),
        new("image:members:create", Write),
        new("image:members:update", Write),
        new("image:members:delete", Write),
        new("image:metadefs:show", Read),
        new("image:metadefs:change", "admin"),
        new("image:schemas:show", "any"),
        new("image:info:show", "any"),
        new("image:info:stores-detail", "admin"),
        new("image:info:usage", Read),
    ];
}
