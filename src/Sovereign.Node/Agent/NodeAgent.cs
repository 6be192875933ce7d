using Microsoft.Extensions.Logging;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>Limits of the agent's work.</summary>
/// <param name="DomainsAtOnce">Domains that are worked on at the same time.</param>
/// <param name="OthersAtOnce">Other items that are worked on at the same time.</param>
/// <param name="VolumesAtOnce">Volumes, and snapshots of them, that are made at the same time.</param>
/// <param name="SnapshotsAtOnce">Snapshots and contents that are copied or sent at the same time.</param>
public sealed record AgentLimits(int DomainsAtOnce = 8, int OthersAtOnce = 16, int SnapshotsAtOnce = 2, int VolumesAtOnce = 4)
{
    /// <summary>False: no guest is started before the control plane spoke, since it may have moved it elsewhere while this machine was off.</summary>
    public bool StartsAlone { get; init; } = true;

    /// <summary>Console bytes that one request may bring.</summary>
    public const int ConsoleBytesMax = 1024 * 1024;
    public static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan RetryMost = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan ReconnectMost = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ManifestWait = TimeSpan.FromSeconds(40);
    public static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan TrimEvery = TimeSpan.FromSeconds(5);
    /// <summary>How long a guest may keep a volume that should go before its server's observation says so.</summary>
    public static readonly TimeSpan HeldLimit = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan HeldAgain = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan ReclaimEvery = TimeSpan.FromMinutes(10);
}

/// <summary>Makes one machine equal to its manifest. Everything here runs on one synchronization context, one step at a time; only the
/// drivers touch the world.</summary>
public sealed partial class NodeAgent
{
    private readonly IControlPlane control;
    private readonly NodeDrivers drivers;
    private readonly IAgentStore store;
    private readonly NodeWelcome self;
    private readonly GuestDirectory guests;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly ItemTable table = new();
    private readonly ItemSteps steps;
    private readonly ReportOutbox outbox;
    private readonly Slots domainSlots;
    private readonly Slots otherSlots;
    private readonly Slots snapshotSlots;
    private readonly Slots volumeSlots;
    private readonly HashSet<string> answering = [];
    private readonly HashSet<Task> background = [];
    private bool completeOwed;

    public NodeAgent(
        IControlPlane control, NodeDrivers drivers, IAgentStore store, NodeWelcome self, GuestDirectory guests, AgentLimits limits,
            TimeProvider clock, ILogger log)
    {
        (this.control, this.drivers, this.store, this.self, this.guests, this.clock, this.log) = (control, drivers, store, self, guests,
            clock, log);
        steps = new ItemSteps(drivers, table, control, clock, RememberHalt) { MayStart = limits.StartsAlone };
        outbox = new ReportOutbox(control, self.Node);
        domainSlots = new Slots(limits.DomainsAtOnce);
        otherSlots = new Slots(limits.OthersAtOnce);
        snapshotSlots = new Slots(limits.SnapshotsAtOnce);
        volumeSlots = new Slots(limits.VolumesAtOnce);
    }

    /// <summary>Runs until it is told to stop; guests and networks stay as they are.</summary>
    public async Task Run(NodeFacts facts, CancellationToken stop)
    {
        var context = SynchronizationContext.Current;
        drivers.Hypervisor.Changed = id =>
        {
            if (context is null || context == SynchronizationContext.Current) OnChanged(id, stop);
            else context.Post(_ => OnChanged(id, stop), null);
        };
        drivers.Balancers.Changed = id =>
        {
            if (context is null || context == SynchronizationContext.Current) OnBalancer(id, stop);
            else context.Post(_ => OnBalancer(id, stop), null);
        };
        await Retrying("Preparing the machine", async () =>
        {
            await drivers.Fabric.Open(stop);
            foreach (var stored in await store.Load(stop)) guests.Update(table.Put(stored).Item);
            await drivers.Hypervisor.List(stop);
        }, stop);
        steps.Again = entry => Touch(entry, stop);
        foreach (var entry in table.All.ToList()) Touch(entry, stop);
        try { await Task.WhenAll(Receive(facts, stop), SendReports(stop), Keep(stop)); }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { /* told to stop */ }
        try { await Task.WhenAll([.. background, steps.EndMoves()]); } catch (OperationCanceledException) { /* told to stop */ }
    }

