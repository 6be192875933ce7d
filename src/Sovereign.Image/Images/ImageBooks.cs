using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.Image.Images;

/// <summary>What a project's images count for, booked in the transaction of each change.</summary>
internal static class ImageBooks
{
    public const string Service = "image";
    public const string Count = "image_count_total";

    /// <summary>Bytes here; the API tells MiB.</summary>
    public const string Size = "image_size_total";

    /// <summary>Bytes that are staged and not yet an image.</summary>
    public const string Stage = "image_stage_total";

    /// <summary>Images that take bytes just now.</summary>
    public const string Uploading = "image_count_uploading";

    private const long CountDefault = 1_000;
    private const long SizeDefault = 10L << 40;
    private const long StageDefault = 2L << 40;
    private const long UploadingDefault = 100;

    public static readonly IReadOnlyList<QuotaResource> Resources =
    [
        new(Service, Size, SizeDefault, "SELECT owner AS project_id, SUM(COALESCE(size, 0)) AS used FROM images GROUP BY owner"),
        new(Service, Stage, StageDefault, "SELECT owner AS project_id, SUM(size) AS used FROM image_stages GROUP BY owner"),
        new(Service, Count, CountDefault, "SELECT owner AS project_id, COUNT(*) AS used FROM images GROUP BY owner"),
        new(
            Service, Uploading, UploadingDefault,
            "SELECT owner AS project_id, COUNT(*) AS used FROM images WHERE status IN ('saving', 'uploading', 'importing') GROUP BY owner"),
    ];

    /// <summary>Books what a change of one image changes; a fault when that exceeds a limit.</summary>
    /// <param name="before">Null for a new image.</param>
    /// <param name="after">Null for one that goes.</param>
    public static Outcome<Done> Shift(Quotas quotas, Tx tx, ImageRow? before, ImageRow? after)
    {
        foreach (var name in (string[])[Count, Size, Uploading])
        {
            var (was, willBe) = (Amount(name, before), Amount(name, after));
            if (before?.Owner == after?.Owner) (was, willBe) = (Math.Max(0, was - willBe), Math.Max(0, willBe - was));
            if (before is not null) quotas.Give(tx, Service, name, before.Owner, was);
            if (after is not null && quotas.Take(tx, Service, name, after.Owner, willBe).Fault is { } over) return over;
        }

        return Done.Value;
    }

    /// <summary>Books images of a release that did not count them; once in a cloud's life.</summary>
    public static void Inherit(Quotas quotas, Tx tx)
    {
        if (!tx.First("image.books")) return;
        foreach (var resource in Resources)
        {
            foreach (var counted in tx.Query<Counted>($"SELECT c.project_id, CAST(c.used AS BIGINT) AS used FROM ({resource.Recount}) c ORDER BY 1"))
            {
                quotas.Book(tx, Service, resource.Name, counted.ProjectId, counted.Used);
            }
        }
    }

    private static long Amount(string name, ImageRow? row) => (name, row) switch
    {
        (_, null) => 0,
        (Size, { } image) => image.Size ?? 0,
        (Uploading, { } image) => ImageStatus.TakesBytes(image.Status) ? 1 : 0,
        _ => 1,
    };

    private sealed record Counted
    {
        public string ProjectId { get; init; } = "";

        public long Used { get; init; }
    }
}
