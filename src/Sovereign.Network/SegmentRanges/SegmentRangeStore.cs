using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Network.SegmentRanges;

internal static class SegmentRangeStore
{
    public static readonly ListShape Shape = new(
        "segment_ranges w",
        "w.id",
        [
            new("id", "w.id"), new("name", "w.name"), new("description", "w.description"), new("project_id", "w.project_id"),
            new("tenant_id", "w.project_id"), new("default", "w.is_default", ColumnKind.Boolean), new("shared", "w.shared", ColumnKind.Boolean),
            new("network_type", "w.network_type"), new("minimum", "w.minimum", ColumnKind.Number), new("maximum", "w.maximum", ColumnKind.Number),
            new("revision_number", "w.revision", ColumnKind.Number), new("created_at", "w.created_at", Filterable: false),
            new("updated_at", "w.updated_at", Filterable: false),
        ],
        [new SortKey("id")])
    {
        RefuseUnknown = true,
    };

    public static SegmentRangeRow? Find(Session session, string id) =>
        session.FirstOrDefault<SegmentRangeRow>("SELECT * FROM segment_ranges WHERE id = @id", new { id });

    /// <summary>The number that a network of a project gets: the one that was asked for, or the lowest free one of the project's own ranges, then of those
    /// that are everyone's.</summary>
    public static Outcome<long> Vni(Session session, string project, long? asked)
    {
        if (asked is { } named) return named;
        var ranges = session.Query<SegmentRangeRow>(
            "SELECT * FROM segment_ranges WHERE shared = 1 OR project_id = @project ORDER BY shared, is_default DESC, minimum", new { project });
        foreach (var range in ranges)
        {
            if (Free(session, project, range) is { } number) return number;
        }

        return new Fault.Unavailable("Unable to create the network. No tenant network is available for allocation.") { Type = "NoNetworkAvailable" };
    }

    /// <summary>Ids of ranges, the default one aside, that have a number of these.</summary>
    public static List<string> Overlapping(Session session, SegmentRangeRow row) => session.Query<string>(
        "SELECT id FROM segment_ranges WHERE is_default = 0 AND id <> @Id AND minimum <= @Maximum AND maximum >= @Minimum ORDER BY id",
        new { row.Id, row.Minimum, row.Maximum });

    /// <summary>Projects of the networks that have these numbers.</summary>
    public static Dictionary<long, string> Used(Session session, long minimum, long maximum) => session.Query<UsedNumber>(
        "SELECT vni, project_id FROM networks WHERE vni >= @minimum AND vni <= @maximum ORDER BY vni", new { minimum, maximum })
        .ToDictionary(row => row.Vni, row => row.ProjectId);

    public static void Insert(Tx tx, SegmentRangeRow row) => tx.Execute(
        """
        INSERT INTO segment_ranges (id, project_id, name, description, is_default, shared, network_type, minimum, maximum, created_at, updated_at, revision)
        VALUES (@Id, @ProjectId, @Name, @Description, 0, @shared, @NetworkType, @Minimum, @Maximum, @CreatedAt, @UpdatedAt, @Revision)
        """,
        new
        {
            row.Id, row.ProjectId, row.Name, row.Description, shared = row.Shared ? 1L : 0L, row.NetworkType, row.Minimum, row.Maximum, row.CreatedAt,
            row.UpdatedAt, row.Revision,
        });

    public static void Update(Tx tx, SegmentRangeRow row) => tx.Execute(
        """
        UPDATE segment_ranges SET name = @Name, description = @Description, minimum = @Minimum, maximum = @Maximum, updated_at = @UpdatedAt,
          revision = @Revision
        WHERE id = @Id
        """,
        new { row.Id, row.Name, row.Description, row.Minimum, row.Maximum, row.UpdatedAt, row.Revision });

    public static void Delete(Tx tx, string id) => tx.Execute("DELETE FROM segment_ranges WHERE id = @id", new { id });

    /// <summary>The lowest number of a range that no network has and no other project's range keeps.</summary>
    private static long? Free(Session session, string project, SegmentRangeRow range) => session.Scalar<long?>(
        """
        SELECT MIN(f.number) FROM (
          SELECT @Minimum AS number
          UNION ALL SELECT n.vni + 1 FROM networks n WHERE n.vni >= @Minimum AND n.vni < @Maximum
          UNION ALL SELECT k.maximum + 1 FROM segment_ranges k WHERE k.shared = 0 AND k.project_id <> @project AND k.maximum >= @Minimum
            AND k.maximum < @Maximum) f
        WHERE NOT EXISTS (SELECT 1 FROM networks m WHERE m.vni = f.number)
          AND NOT EXISTS (SELECT 1 FROM segment_ranges o WHERE o.shared = 0 AND o.project_id <> @project AND f.number BETWEEN o.minimum AND o.maximum)
        """,
        new { range.Minimum, range.Maximum, project });

    private sealed record UsedNumber
    {
        public long Vni { get; init; }

        public string ProjectId { get; init; } = "";
    }
}