    private async Task Receive(NodeFacts facts, CancellationToken stop)
    {
        var (incarnation, version) = ("", 0L);
        while (true)
        {
            await Retrying("Reaching the control plane", async () =>
            {
                var welcome = await Limited(end => control.Hello(facts, end), AgentLimits.CallLimit, stop);
                if (welcome != self) throw new Machine.NodeException($"The control plane is of cloud {welcome.Cloud} and calls this "
                    + $"node {welcome.Node}, "
                    + $"but this data directory belongs to cloud {self.Cloud}, node {self.Node}. Use another --data, or destroy this one.");
            }, stop);
            completeOwed = true;
            outbox.Wake();
            try
            {
                while (true)
                {
                    var manifest = await Limited(end => control.NextManifest(self.Node, incarnation, version, end),
                        AgentLimits.ManifestWait, stop);
                    if (manifest is null) continue;
                    await Apply(manifest, stop);
                    Spoken(stop);
                    (incarnation, version) = (manifest.Incarnation, manifest.Version);
                    outbox.Heard = version;
                }
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                log.LogWarning(4501, "The control plane is away ({Reason}); everything keeps running.", failure.Message);
                await Task.Delay(AgentLimits.RetryFirst, clock, stop);
            }
        }
    }

    private async Task Apply(NodeManifest manifest, CancellationToken stop)
    {
        if (manifest.Cloud != self.Cloud
            || manifest.Node != self.Node) throw new Machine.NodeException("The manifest is for another cloud or node; it is not applied.");
        foreach (var item in manifest.Items) await Accept(item, manifest.Incarnation, stop);
        if (manifest.Full) await Sweep(manifest, stop);
        foreach (var request in manifest.Requests)
            if (answering.Add(request.Ticket)) Track(request.Kind is ConsoleKinds.Vnc or ConsoleKinds.Serial ? Carry(request, stop) : Answer(request, stop));
    }

    private async Task Accept(ManifestItem item, string incarnation, CancellationToken stop)
    {
        if (item.Id.Length is 0 or > 64 || !item.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            outbox.Add(new ItemReport(item.Kind, item.Id, item.Version, ItemState.Error,
                "The id is not made of letters, digits and dashes; it is refused."));
            return;
        }
        var before = table.Find(item.Kind, item.Id);
        // After a reconnect the same item comes again: nothing to do, but it is told again.
        if (before is { Aside: false } && before.Stored.Incarnation == incarnation && before.Item.Version == item.Version
            && before.Item.Absent == item.Absent) return;
        var stored = new StoredItem(item, incarnation, before?.Stored.HaltedVersion ?? -1, item.Absent ? before?.Stored.Spec : null);
        await store.Save(stored, stop);
        guests.Update(item);
        var entry = table.Put(stored);
        entry.Aside = false;
        entry.Failures = 0;
        Touch(entry, stop);
        foreach (var waiter in table.TakeWaiters(entry.Key)) Touch(waiter, stop);
    }

