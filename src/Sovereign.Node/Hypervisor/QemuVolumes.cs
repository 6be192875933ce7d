using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>Volumes of a running domain: they come, go, grow, and move their writing to another place.</summary>
public sealed partial class QemuHypervisor
{
    private static readonly TimeSpan unplugLimit = TimeSpan.FromSeconds(2);
    private static readonly string devicePrefix = VolumeNames.Device("");
    private readonly ConcurrentDictionary<(string Domain, string Device), TaskCompletionSource> unplugging = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> fitting = new();
    private bool? direct;

    /// <summary>A volume as a running domain has it.</summary>
    /// <param name="Device">Name of its device.</param>
    /// <param name="Path">Of its device, for commands about it.</param>
    /// <param name="Node">Name of the block node that it reads and writes.</param>
    private sealed record OpenVolume(string Device, string Path, string Node, long SizeBytes, JsonElement Inserted)
    {
        public int Head => int.Parse(Node[(Node.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Whether this file system lets QEMU pass the page cache by.</summary>
    private bool Direct
    {
        get
        {
            if (direct is { } known) return known;
            var probe = Path.Combine(options.StateDir, "direct-probe");
            File.WriteAllBytes(probe, []);
            direct = Native.OpensDirectly(probe);
            File.Delete(probe);
            return direct.Value;
        }
    }

    public async Task<IReadOnlyList<string>> Fit(DomainSpec domain, Func<string, Task<VolumePlace>> open, CancellationToken stop)
    {
        if (await Monitor(domain.Id, Files(domain.Id), stop) is not { } monitor) return [];
        await FitNics(monitor, domain, stop);
        return await Alone(domain.Id, () => FitVolumes(monitor, Files(domain.Id), domain, open, stop), stop);
    }

    public Task<IReadOnlyList<string>> VolumesOf(string id, CancellationToken stop) =>
        Ask<IReadOnlyList<string>>(id, [], async monitor => [.. (await Devices(monitor, Files(id), stop)).Keys], stop);

    public Task Follow(string id, IReadOnlyList<VolumePlace> places, CancellationToken stop) => Ask(
        id,
        false,
        monitor => Alone(id, async () =>
        {
            var known = await OpenVolumes(monitor, Files(id), stop);
            var actions = new JsonArray();
            foreach (var place in places)
                if (known.GetValueOrDefault(place.VolumeId) is { } open && await Overlay(monitor, open, place, stop) is { } overlay)
                    actions.Add(new JsonObject { ["type"] = "blockdev-snapshot", ["data"] = overlay });
            // QEMU lets no write through between the first and the last of them.
            if (actions.Count > 0) await monitor.Command("transaction", new JsonObject { ["actions"] = actions }.ToJsonString(), stop);
            return true;
        }, stop),
        stop);

    public Task Grow(string id, VolumePlace place, long sizeBytes, CancellationToken stop) => Ask(
        id,
        false,
        monitor => Alone(id, async () =>
        {
            if ((await OpenVolumes(monitor, Files(id), stop)).GetValueOrDefault(place.VolumeId) is not { } known) return true;
            await Move(monitor, known, place, stop);
            await Resize(monitor, QemuVolume.NodeName(place), sizeBytes, stop);
            return true;
        }, stop),
        stop);

    /// <summary>Asks the QEMU of a domain. One that ends meanwhile is one that does not run: it has no volume, and what comes next opens their newest layers.</summary>
    private async Task<T> Ask<T>(string id, T otherwise, Func<QmpConnection, Task<T>> ask, CancellationToken stop)
    {
        if (await Monitor(id, Files(id), stop) is not { } monitor) return otherwise;
        try
        {
            return await ask(monitor);
        }
        catch (NodeException) when (monitor.IsOver)
        {
            // Its files are its own until it is gone.
            await Gone(id, Files(id), stop);
            return otherwise;
        }
    }

    private async Task<IReadOnlyList<string>> FitVolumes(
        QmpConnection monitor, DomainFiles files, DomainSpec domain, Func<string, Task<VolumePlace>> open, CancellationToken stop)
    {
        var wanted = domain.Volumes.ToDictionary(disk => disk.VolumeId);
        var kept = new List<string>();
        foreach (var (volumeId, device) in (await Devices(monitor, files, stop)).Where(device => !wanted.ContainsKey(device.Key)))
            if (!await UnplugVolume(monitor, domain.Id, device, stop)) kept.Add(volumeId);
        var there = await Devices(monitor, files, stop);
        await CloseNodes(monitor, there, stop);
        var known = await OpenVolumes(monitor, files, stop);
        foreach (var disk in domain.Volumes.OrderBy(QemuVolume.Place))
        {
            var place = await open(disk.VolumeId);
            if (!there.ContainsKey(disk.VolumeId))
            {
                if (place.NodeAlone is null && Pid(domain.Id, files) is { } pid && !SharesNetwork(pid))
                    throw new NodeException($"The server was started before this node had a pool, and can't reach the volume {disk.VolumeId}. Stop it and start it.");
                await PlugVolume(monitor, files, disk, place, stop);
            }
            else if (known.GetValueOrDefault(disk.VolumeId) is { } seen)
            {
                await Move(monitor, seen, place, stop);
                if (place.SizeBytes > seen.SizeBytes) await Resize(monitor, QemuVolume.NodeName(place), place.SizeBytes, stop);
            }
        }
        await Limit(monitor, files, domain, stop);
        return kept;
    }

    private async Task PlugVolume(QmpConnection monitor, DomainFiles files, VolumeDiskSpec disk, VolumePlace place, CancellationToken stop)
    {
        if (disk.Bus == "ide") throw new NodeException($"The volume {disk.VolumeId} is an IDE disk, which can't come while the server runs. Stop the server.");
        Own(place);
        await AddSecret(monitor, place, stop);
        if (disk.Bus == "scsi" && !await Has(monitor, "/machine/peripheral", "scsi", stop))
            await monitor.Command("device_add", QemuVolume.ScsiController().ToJsonString(), stop);
        await monitor.Command("blockdev-add", QemuVolume.Node(place, disk, Direct).ToJsonString(), stop);
        var device = QemuVolume.Device(disk, place, alone: false);
        // The device of its name may have gone on with another volume.
        var name = device["id"]!.GetValue<string>();
        for (var number = 2; await Has(monitor, "/machine/peripheral", device["id"]!.GetValue<string>(), stop); number++)
            device["id"] = string.Create(CultureInfo.InvariantCulture, $"{name}.{number}");
        if (device["id"]!.GetValue<string>() is var taken && taken != name) Alias(files, taken, disk.VolumeId);
        await monitor.Command("device_add", device.ToJsonString(), stop);
    }

    /// <summary>Whether a process is in this one's network namespace.</summary>
    private static bool SharesNetwork(int pid) => new FileInfo($"/proc/{pid}/ns/net").LinkTarget == new FileInfo("/proc/self/ns/net").LinkTarget;

    private static async Task AddSecret(QmpConnection monitor, VolumePlace place, CancellationToken stop)
    {
        var secret = VolumeNames.Secret(place.VolumeId);
        if (place.Key is { } phrase && !await Has(monitor, "/objects", secret, stop))
            await monitor.Command("object-add", new JsonObject { ["qom-type"] = "secret", ["id"] = secret, ["data"] = phrase }.ToJsonString(), stop);
    }

    /// <summary>Asks the guest to let a volume go; false when it has not yet.</summary>
    private async Task<bool> UnplugVolume(QmpConnection monitor, string domainId, string device, CancellationToken stop)
    {
        var gone = unplugging.GetOrAdd((domainId, device), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await Quietly(monitor, "device_del", device, stop);
            if (!await Has(monitor, "/machine/peripheral", device, stop)) return true;
            await gone.Task.WaitAsync(unplugLimit, clock, stop);
            return true;
        }
        catch (TimeoutException) { return false; }
        finally { unplugging.TryRemove((domainId, device), out _); }
    }

    // A first event without the device's name comes earlier, for its inner part. The domain looks again, since it may have given up waiting.
    private void Unplugged(string domainId, string device)
    {
        if (unplugging.TryGetValue((domainId, device), out var gone)) gone.TrySetResult();
        else if (device.StartsWith(devicePrefix, StringComparison.Ordinal)) Changed?.Invoke(domainId);
    }

    /// <summary>Closes what no device has: of volumes that went, or half of an earlier try.</summary>
    private async Task CloseNodes(QmpConnection monitor, Dictionary<string, string> devices, CancellationToken stop)
    {
        var used = devices.Keys.Select(VolumeNames.NodePrefix).Concat(await Targets(monitor, stop)).ToHashSet();
        var nodes = (await monitor.Command("query-named-block-nodes", "{\"flat\":true}", stop)).EnumerateArray()
            .Select(node => node.GetProperty("node-name").GetString()!).Where(name => name.StartsWith("v-", StringComparison.Ordinal))
            .Select(name => (Name: name, Prefix: name[..(name.LastIndexOf('-') + 1)], Head: name[(name.LastIndexOf('-') + 1)..]))
            .Where(node => !used.Contains(node.Prefix)).ToList();
        foreach (var node in nodes.OrderByDescending(node => int.Parse(node.Head, CultureInfo.InvariantCulture)))
            await CloseNode(monitor, node.Name, stop);
        foreach (var prefix in nodes.Select(node => node.Prefix).Distinct())
            await Quietly(monitor, "object-del", "key-" + prefix[2..^1], stop);
    }

    // What was written through a node until now may hold it a moment longer.
    private async Task CloseNode(QmpConnection monitor, string name, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + unplugLimit;
        while (true)
        {
            try
            {
                await monitor.Command("blockdev-del", new JsonObject { ["node-name"] = name }.ToJsonString(), stop);
                return;
            }
            catch (NodeException refused) when (refused.Message.EndsWith("is in use", StringComparison.Ordinal) && clock.GetUtcNow() < deadline)
            {
                await Task.Delay(copyLookAgain, clock, stop);
            }
        }
    }

    /// <summary>Moves the writing of a volume on to its newest layer.</summary>
    private async Task Move(QmpConnection monitor, OpenVolume known, VolumePlace place, CancellationToken stop)
    {
        if (await Overlay(monitor, known, place, stop) is { } overlay) await monitor.Command("blockdev-snapshot", overlay.ToJsonString(), stop);
    }

    /// <summary>Opens a volume's newest layer; gives what makes QEMU write there, null when it does already.</summary>
    private async Task<JsonObject?> Overlay(QmpConnection monitor, OpenVolume known, VolumePlace place, CancellationToken stop)
    {
        if (place.NodeAlone is null || known.Head >= place.Head) return null;
        Own(place);
        var name = QemuVolume.NodeName(place);
        await QuietlyClose(monitor, name, stop);   // half of an earlier try
        await monitor.Command("blockdev-add", QemuVolume.NodeAlone(place, Direct).ToJsonString(), stop);
        // It may have grown since the layer was made: a guest's disk never shrinks.
        if (known.SizeBytes > place.SizeBytes) await Resize(monitor, name, known.SizeBytes, stop);
        return new JsonObject { ["node"] = known.Node, ["overlay"] = name };
    }

    private static Task Resize(QmpConnection monitor, string node, long sizeBytes, CancellationToken stop) =>
        monitor.Command("block_resize", new JsonObject { ["node-name"] = node, ["size"] = sizeBytes }.ToJsonString(), stop);

    /// <summary>Sets how fast each volume may be, where that is not so yet.</summary>
    private static async Task Limit(QmpConnection monitor, DomainFiles files, DomainSpec domain, CancellationToken stop)
    {
        if (domain.Volumes.Count == 0) return;
        var known = await OpenVolumes(monitor, files, stop);
        foreach (var disk in domain.Volumes)
        {
            if (known.GetValueOrDefault(disk.VolumeId) is not { } open) continue;
            var rates = disk.Rates ?? new DiskRatesSpec(null, null, null, null, null, null);
            // QEMU takes a total or two parts.
            var (bytes, operations) = (rates.TotalBytes ?? 0, rates.TotalIops ?? 0);
            var limits = new JsonObject
            {
                ["bps"] = bytes, ["bps_rd"] = bytes > 0 ? 0 : rates.ReadBytes ?? 0, ["bps_wr"] = bytes > 0 ? 0 : rates.WriteBytes ?? 0,
                ["iops"] = operations, ["iops_rd"] = operations > 0 ? 0 : rates.ReadIops ?? 0, ["iops_wr"] = operations > 0 ? 0 : rates.WriteIops ?? 0,
            };
            if (limits.All(limit => open.Inserted.GetProperty(limit.Key).GetInt64() == limit.Value!.GetValue<long>())) continue;
            limits["id"] = open.Path;
            await monitor.Command("block_set_io_throttle", limits.ToJsonString(), stop);
        }
    }

    /// <summary>The volumes that it has, and the devices that have them.</summary>
    private static async Task<Dictionary<string, string>> Devices(QmpConnection monitor, DomainFiles files, CancellationToken stop)
    {
        var devices = (await monitor.Command("qom-list", "{\"path\":\"/machine/peripheral\"}", stop)).EnumerateArray()
            .Select(thing => thing.GetProperty("name").GetString()!).Where(name => name.StartsWith(devicePrefix, StringComparison.Ordinal)).ToList();
        if (!devices.Exists(device => File.Exists(files.Alias(device)))) return devices.ToDictionary(device => device[devicePrefix.Length..]);
        var open = (await OpenVolumes(monitor, files, stop)).ToDictionary(volume => volume.Value.Device, volume => volume.Key);
        return devices.ToDictionary(device => open.GetValueOrDefault(device) ?? device[devicePrefix.Length..]);
    }

    private static async Task<bool> Has(QmpConnection monitor, string path, string name, CancellationToken stop) =>
        (await monitor.Command("qom-list", new JsonObject { ["path"] = path }.ToJsonString(), stop)).EnumerateArray()
            .Any(thing => thing.GetProperty("name").GetString() == name);

    private static async Task<Dictionary<string, OpenVolume>> OpenVolumes(QmpConnection monitor, DomainFiles files, CancellationToken stop)
    {
        const string prefix = "/machine/peripheral/";
        var open = new Dictionary<string, OpenVolume>();
        foreach (var block in (await monitor.Command("query-block", null, stop)).EnumerateArray())
        {
            if (!block.TryGetProperty("qdev", out var at) || at.GetString() is not { } path || !path.StartsWith(prefix + devicePrefix, StringComparison.Ordinal)
                || !block.TryGetProperty("inserted", out var inserted)) continue;
            var (device, node) = (path[prefix.Length..].Split('/')[0], inserted.GetProperty("node-name").GetString()!);
            var volumeId = Aliases(files, device).FirstOrDefault(id => node.StartsWith(VolumeNames.NodePrefix(id), StringComparison.Ordinal))
                ?? device[devicePrefix.Length..];
            open[volumeId] = new OpenVolume(device, path, node,
                inserted.GetProperty("image").GetProperty("virtual-size").GetInt64(), inserted);
        }
        return open;
    }

    private static async Task QuietlyClose(QmpConnection monitor, string node, CancellationToken stop)
    {
        try { await monitor.Command("blockdev-del", new JsonObject { ["node-name"] = node }.ToJsonString(), stop); }
        catch (NodeException refused) when (refused.Message.StartsWith(QmpConnection.Refusal, StringComparison.Ordinal)) { /* it was not open */ }
    }

    private void Own(VolumePlace place)
    {
        if (user is null) return;
        foreach (var path in place.Files) Native.Own(path, user.Uid, user.Gid);
    }

    private static string WriteSecret(DomainFiles files, VolumePlace place)
    {
        var path = files.Secret(VolumeNames.Secret(place.VolumeId));
        using (var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        })) file.Write(System.Text.Encoding.ASCII.GetBytes(place.Key!));
        return path;
    }

    /// <summary>One change of a domain's volumes at a time.</summary>
    private async Task<T> Alone<T>(string id, Func<Task<T>> work, CancellationToken stop)
    {
        var gate = fitting.GetOrAdd(id, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(stop);
        try { return await work(); }
        finally { gate.Release(); }
    }
}
