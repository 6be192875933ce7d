namespace Sovereign.Launcher;

/// <summary>
/// The running processes of one cloud, by pid files that are believed only when /proc agrees. A name is never enough to end a
/// process.
/// </summary>
internal sealed class CloudProcesses(CloudDirectory cloud, TimeProvider clock)
{
    private static readonly TimeSpan stopLimit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan killLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan launchLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan glance = TimeSpan.FromMilliseconds(50);

    public int? Watcher => Alive(cloud.WatchPid, cloud.WatchScript);
    public int? Control => Alive(cloud.ControlPid, cloud.Program);
    public int? Agent => Alive(cloud.NodePid, cloud.Program);

    /// <summary>Starts the supervisor in a session of its own and waits until it has taken over.</summary>
    public async Task Start(CancellationToken stop)
    {
        if (File.Exists(cloud.NodeSocket)) File.Delete(cloud.NodeSocket);      // one of a killed process says nothing of this one
        var result = await Programs.Run("setsid", ["-f", "/bin/sh", cloud.WatchScript, cloud.Path], launchLimit, stop);
        if (!result.Succeeded || !await Until(() => Watcher is not null, launchLimit, stop))
            throw new LauncherException($"The supervisor did not start: {result.Reason}. See {cloud.WatchLog}.");
    }

    /// <summary>
    /// Stops the supervisor, which stops both processes; ends whatever is left by force. True when something was running.
    /// </summary>
    public async Task<bool> Stop(CancellationToken stop)
    {
        if (Watcher is null && Control is null && Agent is null) return false;
        if (Watcher is { } watcher) Signals.Send(watcher, Signals.Terminate);
        if (!await Until(() => Watcher is null, stopLimit, stop) && Watcher is { } stuck) Signals.Send(stuck, Signals.Kill);
        // Its keepers carry the same command line; without their parent they would start things again.
        foreach (var keeper in With(cloud.WatchScript)) Signals.Send(keeper, Signals.Kill);
        foreach (var orphan in With(cloud.Program)) Signals.Send(orphan, Signals.Terminate);
        if (!await Until(() => !With(cloud.Program).Any(), killLimit, stop))
            foreach (var orphan in With(cloud.Program)) Signals.Send(orphan, Signals.Kill);
        await Until(() => !With(cloud.Program).Any(), killLimit, stop);
        foreach (var file in new[] { cloud.WatchPid, cloud.ControlPid, cloud.NodePid }) File.Delete(file);
        return true;
    }

    /// <summary>Waits until the condition holds; false when the limit passed first.</summary>
    public async Task<bool> Until(Func<bool> condition, TimeSpan limit, CancellationToken stop)
    {
        var begun = clock.GetTimestamp();
        while (!condition())
        {
            if (clock.GetElapsedTime(begun) > limit) return false;
            await Task.Delay(glance, clock, stop);
        }
        return true;
    }

    /// <summary>
    /// The pid in the file, when that process has <paramref name="mark"/>, a path of this cloud, as one of its arguments.
    /// </summary>
    private static int? Alive(string pidFile, string mark)
        => File.Exists(pidFile) && int.TryParse(ReadSmall(pidFile), out var pid) && pid > 1 && Arguments(pid).Contains(mark) ? pid : null;

    /// <summary>Processes that run this cloud's program in one of its two roles, or its supervisor.</summary>
    private IEnumerable<int> With(string mark)
        => from folder in Directory.EnumerateDirectories("/proc")
           let pid = int.TryParse(Path.GetFileName(folder), out var number) ? number : 0
           where pid > 1 && pid != Environment.ProcessId && Arguments(pid) is { Length: > 1 } arguments
               && arguments.Take(2).Contains(mark) && arguments.Contains(cloud.Path)
               && (mark != cloud.Program || arguments[1] is "serve" or "node")
           select pid;

    private static string[] Arguments(int pid) => ReadSmall($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static string ReadSmall(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";     // the process ended meanwhile
        }
    }
}
