using System.Runtime.InteropServices;

namespace Sovereign.Node.Machine;

/// <summary>Tells at once when processes end that are not our children: the kernel wakes one thread, nobody looks again and again.</summary>
internal sealed class ProcessWatch : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, (int Pid, Action Ended)> watched = [];
    private readonly int wake = Native.NewEvent();
    private readonly Thread thread;
    private bool closed;

    public ProcessWatch()
    {
        // A wait for many processes at once blocks its thread, so that it can't be one of the pool.
#pragma warning disable RS0030
        thread = new Thread(Loop, 256 * 1024) { IsBackground = true };
#pragma warning restore RS0030
        thread.Start();
    }

    /// <summary>Calls back once when the process has ended, at once when it has already; again for the same process does nothing.</summary>
    public void Add(int pid, Action ended)
    {
        lock (gate)
        {
            if (closed || watched.Values.Any(each => each.Pid == pid)) return;
            var fd = Native.OpenProcess(pid);
            if (fd >= 0) watched[fd] = (pid, ended);
            else
            {
                ended();
                return;
            }
        }
        Native.Signal(wake);
    }

    public void Dispose()
    {
        lock (gate) closed = true;
        Native.Signal(wake);
        thread.Join();
        foreach (var fd in watched.Keys) Native.Close(fd);
        Native.Close(wake);
    }

    private void Loop()
    {
        while (true)
        {
            List<int> fds;
            lock (gate)
            {
                if (closed) return;
                fds = [wake, .. watched.Keys];
            }
            var ready = Native.Wait(fds);
            if (ready.Contains(wake)) Native.Clear(wake);
            foreach (var fd in ready.Where(fd => fd != wake))
            {
                Action ended;
                lock (gate)
                {
                    ended = watched[fd].Ended;
                    watched.Remove(fd);
                    Native.Close(fd);
                }
                ended();
            }
        }
    }
}

/// <summary>System calls of <see cref="ProcessWatch"/>.</summary>
internal static partial class Native
{
    private const nint PidfdOpen = 434;
    private const short Readable = 1;
    private const int EventCloseOnExec = 0x80000;
    private const int ReloadSignal = 12;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PollEntry* entries, nuint count, int timeoutMillis);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint ReadFile(int fd, void* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteFile(int fd, void* buffer, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Fd;
        public short Events;
        public short Seen;
    }

    /// <summary>A descriptor that becomes readable when the process ends; negative: there is no such process.</summary>
    public static int OpenProcess(int pid) => (int)SystemCall(PidfdOpen, pid, 0);

    public static int NewEvent() => EventFd(0, EventCloseOnExec);

    /// <summary>Asks a program to read its configuration again (SIGUSR2).</summary>
    public static void Reload(int pid) => _ = SendSignal(pid, ReloadSignal);

    public static unsafe void Signal(int eventFd)
    {
        var one = 1UL;
        _ = WriteFile(eventFd, &one, sizeof(ulong));
    }

    public static unsafe void Clear(int eventFd)
    {
        ulong value;
        _ = ReadFile(eventFd, &value, sizeof(ulong));
    }

    /// <summary>Waits until at least one is readable and gives those; none after an interruption.</summary>
    public static unsafe List<int> Wait(List<int> fds)
    {
        var entries = fds.ConvertAll(fd => new PollEntry { Fd = fd, Events = Readable }).ToArray();
        fixed (PollEntry* first = entries)
        {
            if (Poll(first, (nuint)entries.Length, -1) <= 0) return [];
        }
        return entries.Where(entry => entry.Seen != 0).Select(entry => entry.Fd).ToList();
    }
}
