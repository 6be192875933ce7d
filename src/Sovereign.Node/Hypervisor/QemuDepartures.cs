using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;
using Sovereign.Node.Moving;

namespace Sovereign.Node.Hypervisor;

/// <summary>Domains that leave for another node: their disks are mirrored, then their memory goes. QEMU stands still before it gives its disks away
/// (pause-before-switchover), so that the mirrors end there with all that was written.</summary>
public sealed partial class QemuHypervisor
{
    private const long BandwidthBytesMax = 1L << 34;
    private const int DowntimeMilliseconds = 300;

    /// <summary>QEMU's own most: the guest may stand still for as long as the rest takes.</summary>
    private const int ForcedMilliseconds = 2_000_000;
    private readonly ConcurrentDictionary<string, MoveSignal> moving = new();

    public async Task Leave(DomainSpec domain, MoveOrder order, CancellationToken giveUp)
    {
        var (id, files) = (domain.Id, Files(domain.Id));
        if (await Monitor(id, files, giveUp) is not { } monitor || ReadState(files) is not { Phase: DomainPhase.Started or DomainPhase.Leaving } state)
            throw new NodeException($"The server {id} does not run here: it can't leave.");
        var signal = moving.GetOrAdd(id, _ => new MoveSignal());
        WriteState(files, state with { Phase = DomainPhase.Leaving });
        await using var memory = new Tunnel(files.MoveSocket, user, stop => order.Enter(MoveWays.Memory, stop));
        await using var disks = new Tunnel(files.DiskSocket, user, stop => order.Enter(MoveWays.Disks, stop));
        try
        {
            await ClearMove(monitor, signal, giveUp);
            await MirrorDisks(monitor, domain, files, signal, giveUp);
            await SendState(monitor, domain, files, order, signal, giveUp);
            Mark(files, DomainPhase.Departed);
        }
        catch (Exception failure)
        {
            if (await HasLeftAfterAll(monitor, files, signal)) return;
            if (failure is NodeException && (disks.Refusal ?? memory.Refusal) is { } refusal) throw new NodeException(refusal, failure);
            throw;
        }
        finally { moving.TryRemove(id, out _); }
    }

    public async Task Stay(DomainSpec domain, CancellationToken stop)
    {
        var (id, files) = (domain.Id, Files(domain.Id));
        if (ReadState(files) is not { Phase: DomainPhase.Leaving or DomainPhase.Departed } state) return;
        if (await Monitor(id, files, stop) is { } monitor)
        {
            await ClearMove(monitor, moving.GetOrAdd(id, _ => new MoveSignal()), stop);
            moving.TryRemove(id, out _);
            if (await HasLeft(monitor, stop))
            {
                // From there it only goes on: one that stood still is stopped again at once.
                await monitor.Command("cont", null, stop);
                if (domain.Power == PowerTarget.Paused) await monitor.Command("stop", null, stop);
            }
        }
        // Without its process it is seen as one that crashed.
        if (ReadState(files)?.Phase != DomainPhase.Halted) WriteState(files, state with { Phase = DomainPhase.Started });
    }

    public async Task<MoveProgress?> Progress(string id, CancellationToken stop)
    {
        var files = Files(id);
        if (ReadState(files)?.Phase != DomainPhase.Leaving || await Monitor(id, files, stop) is not { } monitor) return null;
        var jobs = await MoveJobs(monitor, stop);
        var (total, done) = (jobs.Sum(job => job.Total), jobs.Sum(job => job.Done));
        var answer = await monitor.Command("query-migrate", null, stop);
        var ram = answer.TryGetProperty("ram", out var found) ? found : default;
        long Ram(string name) => ram.ValueKind == JsonValueKind.Object ? ram.GetProperty(name).GetInt64() : 0;
        return new MoveProgress(Ram("total"), Ram("transferred"), Ram("remaining"), total, done, total - done);
    }

    private void Moved(string id)
    {
        if (moving.TryGetValue(id, out var signal)) signal.Raise();
    }

