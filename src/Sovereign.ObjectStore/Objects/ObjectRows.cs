using Sovereign.Kernel.Store;

namespace Sovereign.ObjectStore.Objects;

/// <summary>SQL of objects, uploads and parts.</summary>
internal static class ObjectRows
{
    public static ObjectRow? Latest(Session session, long bucket, string name) => session.FirstOrDefault<ObjectRow>(
        "SELECT * FROM objects WHERE bucket = @bucket AND name = @name ORDER BY version DESC LIMIT 1", new { bucket, name });

    /// <summary>A version by its id.</summary>
    public static ObjectRow? Find(Session session, long bucket, string name, string versionId) => session.FirstOrDefault<ObjectRow>(
        "SELECT * FROM objects WHERE bucket = @bucket AND name = @name AND version_id = @versionId", new { bucket, name, versionId });

    /// <summary>The last current object whose key begins like this; null: there is none.</summary>
    public static ObjectRow? LastWith(Session session, long bucket, string prefix) => session.FirstOrDefault<ObjectRow>(
        "SELECT * FROM objects WHERE bucket = @bucket AND latest = 1 AND marker = 0 AND name >= @prefix AND name < @end ORDER BY name DESC LIMIT 1",
        new { bucket, prefix, end = ObjectListing.AfterPrefix(prefix) });

    /// <summary>How many versions and markers a key has; no more than two are counted.</summary>
    public static long Versions(Session session, long bucket, string name) => session.Scalar<long>(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM objects WHERE bucket = @bucket AND name = @name LIMIT 2) o", new { bucket, name });

    public static void Insert(Tx tx, ObjectRow row) => tx.Execute(
        """
        INSERT INTO objects (bucket, name, version, version_id, latest, marker, size, etag, modified_at, owner_id, content, crc, upload_id, headers, tags, sum_kind, sum,
          sealing, lock_mode, retain_until, legal_hold, acl)
        VALUES (@Bucket, @Name, @Version, @VersionId, @latest, @marker, @Size, @Etag, @ModifiedAt, @OwnerId, @Content, @Crc, @UploadId, @Headers, @Tags, @SumKind, @Sum,
          @Sealing, @LockMode, @RetainUntil, @hold, @Acl)
        """,
        new
        {
            row.Bucket, row.Name, row.Version, row.VersionId, latest = Flag(row.Latest), marker = Flag(row.Marker), row.Size, row.Etag, row.ModifiedAt, row.OwnerId,
            row.Content,
            row.Crc, row.UploadId, row.Headers, row.Tags, row.SumKind, row.Sum, row.Sealing, row.LockMode, row.RetainUntil, hold = Flag(row.LegalHold), row.Acl,
        });

    public static void Delete(Tx tx, ObjectRow row) =>
        tx.Execute("DELETE FROM objects WHERE bucket = @Bucket AND name = @Name AND version = @Version", row);

    public static void SetLatest(Tx tx, ObjectRow row, bool latest) => tx.Execute(
        "UPDATE objects SET latest = @latest WHERE bucket = @Bucket AND name = @Name AND version = @Version", new
        {
            latest = Flag(latest), row.Bucket, row.Name,
            row.Version
        });

    /// <summary>Changes what may change of a version: tags, lock, access, headers.</summary>
    public static void Update(Tx tx, ObjectRow row) => tx.Execute(
        """
        UPDATE objects SET headers = @Headers, tags = @Tags, lock_mode = @LockMode, retain_until = @RetainUntil, legal_hold = @hold, acl = @Acl
        WHERE bucket = @Bucket AND name = @Name AND version = @Version
        """,
        new { row.Headers, row.Tags, row.LockMode, row.RetainUntil, hold = Flag(row.LegalHold), row.Acl, row.Bucket, row.Name, row.Version });

    public static UploadRow? Upload(Session session, string id) => session.FirstOrDefault<UploadRow>("SELECT * FROM uploads WHERE id = @id", new { id });

    public static void Insert(Tx tx, UploadRow row) => tx.Execute(
        """
        INSERT INTO uploads (id, bucket, name, owner_id, begun_at, headers, tags, sum_kind, sealing, lock_mode, retain_until, legal_hold, acl)
        VALUES (@Id, @Bucket, @Name, @OwnerId, @BegunAt, @Headers, @Tags, @SumKind, @Sealing, @LockMode, @RetainUntil, @hold, @Acl)
        """,
        new
        {
            row.Id, row.Bucket, row.Name, row.OwnerId, row.BegunAt, row.Headers, row.Tags, row.SumKind, row.Sealing, row.LockMode, row.RetainUntil,
            hold = Flag(row.LegalHold), row.Acl,
        });

