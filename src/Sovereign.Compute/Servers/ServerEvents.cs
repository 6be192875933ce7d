using System.Collections.Frozen;

namespace Sovereign.Compute.Servers;

/// <summary>Names of actions and of the events behind them, as clients of the original know them.</summary>
internal static class ServerEvents
{
    private static readonly FrozenDictionary<string, string> events = new Dictionary<string, string>
    {
        ["create"] = "compute__do_build_and_run_instance",
        ["start"] = "compute_start_instance",
        ["stop"] = "compute_stop_instance",
        ["reboot"] = "compute_reboot_instance",
        ["addSecurityGroup"] = "compute_refresh_instance_security_rules",
        ["removeSecurityGroup"] = "compute_refresh_instance_security_rules",
        ["pause"] = "compute_pause_instance",
        ["unpause"] = "compute_unpause_instance",
        ["suspend"] = "compute_suspend_instance",
        ["resume"] = "compute_resume_instance",
        ["rebuild"] = "compute_rebuild_instance",
        ["resize"] = "compute_resize_instance",
        ["confirmResize"] = "compute_confirm_resize",
        ["revertResize"] = "compute_revert_resize",
        ["attach_interface"] = "compute_attach_interface",
        ["attach_volume"] = "compute_attach_volume",
        ["detach_interface"] = "compute_detach_interface",
        ["detach_volume"] = "compute_detach_volume",
        ["extend_volume"] = "compute_extend_volume",
        ["swap_volume"] = "compute_swap_volume",
        ["createImage"] = "compute_snapshot_instance",
        ["createBackup"] = "compute_backup_instance",
        ["rescue"] = "compute_rescue_instance",
        ["unrescue"] = "compute_unrescue_instance",
        ["shelve"] = "compute_shelve_instance",
        ["shelveOffload"] = "compute_shelve_offload_instance",
        ["unshelve"] = "compute_unshelve_instance",
        ["migrate"] = "cold_migrate",
        ["live-migration"] = "compute_live_migration",
        ["live_migration_cancel"] = "compute_live_migration_abort",
        ["live_migration_force_complete"] = "compute_live_migration_force_complete",
        ["evacuate"] = "rebuild_server",
        ["delete"] = "compute_terminate_instance",
        ["lock"] = "api_lock",
        ["unlock"] = "api_unlock",
        ["trigger_crash_dump"] = "compute_trigger_crash_dump",
    }.ToFrozenDictionary();

    public static string Of(string action) => events[action];
}
