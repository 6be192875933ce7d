using System.Diagnostics;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>Commands that change the machine need root: they run themselves again through sudo when they are not.</summary>
internal static class Root
{
    /// <summary>Null: this is root, go on. Otherwise the exit code of the same command run through sudo.</summary>
    public static async Task<int?> Become(string purpose, CancellationToken stop)
    {
        if (Environment.IsPrivilegedProcess) return null;
        var own = Environment.GetCommandLineArgs().Skip(1).ToArray();
        if (Programs.Find("sudo") is not { } sudo)
        {
            var command = string.Join(' ', [Environment.ProcessPath!, .. own]);
            var install = OsPackages.Missing() is { Count: > 0 } missing ? $"{OsPackages.Command(missing)} && " : "";
            throw new LauncherException($"This needs root ({purpose}), and there is no sudo here. Run this as root:\n  {install}{command}");
        }
        Console.WriteLine($"This needs root ({purpose}): going on through sudo.");
        using var process = Process.Start(new ProcessStartInfo(sudo, [Environment.ProcessPath!, .. own]))
            ?? throw new LauncherException("sudo did not start.");
        await process.WaitForExitAsync(stop);
        return process.ExitCode;
    }
}
