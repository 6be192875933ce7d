using System.CommandLine;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>Asks the running control plane for a new master key, and waits until nothing is sealed by the old one.</summary>
internal static class RotateKeys
{
    /// <summary>Name of the file, beside the master key, by which it is asked for.</summary>
    public const string Request = "rotate";

    private const int KeyBytes = 32;
    private const int ExitNotYet = 1;
    private static readonly TimeSpan look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(2);

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var rotate = new Command("rotate",
            """
            Give the running cloud a new master key: every project's key is sealed by it anew, and the old one is dropped from the file when nothing is
            sealed by it any more. Tokens end, so that clients log in again; nothing else stops. A crash at any moment loses nothing: the next start goes
            on. Copies of the old key file open backups of the database that were made before. Exit code: 0 when it is done, 1 when it is not yet.
            """)
        { data };
        rotate.SetAction((parsed, stop) => CommonOptions.Guard(async () =>
            CommonOptions.Resolve(parsed.GetValue(data), null, null) is { } options ? await Run(options, stop) : CommonOptions.ExitUsage));
        return new Command("keys", "The keys that seal everything in the database.") { rotate };
    }

    private static async Task<int> Run(CloudOptions options, CancellationToken stop)
    {
        var keys = Path.Combine(options.Directory.Control, "keys");
        var master = Path.Combine(keys, "master.key");
        if (await Root.Become("the keys are closed to others", stop) is { } code) return code;
        if (!File.Exists(master)) throw new LauncherException($"There is no cloud in {options.Data}.");
        var request = Path.Combine(keys, Request);
        await File.WriteAllBytesAsync(request, [], stop);
        for (var waited = TimeSpan.Zero; waited < patience; waited += look)
        {
            // Done: the first key and the current one, and none beside them.
            if (!File.Exists(request) && new FileInfo(master).Length == 2 * KeyBytes)
            {
                Console.WriteLine("A new master key seals the keys of all projects; the old one was dropped.");
                return 0;
            }

            await Task.Delay(look, TimeProvider.System, stop);
        }

        Console.WriteLine($"It is not done yet. The control plane goes on with it while it runs, and at its next start (sovereign status --data {options.Data}).");
        return ExitNotYet;
    }
}
