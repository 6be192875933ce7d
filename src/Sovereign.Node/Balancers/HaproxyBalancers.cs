using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Balancers;

/// <summary>Where HAProxy's files are and what it runs as.</summary>
/// <param name="Directory">One directory a balancer in here; its parent is there.</param>
/// <param name="Namespace">Network namespace of a port by the port's id; null: the machine's own.</param>
/// <param name="User">Whom its process runs as, from its first instruction on; null: whoever starts it.</param>
public sealed record HaproxyOptions(string Directory, Func<string, string?> Namespace, string? User = "haproxy");

/// <summary>Load balancers by HAProxy: one master and its worker a balancer, which outlive us and are found again by their pid file.</summary>
public sealed class HaproxyBalancers : IBalancers, IDisposable
{
    private static readonly TimeSpan readyLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan endLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20);
    private readonly HaproxyOptions options;
    private readonly ProcessRunner runner;
    private readonly ProcessWatch watch = new();
    private readonly ConcurrentDictionary<string, HaproxyLog> logs = new();

    public HaproxyBalancers(HaproxyOptions options, ProcessRunner runner) => (this.options, this.runner) = (options, runner);

    public Action<string>? Changed { get; set; }

    /// <summary>Stops watching; the processes go on.</summary>
    public void Dispose()
    {
        watch.Dispose();
        foreach (var log in logs.Values) log.Dispose();
    }

    public async Task<BalancerSight> Ensure(BalancerSpec balancer, CancellationToken stop)
    {
        var files = new HaproxyFiles(Prepare(balancer), options.User is { } user ? SystemUser.Find(user) : null);
        if (options.User is not null && files.Owner is null)
            throw new NodeException($"There is no user {options.User} that a load balancer could run as. Install the package haproxy.");
        var config = HaproxyConfig.Write(balancer, files.PathsOf(balancer));
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(config)));
        var running = Running(files.Paths);
        if (running is null || files.Applied != digest)
        {
            files.WriteSecrets(balancer);
            var next = files.Write("haproxy.cfg.next", config);
            await Check(next, stop);
            var anew = running is not null && files.Generation != balancer.Generation;
            if (running is { } former) await Remember(files, former, stop);
            File.Move(next, files.Paths.Config, overwrite: true);
            if (anew) await End(files.Paths, stop);
            if (running is { } master && !anew) await Reload(files.Paths, master, stop);
            else await Start(balancer, files.Paths, stop);
            files.SetApplied(digest, balancer.Generation);
            files.DropOldSecrets(balancer);
        }
        Watch(balancer.Id, files);
        return HaproxyStats.Sight(HaproxyStats.Rows(await HaproxyStats.Ask(files.Paths.Stats, "show stat", stop) ?? ""));
    }

    public async Task Remove(string id, CancellationToken stop)
    {
        var directory = Path.Combine(options.Directory, id);
        if (logs.TryRemove(id, out var log)) log.Dispose();
        if (!Directory.Exists(directory)) return;
        await End(new HaproxyPaths(directory, _ => "", _ => ""), stop);
        Directory.Delete(directory, recursive: true);
    }

    public async Task<BalancerCounters?> Count(string id, CancellationToken stop)
    {
        var files = new HaproxyFiles(Path.Combine(options.Directory, id), null);
        if (await HaproxyStats.Ask(files.Paths.Stats, "show stat", stop) is not { } answer) return null;
        return new BalancerCounters(Sum(files.Counters, HaproxyStats.Counters(HaproxyStats.Rows(answer))));
    }

    public Task<IReadOnlyList<string>> List(CancellationToken stop) => Task.FromResult<IReadOnlyList<string>>(
        Directory.Exists(options.Directory) ? [.. Directory.EnumerateDirectories(options.Directory)
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : []);

    /// <summary>Removes all of them.</summary>
    public async Task Destroy(CancellationToken stop)
    {
        foreach (var id in await List(stop)) await Remove(id, stop);
    }

    private string Prepare(BalancerSpec balancer)
    {
        PassableDirectory.Ensure(options.Directory);
        return Path.Combine(options.Directory, balancer.Id);
    }

    /// <summary>HAProxy itself says whether it can be configured so, before anything changes.</summary>
    private async Task Check(string file, CancellationToken stop)
    {
        var result = await runner.Run("haproxy", ["-c", "-f", file, "-L", HaproxyConfig.Peer], stop);
        if (result.ExitCode == 0) return;
        File.Delete(file);
        var said = result.Error.Split('\n').FirstOrDefault(line => line.Contains("[ALERT]", StringComparison.Ordinal)) ?? result.Error;
        throw new NodeException($"HAProxy refuses the configuration: {said.Trim()}");
    }

    private async Task Start(BalancerSpec balancer, HaproxyPaths paths, CancellationToken stop)
    {
        List<string> command = options.Namespace(balancer.PortId) is { } netns ? ["nsenter", "--net=" + Netns.PathOf(netns)] : [];
        if (options.User is { } user && SystemUser.Find(user) is { } owner)
            command.AddRange(["setpriv", $"--reuid={owner.Uid}", $"--regid={owner.Gid}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]);
        command.AddRange(["haproxy", "-W", "-D", "-f", paths.Config, "-p", paths.Pid, "-L", HaproxyConfig.Peer]);
        await runner.Must(command[0], command[1..], stop);
        await Until(async () => Running(paths) is not null && await Worker(paths, stop) is not null, "did not begin to serve", stop);
    }

    /// <summary>The worker in place gives its listening sockets to the next one and serves its connections to their ends.</summary>
    private async Task Reload(HaproxyPaths paths, int master, CancellationToken stop)
    {
        var former = await Worker(paths, stop);
        Native.Reload(master);
        await Until(async () => await Worker(paths, stop) is { } worker && worker != former, "did not take its new configuration", stop);
    }

    private async Task Until(Func<Task<bool>> reached, string otherwise, CancellationToken stop)
    {
        var deadline = runner.Clock.GetUtcNow() + readyLimit;
        while (!await reached())
        {
            if (runner.Clock.GetUtcNow() > deadline) throw new NodeException($"HAProxy {otherwise} within {readyLimit.TotalSeconds} s.");
            await Task.Delay(pause, runner.Clock, stop);
        }
    }

    /// <summary>Process id of the worker that answers on the socket; null: none does.</summary>
    private static async Task<int?> Worker(HaproxyPaths paths, CancellationToken stop)
    {
        var line = (await HaproxyStats.Ask(paths.Stats, "show info", stop))?.Split('\n').FirstOrDefault(l => l.StartsWith("Pid: ", StringComparison.Ordinal));
        return line is not null && int.TryParse(line["Pid: ".Length..].Trim(), out var pid) ? pid : null;
    }

    /// <summary>What the next worker can't know by itself: the states of its servers, and what was counted.</summary>
    private static async Task Remember(HaproxyFiles files, int master, CancellationToken stop)
    {
        if (await HaproxyStats.Ask(files.Paths.Stats, "show servers state", stop) is { } state) files.Write("servers.state", state);
        if (await HaproxyStats.Ask(files.Paths.Stats, "show stat", stop) is not { } answer || ProcessEnd.Reached(master)) return;
        files.Counters = [.. Sum(files.Counters, HaproxyStats.Counters(HaproxyStats.Rows(answer))).Select(counter => counter with { Active = 0 })];
    }

    private static IReadOnlyList<ListenerCounters> Sum(IReadOnlyList<ListenerCounters> before, IReadOnlyList<ListenerCounters> now) => now.Select(counter =>
        before.FirstOrDefault(other => other.Id == counter.Id) is { } old
            ? counter with
            {
                BytesIn = counter.BytesIn + old.BytesIn,
                BytesOut = counter.BytesOut + old.BytesOut,
                Total = counter.Total + old.Total,
                RequestErrors = counter.RequestErrors + old.RequestErrors,
            }
            : counter).ToList();

    private void Watch(string id, HaproxyFiles files)
    {
        logs.GetOrAdd(id, _ => new HaproxyLog(files.Paths.Log, () => Changed?.Invoke(id)));
        if (Running(files.Paths) is { } pid) watch.Add(pid, () => Changed?.Invoke(id));
        else Changed?.Invoke(id);
    }

    /// <summary>The master, if it lives.</summary>
    private static int? Running(HaproxyPaths paths)
    {
        try
        {
            return int.TryParse(File.ReadAllText(paths.Pid).Trim(), out var pid) && !ProcessEnd.Reached(pid) && Ours(pid, paths) ? pid : null;
        }
        catch (IOException) { return null; }
    }

    private static bool Ours(int pid, HaproxyPaths paths)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Contains(paths.Config + "\0", StringComparison.Ordinal); }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException) { return false; }
    }

    /// <summary>Ends the master and every worker, those of earlier configurations too.</summary>
    private async Task End(HaproxyPaths paths, CancellationToken stop)
    {
        var pids = Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => name.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)).Where(pid => Ours(pid, paths)).ToList();
        foreach (var pid in pids) Native.Kill(pid);
        foreach (var pid in pids)
            if (!await ProcessEnd.Wait(pid, endLimit, runner.Clock, stop)) throw new NodeException($"The HAProxy process {pid} does not end.");
    }
}

