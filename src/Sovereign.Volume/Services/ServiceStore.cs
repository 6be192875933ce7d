using Sovereign.Kernel.Store;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume.Services;

/// <summary>SQL of what an operator decided about the parts of the service; a part without a row is enabled.</summary>
internal static class ServiceStore
{
    public const string VolumeBinary = "cinder-volume";
    public const string SchedulerBinary = "cinder-scheduler";
    public const string BackupBinary = "cinder-backup";

    /// <summary>The name of a backend as the API has it: "machine@files".</summary>
    public static string Host(VolumePlace place) => $"{place.Node.HostName}@{place.Backend.Name}";

    /// <summary>The name of its pool: "machine@files#files".</summary>
    public static string Pool(VolumePlace place) => $"{Host(place)}#{place.Backend.Name}";

    public static HashSet<string> DisabledHosts(Session session) =>
        [.. session.Query<string>("SELECT host FROM volume_services WHERE binary_name = @VolumeBinary AND disabled = 1", new { VolumeBinary })];

    public static List<ServiceRow> All(Session session) => session.Query<ServiceRow>("SELECT * FROM volume_services");

    /// <summary>What the projects have on a backend of a node.</summary>
    public static List<HostUse> Use(Session session, string nodeId, string backend) => session.Query<HostUse>(
        """
        SELECT v.project_id, COUNT(*) AS volumes, CAST(SUM(v.size_gib) AS BIGINT) AS volume_gib, CAST(COALESCE(SUM(s.snapshots), 0) AS BIGINT) AS snapshots,
          CAST(COALESCE(SUM(s.gib), 0) AS BIGINT) AS snapshot_gib
        FROM volumes v
        LEFT JOIN (SELECT volume_id, COUNT(*) AS snapshots, SUM(size_gib) AS gib FROM volume_snapshots GROUP BY volume_id) s ON s.volume_id = v.id
        WHERE v.node_id = @nodeId AND v.backend = @backend GROUP BY v.project_id ORDER BY v.project_id
        """,
        new { nodeId, backend });

    public static void Set(Tx tx, string binary, string host, bool disabled, string? reason) => tx.Execute(
        """
        INSERT INTO volume_services (binary_name, host, disabled, reason) VALUES (@binary, @host, @disabled, @reason)
        ON CONFLICT (binary_name, host) DO UPDATE SET disabled = excluded.disabled, reason = excluded.reason
        """,
        new { binary, host, disabled = disabled ? 1L : 0L, reason });
}

/// <summary>A part of the service as an operator changed it.</summary>
internal sealed record ServiceRow
{
    public string BinaryName { get; init; } = "";

    public string Host { get; init; } = "";

    public bool Disabled { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What a project has on a backend.</summary>
internal sealed record HostUse
{
    public string ProjectId { get; init; } = "";

    public long Volumes { get; init; }

    public long VolumeGib { get; init; }

    public long Snapshots { get; init; }

    public long SnapshotGib { get; init; }
}
