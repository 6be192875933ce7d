using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>Where and as whom QEMU runs.</summary>
/// <param name="StateDir">Directory of the domains' files.</param>
/// <param name="SwitchNetns">Namespace where the taps are; QEMU runs in it, and reaches nothing else.</param>
/// <param name="User">User that QEMU runs as when it exists.</param>
public sealed record QemuOptions(string Cloud, string Node, string StateDir, string SwitchNetns, string? User)
{
    /// <summary>True: QEMU runs in this machine's own network, since it opens volumes that are elsewhere.</summary>
    public bool OwnNetwork { get; init; }
}

/// <summary>QEMU processes that outlive this one: found again by pid file and monitor socket, known by their name, watched by
/// QMP.</summary>
public sealed partial class QemuHypervisor : IHypervisor, IDisposable
{
    /// <summary>A console log is cut to half when it is above this; the half before is kept in a second file.</summary>
    public const int ConsoleLogBytesMax = 1024 * 1024;

    private const int SocketPathBytesMax = 107;
    private static readonly TimeSpan startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan killLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan lookAgain = TimeSpan.FromMilliseconds(5);
    private readonly QemuOptions options;
    private readonly ProcessRunner runner;
    private readonly TimeProvider clock;
    private readonly KvmProbe probe;
    private readonly QemuLimits limits;
    private readonly QemuFirmware firmware;
    private readonly string mark;
    private readonly string bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
    private readonly SystemUser? user;
    private readonly ConcurrentDictionary<string, QmpConnection> watched = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> connecting = new();
    private string accelerator = "tcg";

    public QemuHypervisor(QemuOptions options, ProcessRunner runner, TimeProvider clock)
    {
        this.options = options;
        this.runner = runner;
        this.clock = clock;
        mark = new FabricNames(options.Cloud, options.Node).Prefix;
        limits = new QemuLimits(mark.TrimEnd('-'));
        probe = new KvmProbe(runner, options.StateDir);
        user = options.User is null ? null : SystemUser.Find(options.User);
        firmware = new QemuFirmware(runner, user);
        PassableDirectory.Ensure(Path.Combine(options.StateDir, "domains"));
    }

    public Action<string>? Changed { get; set; }

    public async Task<HypervisorFacts> Probe(CancellationToken stop)
    {
        var asked = probe.Accelerator(stop);
        var version = await runner.Must("qemu-system-x86_64", ["--version"], stop);
        accelerator = await asked;
        var numbers = version.Split(' ')[3].Split('(', '-')[0].Split('.').Select(n => long.Parse(n, CultureInfo.InvariantCulture))
            .ToArray();
        return new HypervisorFacts(accelerator, (numbers[0] * 1_000_000) + (numbers[1] * 1000) + (numbers.Length > 2 ? numbers[2] : 0));
    }

    public async Task<IReadOnlyList<DomainSight>> List(CancellationToken stop)
    {
        var sights = new List<DomainSight>();
        foreach (var directory in Directory.EnumerateDirectories(Path.Combine(options.StateDir, "domains")).Order(StringComparer.Ordinal))
            sights.Add(await Look(Path.GetFileName(directory), stop));
        return sights;
    }

    public async Task<DomainSight> Look(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (!Directory.Exists(files.Directory)) return new DomainSight(id, DomainPower.Absent, 0);
        var state = ReadState(files);
        if (state?.Phase == DomainPhase.Suspended) return new DomainSight(id, DomainPower.Suspended, state.Boots);
        if (state is { Phase: DomainPhase.Departed or DomainPhase.Arriving }) return await LookAway(id, files, state, stop);
        if (state is null || state.BootId != bootId) return new DomainSight(id, DomainPower.Off, state?.Boots ?? 0);
        if (Pid(id, files) is not null && await Watch(id, files, stop))
        {
            // Watching may have found that the guest left before this process.
            return ReadState(files)?.Phase == DomainPhase.Departed ? new DomainSight(id, DomainPower.Departed, state.Boots)
                : new DomainSight(id, paused.ContainsKey(id) ? DomainPower.Paused : DomainPower.Running, state.Boots);
        }
        state = ReadState(files);   // or that it is off
        return new DomainSight(id, state?.Phase switch
        {
            DomainPhase.Starting or null => DomainPower.Off,
            DomainPhase.Halted => DomainPower.Halted,
            _ => DomainPower.Crashed,
        }, state?.Boots ?? 0);
    }

