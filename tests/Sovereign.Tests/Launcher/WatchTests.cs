using Sovereign.Launcher;
using Xunit;

namespace Sovereign.Tests.Launcher;

/// <summary>The supervisor, with a small script in the program's place. Runs as root, as the supervisor does.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(15);
    private readonly CloudDirectory cloud = new(Directory.CreateTempSubdirectory("sovereign-test-").FullName);
    private CloudProcesses processes = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.True(Environment.IsPrivilegedProcess, "The supervisor's tests need root.");
        processes = new CloudProcesses(cloud, TimeProvider.System);
        await SystemUsers.Ensure(SystemUsers.Control, CancellationToken.None);
        File.SetUnixFileMode(cloud.Path, File.GetUnixFileMode(cloud.Path) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        Directory.CreateDirectory(cloud.Native);
        Directory.CreateDirectory(cloud.Logs);
        await File.WriteAllTextAsync(cloud.Config, "");     // what tells a cloud from a machine that joined one
        await using var script = typeof(CloudDirectory).Assembly.GetManifestResourceStream("watch.sh")!;
        await using var file = File.Create(cloud.WatchScript);
        await script.CopyToAsync(file);
    }

    public async ValueTask DisposeAsync()
    {
        await processes.Stop(CancellationToken.None);
        Directory.Delete(cloud.Path, recursive: true);
    }

    [Fact]
    public async Task Both_roles_run_as_they_should_and_come_back_when_killed()
    {
        await Start("exec tail -f /dev/null \"$@\"");
        Assert.True(await processes.Until(() => Pid(cloud.ControlPid) is not null && Pid(cloud.NodePid) is not null, patience,
            CancellationToken.None));
        var first = Pid(cloud.ControlPid)!.Value;
        var user = SystemUsers.Find(SystemUsers.Control)!.Value.User.ToString();
        Assert.True(await processes.Until(() => Field(first, "Uid:") == user, patience, CancellationToken.None));
        Assert.Equal(["0000000000000000", "0000000000000000", "1"],
            from name in new[] { "CapPrm:", "CapBnd:", "NoNewPrivs:" } select Field(first, name));
        Signals.Send(first, Signals.Kill);
        Assert.True(await processes.Until(() => Pid(cloud.ControlPid) is { } now && now != first, patience, CancellationToken.None));
    }

    [Fact]
    public async Task Stopping_leaves_no_process_even_of_one_that_ignores_the_request()
    {
        await Start("trap '' TERM; while :; do sleep 1; done");
        Assert.True(await processes.Until(() => Pid(cloud.ControlPid) is not null && Pid(cloud.NodePid) is not null, patience,
            CancellationToken.None));
        var pids = new[] { Pid(cloud.ControlPid)!.Value, Pid(cloud.NodePid)!.Value };
        Assert.True(await processes.Stop(CancellationToken.None));
        Assert.All(pids, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        Assert.Null(processes.Watcher);
        Assert.False(await processes.Stop(CancellationToken.None));
    }

    [Fact]
    public void A_pid_file_that_names_a_foreign_process_is_not_believed()
    {
        File.WriteAllText(cloud.WatchPid, "1\n");
        File.WriteAllText(cloud.NodePid, $"{Environment.ProcessId}\n");
        Assert.Equal((null, null), (processes.Watcher, processes.Agent));
    }

    private async Task Start(string body)
    {
        await File.WriteAllTextAsync(cloud.Program, $"#!/bin/sh\nset -- \n{body}\n");
        File.SetUnixFileMode(cloud.Program, (UnixFileMode)0b111_101_101);
        await processes.Start(CancellationToken.None);
    }

    private static int? Pid(string file)
        => File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), out var pid) && Directory.Exists($"/proc/{pid}") ? pid : null;

    private static string Field(int pid, string name)
        => File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(name, StringComparison.Ordinal))
            .Split('\t', StringSplitOptions.TrimEntries)[1];
}
