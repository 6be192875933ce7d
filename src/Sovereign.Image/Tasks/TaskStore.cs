using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Tasks;

internal static class TaskStore
{
    public static readonly ListShape Shape = new(
        "image_tasks t",
        "t.id",
        [
            new("status", "t.status"), new("type", "t.type"), new("created_at", "t.created_at", ColumnKind.Number, Filterable: false),
            new("updated_at", "t.updated_at", ColumnKind.Number, Filterable: false),
            new("expires_at", "t.expires_at", ColumnKind.Number, Filterable: false, Nullable: true),
        ],
        [new SortKey("created_at", Descending: true)]);

    private const string Columns =
        "id, image_id, type, status, owner, user_id, request_id, method, source, message, phase, file, validator, target, disk_format, tries, size, virtual_size, "
        + "md5, sha256, sha512, created_at, updated_at, expires_at";

    public static TaskRow? Find(Session session, string id) => session.FirstOrDefault<TaskRow>($"SELECT {Columns} FROM image_tasks WHERE id = @id", new { id });

    public static List<TaskRow> Of(Session session, string imageId) =>
        session.Query<TaskRow>($"SELECT {Columns} FROM image_tasks WHERE image_id = @imageId ORDER BY created_at, id", new { imageId });

    /// <summary>Ids of an image's tasks that are still at work.</summary>
    public static List<string> Unfinished(Session session, string imageId) => session.Query<string>(
        "SELECT id FROM image_tasks WHERE image_id = @imageId AND status IN ('pending', 'processing') ORDER BY id", new { imageId });

    public static List<string> Unfinished(Session session) =>
        session.Query<string>("SELECT id FROM image_tasks WHERE status IN ('pending', 'processing') ORDER BY id");

    public static void Insert(Tx tx, TaskRow row) => tx.Execute(
        $"""
        INSERT INTO image_tasks ({Columns})
        VALUES (@Id, @ImageId, @Type, @Status, @Owner, @UserId, @RequestId, @Method, @Source, @Message, @Phase, @File, @Validator, @Target, @DiskFormat, @Tries,
          @Size, @VirtualSize, @Md5, @Sha256, @Sha512, @CreatedAt, @UpdatedAt, @ExpiresAt)
        """,
        row);

    /// <summary>Writes how far it is, unless it ended meanwhile; false when it did.</summary>
    public static bool Update(Tx tx, TaskRow row) => tx.Execute(
        """
        UPDATE image_tasks SET status = @Status, message = @Message, phase = @Phase, file = @File, validator = @Validator, target = @Target,
          disk_format = @DiskFormat, tries = @Tries, size = @Size, virtual_size = @VirtualSize, md5 = @Md5, sha256 = @Sha256, sha512 = @Sha512, updated_at = @UpdatedAt,
          expires_at = @ExpiresAt WHERE id = @Id AND status IN ('pending', 'processing')
        """,
        row) == 1;

    public static List<string> Expired(Session session, long now) =>
        session.Query<string>("SELECT id FROM image_tasks WHERE expires_at <= @now ORDER BY id LIMIT 1000", new { now });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM image_tasks WHERE id = @id", new { id });
}