    private async Task MirrorDisks(QmpConnection monitor, DomainSpec domain, DomainFiles files, MoveSignal signal, CancellationToken giveUp)
    {
        foreach (var (disk, sync) in MovingDisks(domain))
        {
            var node = new JsonObject
            {
                ["driver"] = "nbd", ["node-name"] = MoveName(disk), ["export"] = disk, ["discard"] = "unmap",
                ["server"] = new JsonObject { ["type"] = "unix", ["path"] = files.DiskSocket },
            };
            await monitor.Command("blockdev-add", node.ToJsonString(), giveUp);
            var job = new JsonObject
            {
                ["job-id"] = MoveName(disk), ["device"] = disk, ["target"] = MoveName(disk), ["sync"] = sync, ["auto-dismiss"] = false,
                ["on-source-error"] = "report", ["on-target-error"] = "report",
            };
            await monitor.Command("blockdev-mirror", job.ToJsonString(), giveUp);
        }

        await signal.Until(async () => (await GoodJobs(monitor, giveUp)).TrueForAll(job => job.Status == "ready"), monitor.Ended, null, clock, giveUp);
    }

    private async Task SendState(
        QmpConnection monitor, DomainSpec domain, DomainFiles files, MoveOrder order, MoveSignal signal, CancellationToken giveUp)
    {
        await MoveSettings(monitor, leaving: true, giveUp);
        await monitor.Command("migrate", new JsonObject { ["uri"] = "unix:" + files.MoveSocket }.ToJsonString(), giveUp);
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(giveUp))
        {
            var forcing = Force(monitor, order.Forced, signal, over.Token);
            await Status(monitor, signal, "pre-switchover", giveUp);
            await over.CancelAsync();
            await forcing;
        }

