using Sovereign.Kernel.Access;

namespace Sovereign.Image;

/// <summary>Who may what. Which images a reader sees (own, public, community, shared with it) is decided in the lookup.</summary>
internal static class ImageAccess
{
    private const string Read = "admin or project_reader";
    private const string Write = "admin or project_member";

    /// <summary>Not a route: whether a caller may make an image public.</summary>
    public const string Publicize = "image:images:publicize";

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
        new("image:images:deactivate", Write),
        new("image:images:reactivate", Write),
        new("image:tags:update", Write),
        new("image:tags:delete", Write),
        new("image:members:list", Read),
        new("image:members:show", Read),
        new("image:members:create", Write),
        new("image:members:update", Write),
        new("image:members:delete", Write),
        new("image:schemas:show", "any"),
        new("image:info:show", "any"),
    ];
}
