using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;

namespace Sovereign.Volume;

/// <summary>What a project may have of the volume service: in all, and of each type.</summary>
internal static class VolumeQuotas
{
    public const string Service = "volume";
    public const string Volumes = "volumes";
    public const string Gigabytes = "gigabytes";
    public const string Snapshots = "snapshots";
    public const string PerVolume = "per_volume_gigabytes";
    public const string Backups = "backups";
    public const string BackupGigabytes = "backup_gigabytes";
    public const string Groups = "groups";
    private const string Sizes =
        """
        SELECT project_id, type_id, wanted_gib AS gib FROM volumes UNION ALL SELECT project_id, type_id, size_gib AS gib FROM volume_snapshots
        """;

    /// <summary>In the order in which quota sets show them. Those of types are kept by the type's id, so that a new name changes nothing.</summary>
    public static readonly IReadOnlyList<QuotaResource> All =
    [
        new(Service, Volumes, 10, "SELECT project_id, COUNT(*) AS used FROM volumes GROUP BY project_id"),
        new(Service, PerVolume, -1, null),
        new(Service, Snapshots, 10, "SELECT project_id, COUNT(*) AS used FROM volume_snapshots GROUP BY project_id"),
        new(Service, Gigabytes, 1000, $"SELECT project_id, CAST(SUM(gib) AS BIGINT) AS used FROM ({Sizes}) s GROUP BY project_id"),
        new(Service, Backups, 10, "SELECT project_id, COUNT(*) AS used FROM volume_backups GROUP BY project_id"),
        new(Service, BackupGigabytes, 1000, "SELECT project_id, CAST(SUM(size_gib) AS BIGINT) AS used FROM volume_backups GROUP BY project_id"),
        Family(Volumes, "SELECT project_id, 'volumes_' || type_id AS name, COUNT(*) AS used FROM volumes GROUP BY project_id, type_id"),
        Family(Gigabytes, $"SELECT project_id, 'gigabytes_' || type_id AS name, CAST(SUM(gib) AS BIGINT) AS used FROM ({Sizes}) s GROUP BY project_id, type_id"),
        Family(Snapshots, "SELECT project_id, 'snapshots_' || type_id AS name, COUNT(*) AS used FROM volume_snapshots GROUP BY project_id, type_id"),
        new(Service, Groups, 10, "SELECT project_id, COUNT(*) AS used FROM volume_groups GROUP BY project_id"),
    ];

    /// <summary>Names of the three quotas of a type, without the type.</summary>
    public static readonly IReadOnlyList<string> OfTypes = [Volumes, Gigabytes, Snapshots];

    public static string OfType(string name, string typeId) => name + "_" + typeId;

    /// <summary>Null when the volume fits.</summary>
    public static Fault? TakeVolume(Quotas quotas, Tx tx, string project, string typeId, long gib) =>
        TooLarge(quotas, tx, project, gib) ?? Take(quotas, tx, project, typeId, Volumes, 1) ?? Take(quotas, tx, project, typeId, Gigabytes, gib);

    public static Fault? TakeSnapshot(Quotas quotas, Tx tx, string project, string typeId, long gib) =>
        Take(quotas, tx, project, typeId, Snapshots, 1) ?? Take(quotas, tx, project, typeId, Gigabytes, gib);

    /// <summary>Null when the volume may grow by so much.</summary>
    public static Fault? Grow(Quotas quotas, Tx tx, string project, string typeId, long from, long to) =>
        TooLarge(quotas, tx, project, to) ?? Take(quotas, tx, project, typeId, Gigabytes, to - from);

    public static void GiveVolume(Quotas quotas, Tx tx, string project, string typeId, long gib)
    {
        Give(quotas, tx, project, typeId, Volumes, 1);
        Give(quotas, tx, project, typeId, Gigabytes, gib);
    }

    public static void GiveSnapshot(Quotas quotas, Tx tx, string project, string typeId, long gib)
    {
        Give(quotas, tx, project, typeId, Snapshots, 1);
        Give(quotas, tx, project, typeId, Gigabytes, gib);
    }

    /// <summary>Null when the backup fits.</summary>
    public static Fault? TakeBackup(Quotas quotas, Tx tx, string project, long gib)
    {
        if (quotas.Take(tx, Service, Backups, project, 1).Fault is Fault.OverQuota many)
        {
            return many with { Message = $"BackupLimitExceeded: Maximum number of backups allowed ({many.Limit}) exceeded" };
        }

        return quotas.Take(tx, Service, BackupGigabytes, project, gib).Fault is Fault.OverQuota large
            ? large with
            {
                Message = $"VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes quota. "
                    + $"Requested {gib}G, quota is {large.Limit}G and {large.Used}G has been consumed.",
            }
            : null;
    }

    public static void GiveBackup(Quotas quotas, Tx tx, string project, long gib)
    {
        quotas.Give(tx, Service, Backups, project, 1);
        quotas.Give(tx, Service, BackupGigabytes, project, gib);
    }

    public static void Give(Quotas quotas, Tx tx, string project, string typeId, string name, long amount)
    {
        quotas.Give(tx, Service, name, project, amount);
        quotas.Give(tx, Service, OfType(name, typeId), project, amount);
    }

    public static Fault? Take(Quotas quotas, Tx tx, string project, string typeId, string name, long amount)
    {
        var taken = quotas.Take(tx, Service, name, project, amount);
        if (taken.Ok) taken = quotas.Take(tx, Service, OfType(name, typeId), project, amount);
        return taken.Fault is Fault.OverQuota over ? over with { Message = Worded(over, name) } : taken.Fault;
    }

    private static Fault? TooLarge(Quotas quotas, Tx tx, string project, long gib)
    {
        var max = quotas.Limit(tx, Service, PerVolume, project);
        return max >= 0 && gib > max
            ? new Fault.OverQuota(PerVolume, max, 0, gib) with
            {
                Message = $"VolumeSizeExceedsLimit: Requested volume size {gib}GB is larger than maximum allowed limit {max}GB.",
            }
            : null;
    }

    private static string Worded(Fault.OverQuota over, string name) => name switch
    {
        Gigabytes => $"VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested {over.Requested}G, "
            + $"quota is {over.Limit}G and {over.Used}G has been consumed.",
        Snapshots => $"SnapshotLimitExceeded: Maximum number of snapshots allowed ({over.Limit}) exceeded",
        _ => $"VolumeLimitExceeded: Maximum number of volumes allowed ({over.Limit}) exceeded for quota 'volumes'.",
    };

    private static QuotaResource Family(string name, string recount) => new(Service, name + "_", -1, recount) { Family = true };
}