        // The guest stands still: each mirror ends with what is left to write.
        foreach (var job in await GoodJobs(monitor, giveUp))
            await monitor.Command("block-job-cancel", new JsonObject { ["device"] = job.Id }.ToJsonString(), giveUp);
        await signal.Until(async () => (await GoodJobs(monitor, giveUp)).TrueForAll(job => job.Status == "concluded"), monitor.Ended, null, clock, giveUp);
        await DropJobs(monitor, domain, giveUp);
        await monitor.Command("migrate-continue", "{\"state\":\"pre-switchover\"}", giveUp);
        await Status(monitor, signal, "completed", giveUp);
    }

    private static async Task Force(QmpConnection monitor, Task forced, MoveSignal signal, CancellationToken over)
    {
        try
        {
            await forced.WaitAsync(over);
            await monitor.Command("migrate-set-parameters", new JsonObject { ["downtime-limit"] = ForcedMilliseconds }.ToJsonString(), over);
            signal.Raise();
        }
        catch (OperationCanceledException) { /* it went without */ }
        catch (NodeException) { /* the one who waits for its end says why */ }
    }

    private Task Status(QmpConnection monitor, MoveSignal signal, string wanted, CancellationToken giveUp) => signal.Until(async () =>
    {
        var answer = await monitor.Command("query-migrate", null, giveUp);
        var status = answer.TryGetProperty("status", out var text) ? text.GetString() : null;
        if (status is "failed" or "cancelled")
            throw new NodeException($"The memory could not pass to the other node: {(answer.TryGetProperty("error-desc", out var why) ? why.GetString() : status)}.");
        _ = await GoodJobs(monitor, giveUp);
        return status == wanted;
    }, monitor.Ended, null, clock, giveUp);

    /// <summary>A move that failed may have been whole already: then the guest is there, and must not go on here.</summary>
    private async Task<bool> HasLeftAfterAll(QmpConnection monitor, DomainFiles files, MoveSignal signal)
    {
        try
        {
            await ClearMove(monitor, signal, CancellationToken.None);
            if (await HasLeft(monitor, CancellationToken.None))
            {
                Mark(files, DomainPhase.Departed);
                return true;
            }
        }
        catch (NodeException) { /* its process ended */ }
        if (ReadState(files)?.Phase == DomainPhase.Leaving) Mark(files, DomainPhase.Started);
        return false;
    }

    private static async Task<bool> HasLeft(QmpConnection monitor, CancellationToken stop) =>
        (await monitor.Command("query-status", null, stop)).GetProperty("status").GetString() == "postmigrate"
        && (await monitor.Command("query-migrate", null, stop)).TryGetProperty("status", out var status) && status.GetString() == "completed";

    /// <summary>Ends what there is of a move, unless it is whole.</summary>
    private async Task ClearMove(QmpConnection monitor, MoveSignal signal, CancellationToken stop)
    {
        await monitor.Command("migrate_cancel", null, stop);
        await signal.Until(async () =>
        {
            var answer = await monitor.Command("query-migrate", null, stop);
            return !answer.TryGetProperty("status", out var status) || status.GetString() is "none" or "completed" or "failed" or "cancelled";
        }, monitor.Ended, null, clock, stop);
        foreach (var job in (await MoveJobs(monitor, stop)).Where(job => job.Status != "concluded"))
            await Tolerated(monitor, "block-job-cancel", new JsonObject { ["device"] = job.Id, ["force"] = true }.ToJsonString(), stop);
        await signal.Until(async () => (await MoveJobs(monitor, stop)).TrueForAll(job => job.Status == "concluded"), monitor.Ended, null, clock, stop);
        await DropJobs(monitor, null, stop);
        await MoveSettings(monitor, leaving: false, stop);
    }

    private static async Task DropJobs(QmpConnection monitor, DomainSpec? domain, CancellationToken stop)
    {
        foreach (var job in await MoveJobs(monitor, stop)) await Quietly(monitor, "job-dismiss", job.Id, stop);
        var nodes = domain is not null ? MovingDisks(domain).Select(disk => MoveName(disk.Node))
            : (await monitor.Command("query-named-block-nodes", "{\"flat\":true}", stop)).EnumerateArray().Select(node => node.GetProperty("node-name").GetString()!)
                .Where(name => name.StartsWith(MoveName(""), StringComparison.Ordinal));
        foreach (var node in nodes.ToList()) await QuietlyClose(monitor, node, stop);
    }

    /// <summary>The mirrors; one that broke fails the move.</summary>
    private static async Task<List<MoveJob>> GoodJobs(QmpConnection monitor, CancellationToken stop)
    {
        var jobs = await MoveJobs(monitor, stop);
        return jobs.Find(job => job.Error is not null) is { } broken ? throw new NodeException($"A disk could not pass to the other node: {broken.Error}.") : jobs;
    }

    private static async Task<List<MoveJob>> MoveJobs(QmpConnection monitor, CancellationToken stop) =>
        [.. (await monitor.Command("query-jobs", null, stop)).EnumerateArray()
            .Select(job => new MoveJob(
                job.GetProperty("id").GetString()!, job.GetProperty("status").GetString()!, job.GetProperty("total-progress").GetInt64(),
                job.GetProperty("current-progress").GetInt64(), job.TryGetProperty("error", out var error) ? error.GetString() : null))
            .Where(job => job.Id.StartsWith(MoveName(""), StringComparison.Ordinal))];

    /// <summary>How QEMU brings memory elsewhere: to another node, or (when it is not leaving) to a file.</summary>
    private static async Task MoveSettings(QmpConnection monitor, bool leaving, CancellationToken stop)
    {
        var capabilities = Capabilities(("events", true), ("return-path", leaving), ("pause-before-switchover", leaving), ("auto-converge", leaving));
        await monitor.Command("migrate-set-capabilities", capabilities, stop);
        var parameters = new JsonObject { ["max-bandwidth"] = BandwidthBytesMax, ["downtime-limit"] = DowntimeMilliseconds };
        await monitor.Command("migrate-set-parameters", parameters.ToJsonString(), stop);
    }

    private static string Capabilities(params (string Name, bool On)[] wanted) => new JsonObject
    {
        ["capabilities"] = new JsonArray([.. wanted.Select(one => (JsonNode)new JsonObject { ["capability"] = one.Name, ["state"] = one.On })]),
    }.ToJsonString();

    /// <summary>Disks that go along: what the root disk has over its image, and all of the others. The config drive is made anew.</summary>
    private static IEnumerable<(string Node, string Sync)> MovingDisks(DomainSpec domain) =>
        (domain.Root is null ? [] : new[] { ("root", "top") }).Concat(domain.Blanks.Select((_, index) => ($"blank{index}", "full")));

    private static string MoveName(string node) => "move-" + node;

    private sealed record MoveJob(string Id, string Status, long Total, long Done, string? Error);
}
