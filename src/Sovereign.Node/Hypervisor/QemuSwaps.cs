using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Volumes;

namespace Sovereign.Node.Hypervisor;

/// <summary>A running domain goes on with another volume: a block job of QEMU copies one to the other, and what the guest writes meanwhile goes to both.</summary>
public sealed partial class QemuHypervisor
{
    private const string SwapJob = "swap-";
    private static readonly TimeSpan swapLimit = TimeSpan.FromMinutes(1);

    public async Task<bool> Mirror(string id, VolumeDiskSpec disk, VolumePlace to, CancellationToken stop)
    {
        var files = Files(id);
        if (await Monitor(id, files, stop) is not { } monitor) throw new NodeException($"The server {id} does not run: its volume can't be swapped now.");
        return await Alone(id, async () =>
        {
            var open = await OpenVolumes(monitor, files, stop);
            if (open.ContainsKey(to.VolumeId)) return true;
            if (await Swapping(monitor, to.VolumeId, stop) is { } job) return await Mirrored(monitor, job, to, stop);
            if (open.GetValueOrDefault(disk.VolumeId) is not { } from) throw new NodeException($"The server {id} has no volume {disk.VolumeId} to swap.");
            Own(to);
            await AddSecret(monitor, to, stop);
            await QuietlyClose(monitor, QemuVolume.NodeName(to), stop);   // half of an earlier try
            var node = from.SizeBytes == to.SizeBytes ? QemuVolume.Node(to, disk, Direct) : QemuVolume.NodeCut(to, disk, from.SizeBytes, Direct);
            await monitor.Command("blockdev-add", node.ToJsonString(), stop);
            // Both have each write before the guest hears of it, so that either is whole whenever QEMU dies.
            var arguments = new JsonObject
            {
                ["job-id"] = Job(to.VolumeId), ["device"] = from.Node, ["target"] = QemuVolume.NodeName(to), ["sync"] = "full", ["copy-mode"] = "write-blocking",
                ["auto-dismiss"] = false,
            };
            await monitor.Command("blockdev-mirror", arguments.ToJsonString(), stop);
            return false;
        }, stop);
    }

    public async Task Pivot(string id, string volumeId, VolumePlace to, CancellationToken stop)
    {
        var files = Files(id);
        if (await Monitor(id, files, stop) is not { } monitor) return;
        await Alone(id, async () =>
        {
            if (await Swapping(monitor, to.VolumeId, stop) is { } job && job.GetProperty("status").GetString() == "ready")
            {
                if ((await Devices(monitor, files, stop)).TryGetValue(volumeId, out var device)) Alias(files, device, to.VolumeId);
                await monitor.Command("job-complete", new JsonObject { ["id"] = Job(to.VolumeId) }.ToJsonString(), stop);
            }

            await Concluded(monitor, to.VolumeId, stop);
            if ((await OpenVolumes(monitor, files, stop)).GetValueOrDefault(to.VolumeId) is { } open && open.SizeBytes < to.SizeBytes)
            {
                await monitor.Command("blockdev-reopen", new JsonObject { ["options"] = new JsonArray(QemuVolume.NodeUncut(to)) }.ToJsonString(), stop);
                await Resize(monitor, QemuVolume.NodeName(to), to.SizeBytes, stop);   // which tells the guest
            }

            await CloseNodes(monitor, await Devices(monitor, files, stop), stop);
            return true;
        }, stop);
    }

    public async Task EndMirror(string id, string volumeId, CancellationToken stop)
    {
        var files = Files(id);
        if (await Monitor(id, files, stop) is not { } monitor) return;
        await Alone(id, async () =>
        {
            if (await Swapping(monitor, volumeId, stop) is null) return false;
            await Quietly(monitor, "job-cancel", Job(volumeId), stop);
            await Concluded(monitor, volumeId, stop);
            await CloseNodes(monitor, await Devices(monitor, files, stop), stop);
            return true;
        }, stop);
    }

    /// <summary>True: both have the same bytes, and stay so.</summary>
    private static async Task<bool> Mirrored(QmpConnection monitor, JsonElement job, VolumePlace to, CancellationToken stop)
    {
        if (job.GetProperty("status").GetString() != "concluded") return job.GetProperty("status").GetString() == "ready";
        var error = job.TryGetProperty("error", out var said) ? said.GetString() : "the copy was cut off";
        await Quietly(monitor, "job-dismiss", Job(to.VolumeId), stop);
        await QuietlyClose(monitor, QemuVolume.NodeName(to), stop);
        throw new NodeException($"The volume could not be copied to {to.VolumeId}: {error}.");
    }

    /// <summary>Waits for the end of a job that was told to end, and forgets it.</summary>
    private async Task Concluded(QmpConnection monitor, string volumeId, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + swapLimit;
        while (await Swapping(monitor, volumeId, stop) is { } job)
        {
            if (job.GetProperty("status").GetString() == "concluded") await Quietly(monitor, "job-dismiss", Job(volumeId), stop);
            else if (clock.GetUtcNow() > deadline) throw new NodeException($"QEMU does not end the copying to the volume {volumeId}.");
            else await Task.Delay(copyLookAgain, clock, stop);
        }
    }

    private static async Task<JsonElement?> Swapping(QmpConnection monitor, string volumeId, CancellationToken stop)
    {
        foreach (var job in (await monitor.Command("query-jobs", null, stop)).EnumerateArray())
            if (job.GetProperty("id").GetString() == Job(volumeId)) return job;
        return null;
    }

    /// <summary>Beginnings of the names of block nodes that jobs are writing to.</summary>
    private static async Task<IEnumerable<string>> Targets(QmpConnection monitor, CancellationToken stop) =>
        [.. (await monitor.Command("query-jobs", null, stop)).EnumerateArray().Select(job => job.GetProperty("id").GetString()!)
            .Where(id => id.StartsWith(SwapJob, StringComparison.Ordinal)).Select(id => $"v-{id[SwapJob.Length..]}-")];

    private static string Job(string volumeId) => SwapJob + VolumeNames.NodePrefix(volumeId)[2..^1];

    /// <summary>Remembers, as long as this QEMU lives, that a device may have another volume than the one that it is named after.</summary>
    private static void Alias(DomainFiles files, string device, string volumeId) => File.AppendAllText(files.Alias(device), volumeId + "\n");

    /// <summary>The volumes that a device had or has, besides the one that it is named after.</summary>
    private static string[] Aliases(DomainFiles files, string device) => File.Exists(files.Alias(device)) ? File.ReadAllLines(files.Alias(device)) : [];
}
