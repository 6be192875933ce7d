using System.Runtime.InteropServices;

namespace Sovereign.Launcher;

internal static partial class Signals
{
    public const int Terminate = 15;
    public const int Kill = 9;

    /// <summary>A process that is gone already is no fault.</summary>
    public static void Send(int pid, int signal) => _ = KillProcess(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillProcess(int pid, int signal);
}
