using System.CommandLine;
using Microsoft.Extensions.Logging;
using Sovereign.Launcher;
using Sovereign.Node.Agent;
using Sovereign.Node.Machine;
using Sovereign.Serve;

namespace Sovereign.Commands;

/// <summary>
/// The node agent's process, as the supervisor starts it, and the removal of all that it made: the launcher's two calls into the
/// agent. Below it, what the operator does to nodes.
/// </summary>
internal static class NodeRole
{
    private static readonly TimeSpan renewalEvery = TimeSpan.FromHours(6);

    /// <summary>A certificate is renewed this long before its end.</summary>
    private static readonly TimeSpan renewBefore = TimeSpan.FromDays(130);

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("node",
            """
            The machines of the cloud. Without a command: the node agent's process, which "up" and "node serve" start; it runs as root and listens to nobody.

            Add a machine:     sovereign node token                      on the control plane, then
                               sovereign node join URL TOKEN             on the new machine, and
                               sovereign node serve --detach
            Look:              sovereign node list
            Empty one:         sovereign node drain NAME
            One is broken:     sovereign node fence NAME --confirmed     when you have made sure that it is off
            """)
        {
            data, NodeJoin.Token(), NodeJoin.Join(), NodeJoin.Serve(), NodeOperator.List(), NodeOperator.Show(), NodeOperator.Fence(), NodeOperator.Remove(),
            NodeOperator.Drain(), NodeOperator.Undrain(),
        };
        command.SetAction((parsed, stop) => CommonOptions.Guard(() => Run(parsed.GetValue(data), stop)));
        return command;
    }

    public static async Task<int> Run(string? data, CancellationToken stop)
    {
        var cloud = CloudDirectory.At(data ?? CloudDirectory.Default);
        using var logs = ProcessLog.Create();
        if (cloud.IsJoined) return await RunJoined(cloud, logs, stop);
        if (CommonOptions.Resolve(data, null, null) is not { } options) return CommonOptions.ExitUsage;
        await AgentHost.Run(
            Agent(options.Directory) with { ExternalCidr = options.ExternalCidr, Underlay = options.UnderlayAddress, Ceph = options.Ceph, Logging = logs },
            stop);
        return 0;
    }

    /// <summary>
    /// Ends this cloud's virtual machines and removes its namespaces, links and files; must not need a working database or
    /// configuration.
    /// </summary>
    public static Task Destroy(CloudDirectory cloud, CancellationToken stop) => AgentHost.Destroy(Agent(cloud), stop);

    /// <summary>The agent of a machine that joined; it begins anew when its certificate was renewed, which no guest notices.</summary>
    private static async Task<int> RunJoined(CloudDirectory cloud, ILoggerFactory logs, CancellationToken stop)
    {
        var node = new JoinedNode(cloud);
        while (!stop.IsCancellationRequested)
        {
            var (settings, remote) = node.Read();
            using var renewed = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var options = new AgentOptions(cloud.Path, "", settings.Name)
            {
                Remote = remote, Underlay = settings.Underlay, Gateway = false, Ceph = settings.Ceph, Logging = logs,
            };
            var renewal = Renew(node, settings, remote, logs.CreateLogger("Sovereign.Node"), renewed);
            try
            {
                await AgentHost.Run(options, renewed.Token);
            }
            finally
            {
                await renewed.CancelAsync();
                await renewal;
            }
        }

        return 0;
    }

    private static async Task Renew(JoinedNode node, JoinSettings settings, RemoteControl remote, ILogger log, CancellationTokenSource renewed)
    {
        using var control = new ControlPlaneClient(remote);
        using var key = node.Key();
        while (true)
        {
            try
            {
                if (remote.Certificate.NotAfter.ToUniversalTime() - renewBefore < TimeProvider.System.GetUtcNow().UtcDateTime)
                {
                    node.Renew((await control.Renew(JoinClient.Request(key, settings.Name), renewed.Token)).Certificate);
                    await renewed.CancelAsync();
                    return;
                }
            }
            catch (Exception failure) when (failure is NodeException or HttpRequestException)
            {
                log.LogWarning(4520, "The node's certificate ends at {End} and could not be renewed: {Reason}", remote.Certificate.NotAfter, failure.Message);
            }

            try { await Task.Delay(renewalEvery, TimeProvider.System, renewed.Token); }
            catch (OperationCanceledException) { return; }
        }
    }

    private static AgentOptions Agent(CloudDirectory cloud) => new(cloud.Path, cloud.NodeSocket, Environment.MachineName);
}