    public async Task Start(DomainSpec domain, DomainDisks disks, CancellationToken stop)
    {
        var files = Files(domain.Id);
        var wakes = await Wakes(domain, files, stop);
        if (!wakes && Pid(domain.Id, files) is not null && await Watch(domain.Id, files, stop)) return;
        if (Pid(domain.Id, files) is { } silent) Native.Kill(silent);
        await Gone(domain.Id, files, stop);
        await firmware.EndTpm(files, stop);
        Prepare(domain, files, disks);
        if (domain.Hardware.Tpm is { } tpm) await firmware.StartTpm(tpm, files, stop);
        if (!wakes) WriteState(files, new DomainState(DomainPhase.Starting, domain.RebootCount, bootId));
        await Spawn(domain, files, disks, wakes ? ["-incoming", "unix:" + files.MemorySocket] : [], stop);
        if (wakes) await LoadMemory(domain.Id, files, stop);
        if (await Monitor(domain.Id, files, stop) is { } monitor) await Limit(monitor, files, domain, stop);
        WriteState(files, new DomainState(DomainPhase.Started, domain.RebootCount, bootId));
        if (wakes) await Unpause(domain.Id, stop);
        File.Delete(files.Memory);
    }

    private async Task Spawn(DomainSpec domain, DomainFiles files, DomainDisks disks, IEnumerable<string> more, CancellationToken stop)
    {
        var arguments = new List<string>();
        if (!options.OwnNetwork) arguments.Add("--net=" + Netns.PathOf(options.SwitchNetns));
        if (user is not null) arguments.AddRange(["-S", $"{user.Uid}", "-G",
            $"{(accelerator == "kvm" ? SystemUser.Group("kvm") ?? user.Gid : user.Gid)}"]);
        arguments.AddRange(["qemu-system-x86_64", .. QemuCommandLine.Arguments(domain, mark + domain.Id, files, disks, accelerator, Direct), .. more]);
        // Not by -daemonize: the sandbox forbids the fork that it needs.
        using var child = ProcessRunner.Spawn("nsenter", arguments, () => Taps(domain));
        await Ready(domain.Id, files, child, stop);
        foreach (var place in disks.Volumes) File.Delete(files.Secret(VolumeNames.Secret(place.VolumeId)));
        if (Pid(domain.Id, files) is { } pid) limits.Apply(domain.Id, pid, domain.Vcpus, domain.MemoryMib);
    }

    private async Task Ready(string id, DomainFiles files, SpawnedProcess child, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + startLimit;
        while (Pid(id, files) is null || !File.Exists(files.Monitor) || !await Watch(id, files, stop))
        {
            if (child.Ended) throw new NodeException($"QEMU of {id} could not start: {await child.Said(clock)}");
            if (clock.GetUtcNow() > deadline)
            {
                child.Kill();
                throw new NodeException($"QEMU of {id} did not answer within {startLimit.TotalSeconds} s after its start and was ended.");
            }
            await Task.Delay(lookAgain, clock, stop);
        }
    }

    public async Task PowerDown(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (Pid(id, files) is null || !await Watch(id, files, stop) || !watched.TryGetValue(id, out var monitor)) return;
        await monitor.Command("system_powerdown", null, stop);
    }

    public async Task<bool> Interrupt(string id, CancellationToken stop)
    {
        if (await Monitor(id, Files(id), stop) is not { } monitor) return false;
        await monitor.Command("inject-nmi", null, stop);
        return true;
    }

    public async Task Kill(string id, CancellationToken stop)
    {
        var files = Files(id);
        var pid = Pid(id, files);
        if (pid is not null || ReadState(files)?.Phase is DomainPhase.Suspended or DomainPhase.Departed) Mark(files, DomainPhase.Halted);
        if (pid is not null) Native.Kill(pid.Value);
        await Gone(id, files, stop);
        if (Directory.Exists(files.Directory)) File.Delete(files.Memory);
    }

    public async Task Remove(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (Pid(id, files) is not null) throw new NodeException($"Domain {id} still runs: it can't be removed.");
        await firmware.EndTpm(files, stop);
        if (watched.TryRemove(id, out var monitor)) monitor.Dispose();
        if (Directory.Exists(files.Directory)) Directory.Delete(files.Directory, recursive: true);
        limits.Remove(id);
    }

    public Task<byte[]> ConsoleTail(string id, int bytesMax, CancellationToken stop) =>
        Task.FromResult(ConsoleLog.Tail(Files(id), bytesMax));

