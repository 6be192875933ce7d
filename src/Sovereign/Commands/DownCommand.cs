using System.CommandLine;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>Stops a cloud, or removes it.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var destroy = new Option<bool>("--destroy")
        {
            Description = "Remove all that the cloud made on this machine: virtual machines, disks, images, networks, database, keys. "
                + "Cannot be undone.",
        };
        var command = new Command("down",
            """
            Stop the cloud's processes. Virtual machines and their networks go on without them and are found again by the next start.
            With --destroy everything goes; this works on a cloud that is broken or never finished starting, too.
            """)
        { data, destroy };
        command.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
        {
            var cloud = CloudDirectory.At(parsed.GetValue(data) ?? CloudDirectory.Default);
            if (await Root.Become("it ends the cloud's processes", stop) is { } exitCode) return exitCode;
            return await Run(cloud, parsed.GetValue(destroy), stop);
        }));
        return command;
    }

    private static async Task<int> Run(CloudDirectory cloud, bool destroy, CancellationToken stop)
    {
        var processes = new CloudProcesses(cloud, TimeProvider.System);
        if (destroy)
        {
            // Half made is enough: the pieces have names that only a cloud gives.
            if (!Directory.Exists(cloud.Path) || !cloud.Entries.Any(Path.Exists))
            {
                Console.WriteLine($"There is no cloud in {cloud.Path}.");
                return 0;
            }
            await new Teardown(cloud, processes, Console.WriteLine).Run(stop);
            Console.WriteLine($"The cloud in {cloud.Path} is gone. OS packages stay installed.");
            return 0;
        }
        Console.WriteLine(await processes.Stop(stop)
            ? $"The cloud in {cloud.Path} is stopped. Its virtual machines go on; the next \"sovereign up\" finds them again."
            : $"The cloud in {cloud.Path} is not running.");
        return 0;
    }
}
