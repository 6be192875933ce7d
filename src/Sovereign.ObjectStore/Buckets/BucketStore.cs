using Sovereign.Kernel.Store;

namespace Sovereign.ObjectStore.Buckets;

internal static class BucketStore
{
    public static Bucket? Find(Session session, long number) => session.FirstOrDefault<Bucket>("SELECT * FROM buckets WHERE number = @number", new { number });

    public static Bucket? OfProject(Session session, string projectId, string name) =>
        session.FirstOrDefault<Bucket>("SELECT * FROM buckets WHERE project_id = @projectId AND name = @name", new { projectId, name });

    public static Bucket? OfAll(Session session, string name) => session.FirstOrDefault<Bucket>("SELECT * FROM buckets WHERE global_name = @name", new { name });

    /// <summary>The project's buckets by name.</summary>
    /// <param name="after">"" from the first.</param>
    public static List<Bucket> List(Session session, string projectId, string after, string prefix, int itemsMax) => session.Query<Bucket>(
        """
        SELECT * FROM buckets WHERE project_id = @projectId AND name > @after AND name >= @prefix AND substr(name, 1, @length) = @prefix ORDER BY name LIMIT @itemsMax
        """,
        new { projectId, after, prefix, length = prefix.EnumerateRunes().Count(), itemsMax });

    /// <summary>False when the project has a bucket of this name.</summary>
    public static bool Insert(Tx tx, Bucket row) => tx.Execute(
        """
        INSERT INTO buckets (number, project_id, name, global_name, owner_id, versioning, lock_enabled, objects, bytes, created_at)
        VALUES (@Number, @ProjectId, @Name, @GlobalName, @OwnerId, @Versioning, @locked, 0, 0, @CreatedAt) ON CONFLICT DO NOTHING
        """,
        new { row.Number, row.ProjectId, row.Name, row.GlobalName, row.OwnerId, row.Versioning, locked = row.LockEnabled ? 1L : 0L, row.CreatedAt }) == 1;

    /// <summary>Numbers are never used again: objects of a bucket that is gone must not appear in another.</summary>
    public static long NextNumber(Tx tx)
    {
        tx.Execute("INSERT INTO bucket_numbers (id, last) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET last = bucket_numbers.last + 1");
        return tx.Scalar<long>("SELECT last FROM bucket_numbers WHERE id = 1");
    }

    public static void SetVersioning(Tx tx, long number, string versioning) =>
        tx.Execute("UPDATE buckets SET versioning = @versioning WHERE number = @number", new { number, versioning });

    public static void SetLock(Tx tx, long number) => tx.Execute("UPDATE buckets SET lock_enabled = 1 WHERE number = @number", new { number });

    public static void Count(Tx tx, long number, long objects, long bytes)
    {
        if (objects == 0 && bytes == 0) return;
        tx.Execute("UPDATE buckets SET objects = objects + @objects, bytes = bytes + @bytes WHERE number = @number", new { number, objects, bytes });
    }

    /// <summary>False while it has an object, a version, a marker or an upload.</summary>
    public static bool IsEmpty(Session session, long number) => session.Scalar<long>(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM objects WHERE bucket = @number LIMIT 1) o", new { number }) == 0;

    public static void Delete(Tx tx, long number)
    {
        tx.Execute("DELETE FROM bucket_settings WHERE bucket = @number", new { number });
        tx.Execute("DELETE FROM buckets WHERE number = @number", new { number });
    }

    public static string? Setting(Session session, long number, string name) =>
        session.Scalar<string>("SELECT document FROM bucket_settings WHERE bucket = @number AND name = @name", new { number, name });

    public static void Set(Tx tx, long number, string name, string? document)
    {
        if (document is null)
        {
            tx.Execute("DELETE FROM bucket_settings WHERE bucket = @number AND name = @name", new { number, name });
            return;
        }

        tx.Execute(
            """
            INSERT INTO bucket_settings (bucket, name, document, changed_at) VALUES (@number, @name, @document, @Now)
            ON CONFLICT (bucket, name) DO UPDATE SET document = excluded.document, changed_at = excluded.changed_at
            """,
            new { number, name, document, tx.Now });
    }

    /// <summary>Buckets that have this setting.</summary>
    public static List<long> Having(Session session, string name) =>
        session.Query<long>("SELECT bucket FROM bucket_settings WHERE name = @name ORDER BY bucket", new { name });
}