    public static List<UploadRow> UploadsOf(Session session, long bucket) => session.Query<UploadRow>("SELECT * FROM uploads WHERE bucket = @bucket", new { bucket });

    /// <summary>Uploads under way by key and id.</summary>
    /// <param name="after">"" from the first key.</param>
    /// <param name="afterId">Of this key only uploads after this one; "" with <paramref name="after"/> alone: only later keys.</param>
    public static List<UploadRow> Uploads(Session session, long bucket, string prefix, string after, string afterId, int itemsMax) => session.Query<UploadRow>(
        """
        SELECT * FROM uploads WHERE bucket = @bucket AND name >= @prefix AND substr(name, 1, @length) = @prefix
          AND (name > @after OR (name = @after AND @afterId <> '' AND id > @afterId)) ORDER BY name, id LIMIT @itemsMax
        """,
        new { bucket, prefix, length = prefix.EnumerateRunes().Count(), after, afterId, itemsMax });

    /// <summary>False when it is completed or aborted already.</summary>
    public static bool DeleteUpload(Tx tx, string id) => tx.Execute("DELETE FROM uploads WHERE id = @id", new { id }) == 1;

    public static PartRow? Part(Session session, string uploadId, long number) =>
        session.FirstOrDefault<PartRow>("SELECT * FROM parts WHERE upload_id = @uploadId AND number = @number", new { uploadId, number });

    /// <summary>Parts by their numbers.</summary>
    public static List<PartRow> Parts(Session session, string uploadId, long after = 0, int itemsMax = int.MaxValue) => session.Query<PartRow>(
        "SELECT * FROM parts WHERE upload_id = @uploadId AND number > @after ORDER BY number LIMIT @itemsMax", new { uploadId, after, itemsMax });

    public static void Put(Tx tx, PartRow row) => tx.Execute(
        """
        INSERT INTO parts (upload_id, number, content, size, etag, crc, sum, modified_at, sealing)
        VALUES (@UploadId, @Number, @Content, @Size, @Etag, @Crc, @Sum, @ModifiedAt, @Sealing)
        ON CONFLICT (upload_id, number) DO UPDATE SET content = excluded.content, size = excluded.size, etag = excluded.etag, crc = excluded.crc, sum = excluded.sum,
          modified_at = excluded.modified_at, sealing = excluded.sealing
        """,
        row);

    public static void DeletePart(Tx tx, PartRow row) => tx.Execute("DELETE FROM parts WHERE upload_id = @UploadId AND number = @Number", row);

    /// <summary>The content is nobody's any more: the collector removes it.</summary>
    public static void Discard(Tx tx, string? content)
    {
        if (content is null) return;
        tx.Execute("INSERT INTO object_garbage (content, at) VALUES (@content, @Now) ON CONFLICT (content) DO NOTHING", new { content, tx.Now });
    }

    /// <summary>Whether an object has this content; copies share one.</summary>
    public static bool HasContent(Session session, string content) =>
        session.Scalar<long>("SELECT COUNT(*) FROM (SELECT 1 AS one FROM objects WHERE content = @content LIMIT 1) o", new { content }) > 0;

    /// <summary>Whether an object is made of the parts of this upload.</summary>
    public static bool HasParts(Session session, string uploadId) =>
        session.Scalar<long>("SELECT COUNT(*) FROM (SELECT 1 AS one FROM objects WHERE upload_id = @uploadId LIMIT 1) o", new { uploadId }) > 0;

    public static List<string> Garbage(Session session, long before, int itemsMax) => session.Query<string>(
        "SELECT content FROM object_garbage WHERE at <= @before ORDER BY at, content LIMIT @itemsMax", new { before, itemsMax });

    public static void Forget(Tx tx, IReadOnlyList<string> contents) => tx.Execute("DELETE FROM object_garbage WHERE content IN @contents", new { contents });

    /// <summary>Whether a row speaks of this content.</summary>
    public static bool IsKnown(Session session, string content) => session.Scalar<long>(
        """
        SELECT (SELECT COUNT(*) FROM objects WHERE content = @content) + (SELECT COUNT(*) FROM parts WHERE content = @content)
          + (SELECT COUNT(*) FROM object_garbage WHERE content = @content)
        """,
        new { content }) > 0;

    private static long Flag(bool value) => value ? 1 : 0;
}
