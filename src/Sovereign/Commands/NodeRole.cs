using System.CommandLine;
using Sovereign.Launcher;
using Sovereign.Node.Agent;
using Sovereign.Serve;

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

    private static async Task<int> Run(CloudOptions options, CancellationToken stop)
    {
        using var logs = ProcessLog.Create();
        await AgentHost.Run(Agent(options.Directory) with { ExternalCidr = options.ExternalCidr, Logging = logs }, stop);
        return 0;
    }

    /// <summary>
    /// Ends this cloud's virtual machines and removes its namespaces, links and files; must not need a working database or
    /// configuration.
    /// </summary>
    public static Task Destroy(CloudDirectory cloud, CancellationToken stop) => AgentHost.Destroy(Agent(cloud), stop);

    private static AgentOptions Agent(CloudDirectory cloud) => new(cloud.Path, cloud.NodeSocket, Environment.MachineName);
}
