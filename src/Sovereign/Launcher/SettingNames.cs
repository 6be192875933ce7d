namespace Sovereign.Launcher;

/// <summary>Every setting of a cloud, as configuration files name it; what each means stands in docs/operations/install.md.</summary>
public static class SettingNames
{
    public const string Data = "data";
    public const string Listen = "listen";
    public const string PublicUrl = "public_url";
    public const string Region = "region";
    public const string ExternalCidr = "external_cidr";
    public const string Database = "database";
    public const string ImageImportFrom = "image_import_from";
    public const string ImageImportDirectory = "image_import_directory";
    public const string ImageFormat = "image_format";
    public const string BackupDirectory = "backup_directory";
    public const string NetworkDns = "network_dns";
    public const string Underlay = "underlay";
    public const string VxlanPort = "vxlan_port";
    public const string FenceCommand = "fence_command";
    public const string CephPool = "ceph_pool";
    public const string CephUser = "ceph_user";
    public const string CephConf = "ceph_conf";
    public const string CephKeyring = "ceph_keyring";
    public const string CpuAllocationRatio = "cpu_allocation_ratio";
    public const string RamAllocationRatio = "ram_allocation_ratio";
    public const string ReservedHostMemory = "reserved_host_memory_mb";
    public const string EnforceScope = "enforce_scope";
    public const string PasswordRegex = "password_regex";
    public const string PasswordRegexDescription = "password_regex_description";
    public const string UniqueLastPasswordCount = "unique_last_password_count";
    public const string PasswordExpiresDays = "password_expires_days";
    public const string MinimumPasswordAge = "minimum_password_age";
    public const string LockoutFailureAttempts = "lockout_failure_attempts";
    public const string LockoutDuration = "lockout_duration";
    public const string ChangePasswordUponFirstUse = "change_password_upon_first_use";

    /// <summary>In the order in which they are shown and written.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        Data, Listen, PublicUrl, Region, ExternalCidr, Database, ImageImportFrom, ImageImportDirectory, ImageFormat, BackupDirectory, NetworkDns, Underlay, VxlanPort,
        FenceCommand, CephPool, CephUser, CephConf, CephKeyring,
        CpuAllocationRatio, RamAllocationRatio, ReservedHostMemory, EnforceScope, PasswordRegex, PasswordRegexDescription,
        UniqueLastPasswordCount, PasswordExpiresDays, MinimumPasswordAge, LockoutFailureAttempts, LockoutDuration, ChangePasswordUponFirstUse,
    ];
}
