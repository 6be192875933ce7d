using System.CommandLine;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>Says how a cloud is.</summary>
internal static class StatusCommand
{
    private const int ExitNotReady = 1;
    private const int ExitNotRunning = 3;

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var command = new Command("status",
            """
            Show processes, services, nodes and endpoints of the cloud.
            Exit code: 0 when a server could be created now, 1 when the cloud runs but is not ready, 3 when it does not run.
            """)
        { data };
        command.SetAction((parsed, stop) => CommonOptions.Guard(() => Run(parsed.GetValue(data), stop)));
        return command;
    }

    private static async Task<int> Run(string? data, CancellationToken stop)
    {
        var cloud = CloudDirectory.At(data ?? CloudDirectory.Default);
        if (cloud.IsJoined) return Joined(cloud);
        if (!cloud.IsCloud)
        {
            Console.WriteLine($"There is no cloud in {cloud.Path}. Start one: sovereign up --data {cloud.Path}");
            return ExitNotRunning;
        }
        if (CommonOptions.Resolve(cloud.Path, null, null) is not { } options) return CommonOptions.ExitUsage;
        var processes = new CloudProcesses(cloud, TimeProvider.System);
        using var client = new StatusClient(options);
        var status = await client.Ask(stop);
        foreach (var line in Lines(options, processes, status)) Console.WriteLine(line);
        if (status is null && processes is { Control: null, Watcher: null }) return ExitNotRunning;
        return status is { Ready: true } ? 0 : ExitNotReady;
    }

    /// <summary>A machine that joined knows of its own agent only; the cloud is asked where it is.</summary>
    private static int Joined(CloudDirectory cloud)
    {
        var (settings, _) = new JoinedNode(cloud).Read();
        var agent = new CloudProcesses(cloud, TimeProvider.System).Agent;
        Console.WriteLine($"The node {settings.Name} of the cloud at {settings.Url}, data in {cloud.Path}");
        Console.WriteLine(ProcessRow("node agent", agent));
        return agent is null ? ExitNotRunning : 0;
    }

    private static IEnumerable<string> Lines(CloudOptions options, CloudProcesses processes, CloudStatus? status)
    {
        yield return $"Sovereign {status?.Version ?? ""} at {options.PublicUrl}, data in {options.Data}"
            .Replace("  ", " ", StringComparison.Ordinal);
        yield return ProcessRow("control plane", processes.Control);
        yield return ProcessRow("node agent", processes.Agent);
        foreach (var service in status?.Services ?? []) yield return Row(service.Name, service.Status, service.Url ?? "");
        foreach (var node in status?.Nodes ?? []) yield return Row($"node {node.Name}", node.Status, "");
        if (status?.Image is { } image) yield return Row($"image {image.Name}", image.Status, "");
        yield return status switch
        {
            { Ready: true } => "ready",
            null => "not ready: the API does not answer",
            _ => $"not ready: {status.Message}",
        };
    }

    private static string ProcessRow(string name, int? pid)
        => Row(name, pid is null ? "stopped" : "running", pid is null ? "" : $"pid {pid}");

    private static string Row(string name, string status, string detail) => $"  {name,-24} {status,-10} {detail}".TrimEnd();
}
