using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>Domains that come from another node: a QEMU that waits with its disks open to whoever brings them, and never runs by itself (-S).</summary>
public sealed partial class QemuHypervisor
{
    private static readonly TimeSpan loadLimit = TimeSpan.FromSeconds(60);

    public async Task Receive(DomainSpec domain, DomainDisks disks, CancellationToken stop)
    {
        var (files, arrival) = (Files(domain.Id), domain.Arrival!);
        if (ReadState(files) is { } known && known.Migration == arrival.Migration)
        {
            if (known.Phase != DomainPhase.Arriving || known.BootId != bootId || await Monitor(domain.Id, files, stop) is not { } waiting)
                throw new NodeException($"The process that waited for {domain.Id} ended: what came broke off, or did not fit this node.");
            await Listen(waiting, domain, files, stop);
            return;
        }
        if (Pid(domain.Id, files) is { } other) Native.Kill(other);
        await Gone(domain.Id, files, stop);
        Prepare(domain, files, disks);
        WriteState(files, new DomainState(DomainPhase.Starting, domain.RebootCount, bootId));
        await Spawn(domain, files, disks, ["-incoming", "defer", "-S"], stop);
        WriteState(files, new DomainState(DomainPhase.Arriving, domain.RebootCount, bootId, arrival.Migration));
        var monitor = await Monitor(domain.Id, files, stop) ?? throw new NodeException($"QEMU of {domain.Id} ended before anything came.");
        await Listen(monitor, domain, files, stop);
    }

    public async Task<Stream> OpenArrival(string id, string way, CancellationToken stop)
    {
        var files = Files(id);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(way == MoveWays.Memory ? files.MoveSocket : files.DiskSocket), stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException cause)
        {
            socket.Dispose();
            throw new NodeException($"Nothing waits for {id} any more: {cause.Message}", cause);
        }
    }

    public async Task Take(DomainSpec domain, CancellationToken stop)
    {
        var files = Files(domain.Id);
        if (ReadState(files) is not { Phase: DomainPhase.Arriving } state) return;
        var monitor = await Monitor(domain.Id, files, stop) ?? throw new NodeException($"The process that had {domain.Id} ended before it could run here.");
        var signal = moving.GetOrAdd(domain.Id, _ => new MoveSignal());
        try
        {
            await signal.Until(async () => !await IsLoading(monitor, stop), monitor.Ended, loadLimit, clock, stop);
        }
        finally { moving.TryRemove(domain.Id, out _); }
        await Tolerated(monitor, "nbd-server-stop", null, stop);
        if (domain.Power != PowerTarget.Paused) await monitor.Command("cont", null, stop);
        WriteState(files, state with { Phase = DomainPhase.Started });
        Standing(domain.Id, domain.Power == PowerTarget.Paused);
        // Switches learn where its addresses are now; virtual NICs are told too, so that the guest says it itself.
        await Tolerated(monitor, "announce-self", "{\"initial\":50,\"max\":550,\"rounds\":5,\"step\":50}", stop);
    }

    private async Task<DomainSight> LookAway(string id, DomainFiles files, DomainState state, CancellationToken stop)
    {
        if (state.Phase == DomainPhase.Departed) return new DomainSight(id, DomainPower.Departed, state.Boots) { Migration = state.Migration };
        var waits = state.BootId == bootId && Pid(id, files) is not null && await Watch(id, files, stop);
        return new DomainSight(id, waits ? DomainPower.Arriving : DomainPower.Crashed, state.Boots) { Migration = state.Migration };
    }

    /// <summary>Lets memory and disks in; the same again is fine.</summary>
    private async Task Listen(QmpConnection monitor, DomainSpec domain, DomainFiles files, CancellationToken stop)
    {
        await Tolerated(monitor, "migrate-set-capabilities", Capabilities(("events", true)), stop);
        await Tolerated(monitor, "migrate-incoming", new JsonObject { ["uri"] = "unix:" + files.MoveSocket }.ToJsonString(), stop);
        var address = new JsonObject { ["type"] = "unix", ["data"] = new JsonObject { ["path"] = files.DiskSocket } };
        await Tolerated(monitor, "nbd-server-start", new JsonObject { ["addr"] = address }.ToJsonString(), stop);
        var there = (await monitor.Command("query-block-exports", null, stop)).EnumerateArray().Select(export => export.GetProperty("id").GetString()).ToHashSet();
        foreach (var (node, _) in MovingDisks(domain).Where(disk => !there.Contains(MoveName(disk.Node))))
        {
            var export = new JsonObject { ["type"] = "nbd", ["id"] = MoveName(node), ["node-name"] = node, ["name"] = node, ["writable"] = true };
            await Tolerated(monitor, "block-export-add", export.ToJsonString(), stop);
        }
    }

    private static async Task<bool> IsLoading(QmpConnection monitor, CancellationToken stop) =>
        (await monitor.Command("query-status", null, stop)).GetProperty("status").GetString() == "inmigrate";

    /// <summary>For what may have been done already.</summary>
    private static async Task Tolerated(QmpConnection monitor, string command, string? arguments, CancellationToken stop)
    {
        try { await monitor.Command(command, arguments, stop); }
        catch (NodeException refused) when (refused.Message.StartsWith(QmpConnection.Refusal, StringComparison.Ordinal)) { /* as wanted */ }
    }
}
