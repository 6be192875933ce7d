namespace Sovereign.Node.Machine;

/// <summary>The end of processes that are not our children.</summary>
internal static class ProcessEnd
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until a process has let go of all that it held: files, taps, addresses.</summary>
    /// <returns>False when it has not within the limit.</returns>
    public static async Task<bool> Wait(int pid, TimeSpan limit, TimeProvider clock, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + limit;
        while (!Reached(pid))
        {
            if (clock.GetUtcNow() > deadline) return false;
            await Task.Delay(pause, clock, stop);
        }
        return true;
    }

    /// <summary>True when nothing of the process is left but its exit code. A killed process loses its command line first, its files last.</summary>
    public static bool Reached(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The first thread may be done while others still hold the files.
            return stat[stat.LastIndexOf(')') + 2] is 'Z' or 'X' && Directory.GetDirectories($"/proc/{pid}/task").Length <= 1;
        }
        catch (IOException) { return true; }
    }
}