    public Task Trim(CancellationToken stop)
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.Combine(options.StateDir, "domains")))
            ConsoleLog.Trim(new DomainFiles(directory), ConsoleLogBytesMax);
        return Task.CompletedTask;
    }

    /// <summary>Lets go of the monitors (QEMU has one place for each); the guests run on.</summary>
    public void Dispose()
    {
        Changed = null;
        foreach (var monitor in watched.Values) monitor.Dispose();
    }

    /// <summary>Ends every QEMU of this cloud and node, also those whose files are gone.</summary>
    public async Task Destroy(CancellationToken stop)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var pid) || CommandLine(pid) is not { } line
                || !(line.Contains("\0" + mark, StringComparison.Ordinal) || QemuFirmware.Is(line, options.StateDir))) continue;
            Native.Kill(pid);
            await ProcessEnd.Wait(pid, killLimit, clock, stop);
        }
        foreach (var directory in Directory.EnumerateDirectories(Path.Combine(options.StateDir,
            "domains"))) limits.Remove(Path.GetFileName(directory));
        limits.Remove(null);
    }

    private DomainFiles Files(string id) => new(Path.Combine(options.StateDir, "domains", id));

    private void Prepare(DomainSpec domain, DomainFiles files, DomainDisks disks)
    {
        if (files.Monitor.Length > SocketPathBytesMax)
            throw new NodeException($"The data directory's path is too long: {files.Monitor} has more than {SocketPathBytesMax} bytes. Choose a shorter --data.");
        PassableDirectory.Ensure(Path.GetDirectoryName(files.Run)!);
        Directory.CreateDirectory(files.Run);
        foreach (var left in Directory.EnumerateFiles(files.Run)) File.Delete(left);
        if (!File.Exists(files.Console)) File.WriteAllBytes(files.Console, []);
        firmware.EnsureVariables(domain.Hardware, files);
        if (domain.Guest.ConfigDrive) File.WriteAllBytes(files.ConfigDrive, ConfigDrive.Build(domain.Guest));
        File.SetUnixFileMode(files.Run, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var secrets = disks.Volumes.Where(place => place.Key is not null).Select(place => WriteSecret(files, place)).ToList();
        if (user is null) return;
        foreach (var path in (string[])[files.Run, files.Console, .. disks.All, .. secrets]) Native.Own(path, user.Uid, user.Gid);
        if (domain.Guest.ConfigDrive)
        {
            Native.Own(files.ConfigDrive, user.Uid, user.Gid);
            File.SetUnixFileMode(files.ConfigDrive, UnixFileMode.UserRead);   // user data may hold secrets
        }
    }

    private SpawnFds Taps(DomainSpec domain) => Netns.Within(options.SwitchNetns, () =>
    {
        var (descriptors, arguments) = (new List<int>(), new List<string>());
        try
        {
            foreach (var nic in domain.Nics)
            {
                descriptors.Add(Native.OpenTap(FabricNames.Tap(nic.PortId)));
                arguments.AddRange(QemuCommandLine.Nic(nic, descriptors[^1], domain.Hardware.NicModel));
            }
            return new SpawnFds(descriptors, arguments);
        }
        catch
        {
            foreach (var descriptor in descriptors) Native.Close(descriptor);
            throw;
        }
    });

    /// <summary>Holds a monitor connection to a running QEMU; false when the guest is off or the process is gone.</summary>
    private async Task<bool> Watch(string id, DomainFiles files, CancellationToken stop)
    {
        if (watched.TryGetValue(id, out var known) && !known.Ended.IsCompleted) return true;
        // QEMU serves one client at a time: a second one would wait for a greeting that does not come.
        var gate = connecting.GetOrAdd(id, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(stop);
        try { return (watched.TryGetValue(id, out known) && !known.Ended.IsCompleted) || await Connect(id, files, stop); }
        finally { gate.Release(); }
    }

    private async Task<bool> Connect(string id, DomainFiles files, CancellationToken stop)
    {
        QmpConnection monitor;
        try
        {
            monitor = await QmpConnection.Connect(files.Monitor, clock, (name, data) => OnEvent(id, files, name, data), stop);
        }
        catch (NodeException) when (Pid(id, files) is null || ReadState(files)?.Phase is DomainPhase.Starting or DomainPhase.Suspended or DomainPhase.Arriving)
        {
            return false;
        }
        watched[id] = monitor;
        _ = Mourn(id, files, monitor);
        if (File.Exists(files.Resting)) await GoOn(files, stop);
        var status = await monitor.Command("query-status", null, stop);
        Standing(id, status.GetProperty("status").GetString() == "paused");
        if (ReadState(files)?.Phase == DomainPhase.Leaving && await HasLeft(monitor, stop)) Mark(files, DomainPhase.Departed);
        if (status.GetProperty("status").GetString() != "shutdown") return true;
        await End(id, files);
        return false;
    }

    private void OnEvent(string id, DomainFiles files, string name, JsonElement data)
    {
        if (name == "SHUTDOWN") _ = End(id, files);
        else if (name is "STOP" or "RESUME") Standing(id, name == "STOP");
        else if (name is "MIGRATION" or "JOB_STATUS_CHANGE") Moved(id);
        else if (name == "DEVICE_DELETED" && data.TryGetProperty("device", out var device)) Unplugged(id, device.GetString()!);
        else if (name is "BLOCK_JOB_READY" or "BLOCK_JOB_COMPLETED" && data.TryGetProperty("device", out var job)
            && job.GetString()!.StartsWith(SwapJob, StringComparison.Ordinal)) Changed?.Invoke(id);
    }

    // QEMU stays after the guest's power-off (-no-shutdown), so that one that happened while we were away is seen too.
    private async Task End(string id, DomainFiles files)
    {
        Mark(files, DomainPhase.Halted);
        if (Pid(id, files) is { } pid) Native.Kill(pid);
        try { await Gone(id, files, CancellationToken.None); } catch (NodeException) { /* told again when its monitor ends */ }
    }

    private async Task Mourn(string id, DomainFiles files, QmpConnection monitor)
    {
        await monitor.Ended;
        try { await Gone(id, files, CancellationToken.None); } catch (NodeException) { /* it stays; whoever starts it again says so */ }
        watched.TryRemove(new KeyValuePair<string, QmpConnection>(id, monitor));
        monitor.Dispose();
        Moved(id);
        Changed?.Invoke(id);
    }

    private async Task Gone(string id, DomainFiles files, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + killLimit;
        while ((Pid(id, files) ?? Dying(files)) is { } pid)
        {
            if (clock.GetUtcNow() > deadline) throw new NodeException($"QEMU of {id} (pid {pid}) does not end though it was killed; it "
                + "may wait for a disk.");
            await Task.Delay(lookAgain, clock, stop);
        }
    }

    /// <summary>The pid from the pid file, when that process really is this domain's QEMU.</summary>
    private int? Pid(string id, DomainFiles files)
    {
        try
        {
            return int.TryParse(File.ReadAllText(files.Pid).Trim(), out var pid) && CommandLine(pid).Contains($"\0{mark}{id}\0",
                StringComparison.Ordinal) ? pid : null;
        }
        catch (IOException) { return null; }
    }

    /// <summary>The pid from the pid file, when that process was killed and still holds taps and disks: it has no command line any more.</summary>
    private static int? Dying(DomainFiles files)
    {
        try
        {
            return int.TryParse(File.ReadAllText(files.Pid).Trim(), out var pid) && CommandLine(pid).Length == 0
                && File.ReadAllText($"/proc/{pid}/comm").StartsWith("qemu-", StringComparison.Ordinal) && !ProcessEnd.Reached(pid) ? pid : null;
        }
        catch (IOException) { return null; }
    }

    private static string CommandLine(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline"); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    private static void Mark(DomainFiles files, DomainPhase phase)
    {
        if (ReadState(files) is { } state) WriteState(files, state with { Phase = phase });
    }

    private static DomainState? ReadState(DomainFiles files)
    {
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(files.State), DomainStateJson.Default.DomainState); }
        catch (Exception e) when (e is IOException or JsonException) { return null; }
    }

    private static void WriteState(DomainFiles files, DomainState state)
    {
        File.WriteAllBytes(files.State + ".new", JsonSerializer.SerializeToUtf8Bytes(state, DomainStateJson.Default.DomainState));
        File.Move(files.State + ".new", files.State, overwrite: true);
    }
}

[JsonConverter(typeof(JsonStringEnumConverter<DomainPhase>))]
internal enum DomainPhase { Starting, Started, Halted, Suspended, Arriving, Leaving, Departed }

/// <param name="BootId">The machine's boot that the process belongs to: after a reboot of the machine nothing of it is left.</param>
/// <param name="Migration">The migration that the process was made for.</param>
internal sealed record DomainState(DomainPhase Phase, int Boots, string BootId, string? Migration = null);

[JsonSerializable(typeof(DomainState))]
internal sealed partial class DomainStateJson : JsonSerializerContext;
