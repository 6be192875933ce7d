using Sovereign.Image.Images;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Imports;

/// <summary>Bytes that were staged whole for an image, in a file of the staging directory.</summary>
internal sealed record StageRow
{
    public string ImageId { get; init; } = "";

    /// <summary>Project id of the image.</summary>
    public string Owner { get; init; } = "";

    public string File { get; init; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    public string Md5 { get; init; } = "";

    public string Sha256 { get; init; } = "";

    public string Sha512 { get; init; } = "";
}

internal static class StageStore
{
    public static StageRow? Find(Session session, string imageId) =>
        session.FirstOrDefault<StageRow>("SELECT image_id, owner, file, size, md5, sha256, sha512 FROM image_stages WHERE image_id = @imageId", new { imageId });

    public static Outcome<Done> Insert(Quotas quotas, Tx tx, StageRow row)
    {
        tx.Execute(
            "INSERT INTO image_stages (image_id, owner, file, size, md5, sha256, sha512) VALUES (@ImageId, @Owner, @File, @Size, @Md5, @Sha256, @Sha512)", row);
        return quotas.Take(tx, ImageBooks.Service, ImageBooks.Stage, row.Owner, row.Size);
    }

    public static Outcome<Done> Delete(Quotas quotas, Tx tx, string imageId)
    {
        if (Find(tx, imageId) is not { } row) return Done.Value;
        tx.Execute("DELETE FROM image_stages WHERE image_id = @imageId", new { imageId });
        quotas.Give(tx, ImageBooks.Service, ImageBooks.Stage, row.Owner, row.Size);
        return Done.Value;
    }

    /// <summary>Every staged file that rows speak of.</summary>
    public static HashSet<string> Files(Session session) => session.Query<string>(
        "SELECT file FROM image_stages UNION SELECT file FROM image_tasks WHERE status IN ('pending', 'processing')").ToHashSet(StringComparer.Ordinal);

    /// <summary>Images that no whole stage and no import stands behind, though their status says so: their process died while it staged.</summary>
    public static List<ImageRow> Cut(Session session) => session.Query<ImageRow>(
        "SELECT id FROM images WHERE status = 'uploading' AND id NOT IN (SELECT image_id FROM image_stages) ORDER BY id");
}
