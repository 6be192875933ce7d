using Sovereign.Commands;

namespace Sovereign.Launcher;

/// <summary>
/// Removes all that a cloud made on this machine. Works on a cloud that is half made or half removed, and can be run again.
/// </summary>
internal sealed class Teardown(CloudDirectory cloud, CloudProcesses processes, Action<string> say)
{
    public async Task Run(CancellationToken stop)
    {
        await processes.Stop(stop);
        say("Removing virtual machines, networks and disks");
        await NodeRole.Destroy(cloud, stop);
        foreach (var entry in cloud.Entries)
        {
            if (Directory.Exists(entry)) Directory.Delete(entry, recursive: true);
            else File.Delete(entry);
        }
        var left = Directory.Exists(cloud.Path) ? Directory.EnumerateFileSystemEntries(cloud.Path).ToArray() : [];
        if (left.Length > 0) say($"Left in {cloud.Path}, since no cloud made it: {string.Join(", ", left.Select(Path.GetFileName))}");
        else if (Directory.Exists(cloud.Path)) RemoveEmpty();
        await new KnownClouds().Leave(cloud, async () =>
        {
            foreach (var user in (string[])[SystemUsers.Hypervisor, SystemUsers.Control])
            {
                if (!await SystemUsers.Remove(user, stop)) say($"The system user {user} stays: processes of no cloud known here run as it");
            }
        }, stop);
    }

    private void RemoveEmpty()
    {
        try
        {
            Directory.Delete(cloud.Path);
        }
        catch (IOException)
        {
            say($"{cloud.Path} is empty and stays: it is in use, perhaps as a mount point");
        }
    }
}
