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
        ["delete"] = "compute_terminate_instance",
        ["lock"] = "api_lock",
        ["unlock"] = "api_unlock",
    }.ToFrozenDictionary();

    public static string Of(string action) => events[action];
}
