using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

/// <summary>Who sees and who may change an image. Authorisation sits here and nowhere else.</summary>
internal static class ImageLookup
{
    /// <summary>The image, if this caller may see it.</summary>
    public static Outcome<ImageRow> Visible(Session session, AccessGrant access, string id)
    {
        var row = ImageStore.Find(session, id);
        return row is not null && Sees(session, access, row) ? row : Missing(id);
    }

    /// <summary>The image, if this caller may change it: 404 when it may not even see it, 403 when it only may.</summary>
    public static Outcome<ImageRow> Owned(Session session, AccessGrant access, string id, string what) =>
        Visible(session, access, id).Then<ImageRow>(row => access.Covers(row.Owner) ? row : new Fault.Forbidden($"You are not permitted to {what} this image."));

    public static Fault.NotFound Missing(string id) => new("image", id) { Message = $"No image found with ID {id}" };

    private static bool Sees(Session session, AccessGrant access, ImageRow row) => access.Covers(row.Owner) || row.Visibility switch
    {
        "public" or "community" => true,
        "shared" => access.Caller.ProjectId is { } project && session.Scalar<long?>(
            "SELECT 1 FROM image_members WHERE image_id = @Id AND member_id = @project", new { row.Id, project }) is not null,
        _ => false,
    };
}
