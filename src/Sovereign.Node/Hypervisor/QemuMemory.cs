using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>A guest that stands still: in memory (paused) or in a file (suspended).</summary>
public sealed partial class QemuHypervisor
{
    private const int MemoryCopyBytes = 1024 * 1024;
    private static readonly TimeSpan memoryLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan memoryLookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Ids of running domains whose virtual CPUs stand still.</summary>
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> paused = new();

    public Task Pause(string id, CancellationToken stop) => Tell(id, "stop", stop);

    // One that leaves goes on by QEMU's own doing or by Stay, never by this.
    public Task Unpause(string id, CancellationToken stop) =>
        ReadState(Files(id))?.Phase is DomainPhase.Leaving or DomainPhase.Departed or DomainPhase.Arriving ? Task.CompletedTask : Tell(id, "cont", stop);

    public async Task Suspend(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (ReadState(files)?.Phase != DomainPhase.Suspended)
        {
            if (await Monitor(id, files, stop) is not { } monitor) return;
            await monitor.Command("stop", null, stop);
            await SaveMemory(id, files, monitor, stop);
            Mark(files, DomainPhase.Suspended);
        }
        if (Pid(id, files) is { } pid) Native.Kill(pid);
        await Gone(id, files, stop);
    }

    private async Task Tell(string id, string command, CancellationToken stop)
    {
        if (await Monitor(id, Files(id), stop) is { } monitor) await monitor.Command(command, null, stop);
    }

    /// <summary>The monitor of a running domain; null when it does not run.</summary>
    private async Task<QmpConnection?> Monitor(string id, DomainFiles files, CancellationToken stop) =>
        Pid(id, files) is not null && await Watch(id, files, stop) ? watched.GetValueOrDefault(id) : null;

    private void Standing(string id, bool stands)
    {
        if (stands) paused[id] = true;
        else paused.TryRemove(id, out _);
    }

    /// <summary>True when the next start goes on from the saved memory; a process that an earlier try left half loaded is ended.</summary>
    private async Task<bool> Wakes(DomainSpec domain, DomainFiles files, CancellationToken stop)
    {
        if (ReadState(files) is not { Phase: DomainPhase.Suspended } state || state.Boots < domain.RebootCount
            || !File.Exists(files.Memory)) return false;
        if (Pid(domain.Id, files) is { } pid) Native.Kill(pid);
        await Gone(domain.Id, files, stop);
        return true;
    }

    // QEMU's sandbox lets it start no program and open no new file, so its memory passes through a socket of ours.
    private async Task SaveMemory(string id, DomainFiles files, QmpConnection monitor, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(memoryLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        File.Delete(files.MemorySocket);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(files.MemorySocket));
        listener.Listen(1);
        if (user is not null) Native.Own(files.MemorySocket, user.Uid, user.Gid);
        await monitor.Command("migrate_cancel", null, stop);   // an earlier try may have been cut off
        await MoveSettings(monitor, leaving: false, stop);
        await monitor.Command("migrate", new JsonObject { ["uri"] = "unix:" + files.MemorySocket }.ToJsonString(), stop);
        using (var socket = await listener.AcceptAsync(either.Token))
        await using (var source = new NetworkStream(socket))
        await using (var file = new FileStream(files.Memory + ".part", FileMode.Create, FileAccess.Write, FileShare.None, MemoryCopyBytes,
            useAsync: true))
        {
            File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await source.CopyToAsync(file, MemoryCopyBytes, either.Token);
        }
        await Migrated(id, monitor, either.Token);
        DirectorySync.Rename(files.Memory + ".part", files.Memory);
        File.Delete(files.MemorySocket);
    }

    private async Task LoadMemory(string id, DomainFiles files, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(memoryLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        if (await Monitor(id, files, stop) is not { } monitor) throw new NodeException($"QEMU of {id} ended before its memory was loaded.");
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(files.MemorySocket), either.Token);
            await using var target = new NetworkStream(socket);
            await using var file = new FileStream(files.Memory, FileMode.Open, FileAccess.Read, FileShare.Read, MemoryCopyBytes, useAsync: true);
            await file.CopyToAsync(target, MemoryCopyBytes, either.Token);
        }
        await Migrated(id, monitor, either.Token);
    }

    private async Task Migrated(string id, QmpConnection monitor, CancellationToken stop)
    {
        while (true)
        {
            var answer = await monitor.Command("query-migrate", null, stop);
            var status = answer.TryGetProperty("status", out var text) ? text.GetString() : null;
            if (status == "completed") return;
            if (status is "failed" or "cancelled")
                throw new NodeException($"The memory of {id} could not pass between QEMU and its file ({status}). "
                    + "Start the server again by a hard reboot, which loses what was only in memory.");
            await Task.Delay(memoryLookAgain, clock, stop);
        }
    }
}
