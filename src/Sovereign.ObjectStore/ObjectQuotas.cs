using Sovereign.Kernel.Quota;

namespace Sovereign.ObjectStore;

/// <summary>What a project's objects count for. Every version counts, and so do parts of uploads under way: all of it lies on the disk.</summary>
internal static class ObjectQuotas
{
    public const string Service = "object-store";
    public const string Buckets = "buckets";
    public const string Objects = "objects";
    public const string Bytes = "bytes";

    private const long BucketsDefault = 1_000;
    private const long Unlimited = -1;

    public static readonly IReadOnlyList<QuotaResource> Resources =
    [
        new(Service, Buckets, BucketsDefault, "SELECT project_id, COUNT(*) AS used FROM buckets GROUP BY project_id"),
        new(Service, Objects, Unlimited,
            "SELECT b.project_id, COUNT(*) AS used FROM objects o JOIN buckets b ON b.number = o.bucket WHERE o.marker = 0 GROUP BY b.project_id"),
        new(
            Service,
            Bytes,
            Unlimited,
            """
            SELECT s.project_id, CAST(SUM(s.size) AS BIGINT) AS used FROM (
              SELECT b.project_id, o.size FROM objects o JOIN buckets b ON b.number = o.bucket
              UNION ALL SELECT b.project_id, p.size FROM parts p JOIN uploads u ON u.id = p.upload_id JOIN buckets b ON b.number = u.bucket) s
            GROUP BY s.project_id
            """),
    ];
}
