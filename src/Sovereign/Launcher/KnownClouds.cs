namespace Sovereign.Launcher;

/// <summary>
/// The data directories on this machine, one a line, so that the users which all clouds share go with the last of them. Clouds that come and go at the
/// same time take turns: one that is being made never loses its users to one that goes.
/// </summary>
internal sealed class KnownClouds(string register = "/var/lib/sovereign.clouds", string turns = "/run/lock/sovereign.clouds")
{
    private static readonly TimeSpan turnTimeMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan again = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes the cloud down, and makes what all clouds share.</summary>
    public async Task Enter(CloudDirectory cloud, Func<Task> makeShared, CancellationToken stop)
    {
        Directory.CreateDirectory(cloud.Path);
        using var turn = await Turn(stop);
        var known = Read();
        if (!known.Contains(cloud.Path)) await File.WriteAllLinesAsync(register, [.. known, cloud.Path], stop);
        await makeShared();
    }

    /// <summary>Strikes the cloud out, and removes what all clouds share when no other is left.</summary>
    public async Task Leave(CloudDirectory cloud, Func<Task> removeShared, CancellationToken stop)
    {
        using var turn = await Turn(stop);
        // A directory that is gone was removed by hand; one that is still empty is being made.
        var others = Read().Where(path => path != cloud.Path && Directory.Exists(path)).ToArray();
        if (others.Length > 0)
        {
            await File.WriteAllLinesAsync(register, others, stop);
            return;
        }

        await removeShared();
        File.Delete(register);
    }

    private string[] Read() => File.Exists(register) ? File.ReadAllLines(register) : [];

    /// <summary>The lock's file stays: were it removed, a second one of that name could be locked beside it. It is gone with the next start of the machine.</summary>
    private async Task<IDisposable> Turn(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(turnTimeMax);
        Directory.CreateDirectory(Path.GetDirectoryName(turns)!);
        while (true)
        {
            try
            {
                return new FileStream(turns, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            }
            catch (IOException)
            {
                try { await Task.Delay(again, TimeProvider.System, limit.Token); }
                catch (OperationCanceledException) when (!stop.IsCancellationRequested)
                {
                    throw new LauncherException($"Another \"sovereign\" command holds {turns} for {turnTimeMax.TotalMinutes:0} minutes.");
                }
            }
        }
    }
}