    /// <summary>Removes what manifests of this incarnation named once and the full one does not; what this incarnation or nobody ever named
    /// is set aside.</summary>
    private async Task Sweep(NodeManifest manifest, CancellationToken stop)
    {
        var named = manifest.Items.Select(i => ItemTable.Key(i.Kind, i.Id)).ToHashSet();
        var foreign = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in table.All.Where(e => !named.Contains(e.Key)).ToList())
        {
            entry.Aside = entry.Stored.Incarnation != manifest.Incarnation;
            if (entry.Aside) foreign.Add(entry.Key);
            else if (!entry.Item.Absent) await Accept(new ManifestItem(entry.Item.Kind, entry.Item.Id, manifest.Version),
                manifest.Incarnation, stop);
        }
        foreach (var thing in await drivers.Fabric.List(stop))
            if (table.Find(thing.Kind, thing.Id) is null) foreign.Add(ItemTable.Key(thing.Kind, thing.Id));
        var domains = (await drivers.Hypervisor.List(stop)).Select(s => s.Id).Concat(await drivers.Disks.List(stop));
        foreach (var backend in drivers.Volumes.Values.Where(backend => !backend.Shared))
            foreach (var id in await backend.List(stop))
                if (table.Find(ItemKinds.Volume, id) is null) foreign.Add(ItemTable.Key(ItemKinds.Volume, id));
        foreach (var id in await drivers.Balancers.List(stop))
            if (table.Find(ItemKinds.Balancer, id) is null) foreign.Add(ItemTable.Key(ItemKinds.Balancer, id));
        foreach (var id in domains)
            if (table.Find(ItemKinds.Domain, id) is null) foreign.Add(ItemTable.Key(ItemKinds.Domain, id));
        completeOwed = true;
        outbox.SetForeign(foreign);
    }

    /// <summary>The control plane said what should be here: guests that waited for its word may start.</summary>
    private void Spoken(CancellationToken stop)
    {
        if (steps.MayStart) return;
        steps.MayStart = true;
        foreach (var entry in table.All.Where(entry => entry.Item.Kind == ItemKinds.Domain).ToList()) Touch(entry, stop);
    }

    private async Task Answer(NodeRequest request, CancellationToken stop)
    {
        try
        {
            var bytes = request.Kind switch
            {
                "console" => await drivers.Hypervisor.ConsoleTail(request.Id, Math.Min(request.BytesMax, AgentLimits.ConsoleBytesMax), stop),
                "diagnostics" when await drivers.Hypervisor.Diagnose(request.Id, stop) is { } use =>
                    System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(use, NodeJson.Default.DomainDiagnostics),
                "interrupt" when await drivers.Hypervisor.Interrupt(request.Id, stop) => "sent"u8.ToArray(),
                "move" when await drivers.Hypervisor.Progress(request.Id, stop) is { } progress =>
                    System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(progress, NodeJson.Default.MoveProgress),
                "balancer" when await drivers.Balancers.Count(request.Id, stop) is { } counters =>
                    System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(counters, NodeJson.Default.BalancerCounters),
                "uptime" => System.Text.Encoding.UTF8.GetBytes(Machine.Uptime.Text(clock.GetUtcNow())),
                _ => [],
            };
            using var content = new MemoryStream(bytes);
            await Limited<bool>(async end => { await control.Answer(request.Ticket, content, end); return true; }, AgentLimits.CallLimit,
                stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            log.LogWarning(4502, "Request {Kind} for {Id} could not be answered: {Reason}", request.Kind, request.Id, failure.Message);
        }
        finally
        {
            answering.Remove(request.Ticket);
        }
    }

    /// <summary>Carries a console for as long as its viewer stays; a guest without one is said to have none by an empty answer.</summary>
    private async Task Carry(NodeRequest request, CancellationToken stop)
    {
        try
        {
            await using var console = await drivers.Hypervisor.OpenConsole(request.Id, request.Kind, stop);
            await control.Carry(request.Ticket, console, stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            log.LogInformation(4507, "The {Kind} console of {Id} ended: {Reason}", request.Kind, request.Id, failure.Message);
            await Answer(request with { Kind = "" }, stop);
        }
        finally
        {
            answering.Remove(request.Ticket);
        }
    }

    private async Task SendReports(CancellationToken stop)
    {
        while (true)
        {
            await outbox.Waiting(stop);
            await Task.Yield();   // what is under way finishes first, so that one report holds it all
            await Retrying("Reporting", () => Limited<bool>(async end =>
            {
                await outbox.Send(CompleteReport, () => completeOwed = false, end);
                return true;
            }, AgentLimits.CallLimit, stop), stop);
        }
    }

    private IReadOnlyList<ItemReport>? CompleteReport() =>
        completeOwed && table.All.All(e => !e.Working) ? [.. table.All.Select(e => e.Observed).OfType<ItemReport>()] : null;

    private async Task Keep(CancellationToken stop)
    {
        for (var reclaimed = clock.GetUtcNow(); ;)
        {
            await Task.Delay(AgentLimits.TrimEvery, clock, stop);
            try
            {
                await drivers.Hypervisor.Trim(stop);
                if (clock.GetUtcNow() - reclaimed < AgentLimits.ReclaimEvery) continue;
                reclaimed = clock.GetUtcNow();
                await drivers.Disks.Reclaim(table.All.SelectMany(Images).ToHashSet(), stop);
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                log.LogWarning(4503, "Tidying failed: {Reason}",
                failure.Message);
            }
        }
    }

    /// <summary>Images that an entry needs here.</summary>
    private static IEnumerable<string> Images(Entry entry)
    {
        if (entry.Item.Domain?.Root is { } root) yield return root.ImageDigest;
        // Once the volume is made, its own file says what it stands on.
        if (entry.Item.Volume?.Source?.Image is { } image && entry.Observed?.State != ItemState.Present) yield return image.Digest;
    }

    private async Task Retrying(string what, Func<Task> work, CancellationToken stop)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                log.LogWarning(4504, "{What} failed: {Reason}", what, failure.Message);
                await Task.Delay(BackOff(failures, AgentLimits.ReconnectMost, self.Node), clock, stop);
            }
        }
    }

    private async Task<T> Limited<T>(Func<CancellationToken, Task<T>> call, TimeSpan limit, CancellationToken stop)
    {
        using var expiry = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, stop);
        try { return await call(either.Token); }
        catch (OperationCanceledException)
            when (!stop.IsCancellationRequested)
        { throw new TimeoutException($"No answer within {limit.TotalSeconds} s."); }
    }

    // Jitter comes from the name, not from chance: nodes spread, and a simulation replays.
    private static TimeSpan BackOff(int failures, TimeSpan most, string name)
    {
        var seconds = Math.Min(AgentLimits.RetryFirst.TotalSeconds * Math.Pow(2, Math.Min(failures, 16)), most.TotalSeconds);
        var spread = name.Aggregate(failures, (hash, c) => ((hash * 31) + c) & 0xffff) / 65536.0;
        return TimeSpan.FromSeconds(seconds * (0.75 + (0.5 * spread)));
    }
}
