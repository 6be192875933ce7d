using System.CommandLine;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>
/// The node agent's process, as the supervisor starts it, and the removal of all that it made: the launcher's two calls into the
/// agent.
/// </summary>
internal static class NodeRole
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("node", "The node agent's process. \"up\" starts it; it runs as root and listens to nobody.") { data };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
            CommonOptions.Resolve(parsed.GetValue(data), null, null) is { } options ? await Run(options, stop) : CommonOptions.ExitUsage));
        return command;
    }

    private static Task<int> Run(CloudOptions options, CancellationToken stop)
        => throw new LauncherException($"The node agent is not part of this build ({options.Data}, {stop.CanBeCanceled}).");

    /// <summary>
    /// Ends this cloud's virtual machines and removes its namespaces, links and files; must not need a working database or
    /// configuration.
    /// </summary>
    public static Task Destroy(CloudDirectory cloud, CancellationToken stop) => Task.CompletedTask;
}