/// <summary>Files of one balancer.</summary>
internal sealed class HaproxyFiles(string directory, SystemUser? owner)
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Dictionary<string, string> names = [];

    public SystemUser? Owner => owner;

    public HaproxyPaths Paths { get; } = new(directory, _ => "", _ => "");

    /// <summary>Digest of the configuration that runs; null: none was applied.</summary>
    public string? Applied => Mark()?[0];

    public int Generation => Mark() is [_, var number] && int.TryParse(number, out var generation) ? generation : 0;

    /// <summary>What processes before the present one counted.</summary>
    public IReadOnlyList<ListenerCounters> Counters
    {
        get
        {
            try { return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, "counters.json")), NodeJson.Default.BalancerCounters)!.Listeners; }
            catch (Exception unreadable) when (unreadable is IOException or JsonException) { return []; }
        }
        set => Write("counters.json", JsonSerializer.Serialize(new BalancerCounters(value), NodeJson.Default.BalancerCounters));
    }

    /// <summary>Paths whose names of secrets follow their content, so that another certificate is another configuration.</summary>
    public HaproxyPaths PathsOf(BalancerSpec balancer)
    {
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, Own | UnixFileMode.UserExecute);
        if (owner is not null) Native.Own(directory, owner.Uid, owner.Gid);
        foreach (var listener in balancer.Listeners)
        {
            names[listener.Id] = "crt-" + Digest(listener.Certificates);
            if (listener.ClientAuthorities is { } authorities) names[listener.Id + "/ca"] = $"ca-{Digest([authorities])}.pem";
        }
        return Paths with
        {
            Certificates = id => Path.Combine(directory, names[id]),
            Authorities = id => Path.Combine(directory, names[id + "/ca"]),
        };
    }

    public void WriteSecrets(BalancerSpec balancer)
    {
        foreach (var listener in balancer.Listeners.Where(listener => listener.Certificates.Count > 0))
        {
            var name = names[listener.Id];
            Directory.CreateDirectory(Path.Combine(directory, name));
            File.SetUnixFileMode(Path.Combine(directory, name), Own | UnixFileMode.UserExecute);
            if (owner is not null) Native.Own(Path.Combine(directory, name), owner.Uid, owner.Gid);
            // HAProxy reads them in the order of their names; the first is the one for clients that name no host.
            for (var i = 0; i < listener.Certificates.Count; i++)
                Write(Path.Combine(name, i.ToString("000", System.Globalization.CultureInfo.InvariantCulture) + ".pem"), listener.Certificates[i]);
            if (listener.ClientAuthorities is { } authorities) Write(names[listener.Id + "/ca"], authorities);
        }
    }

    public void DropOldSecrets(BalancerSpec balancer)
    {
        var wanted = balancer.Listeners.Where(listener => listener.Certificates.Count > 0)
            .SelectMany(listener => new[] { names[listener.Id], names.GetValueOrDefault(listener.Id + "/ca") }).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateDirectories(directory, "crt-*").Where(path => !wanted.Contains(Path.GetFileName(path)))) Directory.Delete(path, true);
        foreach (var path in Directory.EnumerateFiles(directory, "ca-*.pem").Where(path => !wanted.Contains(Path.GetFileName(path)))) File.Delete(path);
    }

    public void SetApplied(string digest, int generation) => Write("applied", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{digest} {generation}"));

    /// <summary>Writes a file that HAProxy's user alone reads, whole or not at all; gives its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        using (var file = new FileStream(path + ".new", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Own }))
            file.Write(Encoding.UTF8.GetBytes(text));
        if (owner is not null) Native.Own(path + ".new", owner.Uid, owner.Gid);
        File.Move(path + ".new", path, overwrite: true);
        return path;
    }

    private string[]? Mark()
    {
        try { return File.ReadAllText(Path.Combine(directory, "applied")).Split(' '); }
        catch (IOException) { return null; }
    }

    private static string Digest(IEnumerable<string> texts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts))))[..16];
}
