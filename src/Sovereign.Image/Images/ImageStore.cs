using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

internal static class ImageStore
{
    public static readonly ListShape Shape = new(
        "images i",
        "i.id",
        [
            new("name", "i.name", Filterable: false, Nullable: true), new("status", "i.status", Filterable: false),
            new("container_format", "i.container_format", Filterable: false, Nullable: true),
            new("disk_format", "i.disk_format", Filterable: false, Nullable: true), new("size", "i.size", ColumnKind.Number, Filterable: false, Nullable: true),
            new("created_at", "i.created_at", ColumnKind.Number, Filterable: false), new("updated_at", "i.updated_at", ColumnKind.Number, Filterable: false),
            new("min_disk", "i.min_disk", ColumnKind.Number, Filterable: false), new("min_ram", "i.min_ram", ColumnKind.Number, Filterable: false),
            new("owner", "i.owner", Filterable: false), new("visibility", "i.visibility", Filterable: false),
        ],
        [new SortKey("created_at", Descending: true)]);

    private const string Columns =
        "id, name, owner, status, visibility, disk_format, container_format, size, virtual_size, checksum, os_hash_value, digest, content_file, "
        + "min_disk, min_ram, protected, os_hidden, upload_id, created_at, updated_at";

    public static ImageRow? Find(Session session, string id) => session.FirstOrDefault<ImageRow>($"SELECT {Columns} FROM images WHERE id = @id", new { id });

    public static ImageWhole Whole(Session session, ImageRow row) => Whole(session, [row])[0];

    public static List<ImageWhole> Whole(Session session, IReadOnlyList<ImageRow> rows)
    {
        if (rows.Count == 0) return [];
        var ids = rows.Select(row => row.Id).ToList();
        var properties = session.Query<NamedRow>("SELECT image_id, name, value FROM image_properties WHERE image_id IN @ids ORDER BY name", new { ids }).ToLookup(p => p.ImageId);
        var tags = session.Query<NamedRow>("SELECT image_id, tag AS name FROM image_tags WHERE image_id IN @ids ORDER BY tag", new { ids }).ToLookup(t => t.ImageId);
        return rows.Select(row => new ImageWhole(
            row, properties[row.Id].ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal), tags[row.Id].Select(t => t.Name).ToList())).ToList();
    }

    public static bool Insert(Tx tx, ImageRow row) => tx.Execute(
        $"""
        INSERT INTO images ({Columns})
        VALUES (@Id, @Name, @Owner, @Status, @Visibility, @DiskFormat, @ContainerFormat, @Size, @VirtualSize, @Checksum, @OsHashValue, @Digest, @ContentFile,
          @MinDisk, @MinRam, @isProtected, @isHidden, @UploadId, @CreatedAt, @UpdatedAt) ON CONFLICT DO NOTHING
        """,
        Parameters(row)) == 1;

    /// <summary>Writes what users may change.</summary>
    public static void Update(Tx tx, ImageRow row) => tx.Execute(
        """
        UPDATE images SET name = @Name, owner = @Owner, visibility = @Visibility, disk_format = @DiskFormat, container_format = @ContainerFormat,
          min_disk = @MinDisk, min_ram = @MinRam, protected = @isProtected, os_hidden = @isHidden, updated_at = @UpdatedAt WHERE id = @Id
        """,
        Parameters(row));

    /// <summary>Moves the status, if it is still what the caller saw; false when another was first.</summary>
    public static bool Move(Tx tx, string id, string from, string to, string? uploadId) => tx.Execute(
        "UPDATE images SET status = @to, upload_id = @uploadId, updated_at = @now WHERE id = @id AND status = @from", new { id, from, to, uploadId, now = tx.Now }) == 1;

    /// <summary>Gives the image its content; false when this upload may no longer.</summary>
    public static bool Fill(Tx tx, ImageRow row, string uploadId) => tx.Execute(
        """
        UPDATE images SET status = 'active', upload_id = NULL, disk_format = @DiskFormat, size = @Size, virtual_size = @VirtualSize, checksum = @Checksum,
          os_hash_value = @OsHashValue, digest = @Digest, content_file = @ContentFile, updated_at = @now
        WHERE id = @Id AND status IN ('saving', 'importing') AND upload_id = @uploadId
        """,
        new { row.Id, row.DiskFormat, row.Size, row.VirtualSize, row.Checksum, row.OsHashValue, row.Digest, row.ContentFile, now = tx.Now, uploadId }) == 1;

    public static void Delete(Tx tx, string id)
    {
        tx.Execute("DELETE FROM image_properties WHERE image_id = @id", new { id });
        tx.Execute("DELETE FROM image_tags WHERE image_id = @id", new { id });
        tx.Execute("DELETE FROM image_members WHERE image_id = @id", new { id });
        tx.Execute("DELETE FROM images WHERE id = @id", new { id });
    }

    public static void SetProperties(Tx tx, string id, IReadOnlyDictionary<string, string> properties)
    {
        tx.Execute("DELETE FROM image_properties WHERE image_id = @id", new { id });
        foreach (var (name, value) in properties)
        {
            tx.Execute("INSERT INTO image_properties (image_id, name, value, pair) VALUES (@id, @name, @value, @pair)", new { id, name, value, pair = Pair(name, value) });
        }
    }

    /// <summary>Sets one property, or changes it.</summary>
    public static void SetProperty(Tx tx, string id, string name, string value) => tx.Execute(
        """
        INSERT INTO image_properties (image_id, name, value, pair) VALUES (@id, @name, @value, @pair)
        ON CONFLICT (image_id, name) DO UPDATE SET value = excluded.value, pair = excluded.pair
        """,
        new { id, name, value, pair = Pair(name, value) });

    public static void SetTags(Tx tx, string id, IEnumerable<string> tags)
    {
        tx.Execute("DELETE FROM image_tags WHERE image_id = @id", new { id });
        foreach (var tag in tags) tx.Execute("INSERT INTO image_tags (image_id, tag) VALUES (@id, @tag)", new { id, tag });
    }

    /// <summary>A property as one text, so that a list's filter is one comparison. The length keeps "a=b" and "a" apart.</summary>
    public static string Pair(string name, string value) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name.Length}:{name}={value}");

    private static object Parameters(ImageRow row) => new
    {
        row.Id, row.Name, row.Owner, row.Status, row.Visibility, row.DiskFormat, row.ContainerFormat, row.Size, row.VirtualSize, row.Checksum, row.OsHashValue,
        row.Digest, row.ContentFile, row.MinDisk, row.MinRam, isProtected = row.Protected ? 1L : 0L, isHidden = row.OsHidden ? 1L : 0L, row.UploadId,
        row.CreatedAt, row.UpdatedAt,
    };

    private sealed record NamedRow
    {
        public string ImageId { get; init; } = "";

        public string Name { get; init; } = "";

        public string Value { get; init; } = "";
    }
}
