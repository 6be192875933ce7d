using Sovereign.Kernel.Store;

namespace Sovereign.Image.Content;

/// <summary>Which files there are, how many images have each, and which ones are to go. A file's name is never used twice, so removing can't race with adding.</summary>
internal static class ContentRows
{
    private const string NamedBy = "file > @named AND file < @named || '~'";

    /// <summary>The file with this content that an image of this owner may share: the owner's own, or one of a public image. Null for none.</summary>
    public static string? Shareable(Session session, string owner, string digest) =>
        session.Scalar<string>("SELECT file FROM image_contents WHERE digest = @digest AND scope = @owner", new { digest, owner })
        ?? session.Scalar<string>(
            "SELECT content_file FROM images WHERE digest = @digest AND visibility = 'public' AND content_file IS NOT NULL ORDER BY content_file LIMIT 1", new { digest });

    /// <summary>A file with this content, be it that of a removed image.</summary>
    public static string? AnyFile(Session session, string digest) =>
        session.Scalar<string>("SELECT file FROM image_contents WHERE digest = @digest ORDER BY file LIMIT 1", new { digest })
        ?? session.Scalar<string>($"SELECT file FROM image_garbage WHERE {NamedBy} ORDER BY file LIMIT 1", new { named = ContentStore.NameOf(digest, "") });

    /// <summary>Counts one more image of this content; inserts it with the given file when it is new.</summary>
    /// <returns>The file that the image has from now on.</returns>
    public static string Take(Tx tx, string owner, string digest, long size, string file)
    {
        if (Shareable(tx, owner, digest) is { } shared)
        {
            tx.Execute("UPDATE image_contents SET refs = refs + 1 WHERE file = @shared", new { shared });
            return shared;
        }

        tx.Execute(
            "INSERT INTO image_contents (file, scope, digest, size, refs) VALUES (@file, @owner, @digest, @size, 1)", new { file, owner, digest, size });
        return file;
    }

    /// <summary>Counts one less; true when the last one is gone and the file is garbage of this image now.</summary>
    public static bool Drop(Tx tx, string file, string imageId)
    {
        tx.Execute("UPDATE image_contents SET refs = refs - 1 WHERE file = @file", new { file });
        if (tx.Execute("DELETE FROM image_contents WHERE file = @file AND refs = 0", new { file }) == 0) return false;
        tx.Execute("INSERT INTO image_garbage (file, image_id) VALUES (@file, @imageId)", new { file, imageId });
        return true;
    }

    public static List<string> Garbage(Session session, string imageId) =>
        session.Query<string>("SELECT file FROM image_garbage WHERE image_id = @imageId ORDER BY file", new { imageId });

    public static List<string> ImagesWithGarbage(Session session, string digest) => session.Query<string>(
        $"SELECT DISTINCT image_id FROM image_garbage WHERE {NamedBy} ORDER BY image_id", new { named = ContentStore.NameOf(digest, "") });

    public static List<string> ImagesWithGarbage(Session session) => session.Query<string>("SELECT DISTINCT image_id FROM image_garbage ORDER BY image_id");

    public static void Forget(Tx tx, string file) => tx.Execute("DELETE FROM image_garbage WHERE file = @file", new { file });

    public static bool Has(Session session, string file) => session.Scalar<long?>("SELECT 1 FROM image_contents WHERE file = @file", new { file }) is not null;

    public static List<string> Contents(Session session) => session.Query<string>("SELECT file FROM image_contents ORDER BY file");

    /// <summary>Every file that rows speak of.</summary>
    public static HashSet<string> Known(Session session) =>
        session.Query<string>("SELECT file FROM image_contents UNION SELECT file FROM image_garbage UNION SELECT target FROM image_tasks WHERE target IS NOT NULL")
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>Recounts references.</summary>
    public static List<string> Verify(Session session) => session.Query<string>(
        """
        SELECT c.file FROM image_contents c
        WHERE c.refs <> (SELECT COUNT(*) FROM images i WHERE i.content_file = c.file) ORDER BY c.file
        """).Select(file => $"Content {file} is not counted as often as images have it.")
        .Concat(session.Query<string>(
            "SELECT id FROM images WHERE content_file IS NOT NULL AND content_file NOT IN (SELECT file FROM image_contents) ORDER BY id")
            .Select(id => $"The content of image {id} has no row.")).ToList();
}
