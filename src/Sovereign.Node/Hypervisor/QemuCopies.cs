using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>Copies of a running guest's disk: a block job of QEMU writes what the disk was when it began.</summary>
public sealed partial class QemuHypervisor
{
    private const string CopyJob = "copy";
    private const string CopyNode = "copy-target";
    private static readonly TimeSpan copyLimit = TimeSpan.FromHours(1);
    private static readonly TimeSpan copyLookAgain = TimeSpan.FromMilliseconds(50);

    public async Task CopyDisk(string id, string target, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(copyLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var files = Files(id);
        if (await Monitor(id, files, stop) is not { } monitor) throw new NodeException($"QEMU of {id} ended before its disk was copied.");
        if (user is not null) Native.Own(target, user.Uid, user.Gid);
        await ClearCopy(monitor, either.Token);   // an earlier try may have been cut off
        var node = new JsonObject
        {
            ["node-name"] = CopyNode, ["driver"] = "qcow2", ["detect-zeroes"] = "unmap", ["discard"] = "unmap",
            ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = target },
        };
        await monitor.Command("blockdev-add", node.ToJsonString(), either.Token);
        try
        {
            var job = new JsonObject { ["job-id"] = CopyJob, ["device"] = "root", ["target"] = CopyNode, ["sync"] = "full", ["auto-dismiss"] = false };
            await monitor.Command("blockdev-backup", job.ToJsonString(), either.Token);
            if (await JobEnd(monitor, either.Token) is { } error) throw new NodeException($"The disk of {id} could not be copied: {error}.");
        }
        finally { await ClearCopy(monitor, CancellationToken.None); }
    }

    /// <summary>Waits for the job; why it failed, or null.</summary>
    private async Task<string?> JobEnd(QmpConnection monitor, CancellationToken stop)
    {
        while (true)
        {
            if (await Job(monitor, stop) is not { } job) return "the copy was cut off";
            if (job.GetProperty("status").GetString() == "concluded") return job.TryGetProperty("error", out var error) ? error.GetString() : null;
            await Task.Delay(copyLookAgain, clock, stop);
        }
    }

    /// <summary>Ends and forgets the job, and closes its target.</summary>
    private async Task ClearCopy(QmpConnection monitor, CancellationToken stop)
    {
        if (monitor.Ended.IsCompleted) return;
        while (await Job(monitor, stop) is { } job)
        {
            var concluded = job.GetProperty("status").GetString() == "concluded";
            await Quietly(monitor, concluded ? "job-dismiss" : "job-cancel", CopyJob, stop);
            if (!concluded) await Task.Delay(copyLookAgain, clock, stop);
        }

        try { await monitor.Command("blockdev-del", new JsonObject { ["node-name"] = CopyNode }.ToJsonString(), stop); }
        catch (NodeException refused) when (refused.Message.StartsWith(QmpConnection.Refusal, StringComparison.Ordinal)) { /* it was not open */ }
    }

    private static async Task<JsonElement?> Job(QmpConnection monitor, CancellationToken stop)
    {
        foreach (var job in (await monitor.Command("query-jobs", null, stop)).EnumerateArray())
            if (job.GetProperty("id").GetString() == CopyJob) return job;
        return null;
    }
}
