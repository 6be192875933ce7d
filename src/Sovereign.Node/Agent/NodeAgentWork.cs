using Microsoft.Extensions.Logging;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>The work on items: each has at most one step under way, and is looked at again whenever something it depends on
/// moved.</summary>
public sealed partial class NodeAgent
{
    private void OnChanged(string domainId, CancellationToken stop)
    {
        if (table.Find(ItemKinds.Domain, domainId) is { } entry) Touch(entry, stop);
        foreach (var swap in table.All.Where(swap => swap.Item.VolumeSwap?.DomainId == domainId).ToList()) Touch(swap, stop);
        if (table.DepartureOf(domainId) is { } departure) Touch(departure, stop);
    }

    private void OnBalancer(string id, CancellationToken stop)
    {
        if (!stop.IsCancellationRequested && table.Find(ItemKinds.Balancer, id) is { } entry) Touch(entry, stop);
    }

    private void Touch(Entry entry, CancellationToken stop)
    {
        entry.Dirty = true;
        if (entry.Working) return;
        entry.Working = true;
        Track(Work(entry, stop));
    }

    private void Track(Task task)
    {
        if (task.IsCompleted) return;
        background.Add(task);
        _ = Untrack(task);
    }

    private async Task Untrack(Task task)
    {
        try { await task; }
        catch (OperationCanceledException) { /* told to stop */ }
        finally { background.Remove(task); }
    }

    private async Task Work(Entry entry, CancellationToken stop)
    {
        var slots = entry.Item.Kind switch
        {
            ItemKinds.Domain => domainSlots,
            ItemKinds.Snapshot or ItemKinds.Carry or ItemKinds.VolumeContent => snapshotSlots,
            ItemKinds.Volume or ItemKinds.VolumeSnapshot or ItemKinds.VolumeSwap => volumeSlots,
            _ => otherSlots
        };
        while (entry.Dirty && !entry.Aside)
        {
            entry.Dirty = false;
            await slots.Enter(stop);
            try { await WorkOnce(entry, stop); }
            finally { slots.Leave(); }
        }
        entry.Working = false;
        if (completeOwed) outbox.Wake();
    }

    private async Task WorkOnce(Entry entry, CancellationToken stop)
    {
        try
        {
            var item = entry.Item;
            var result = await steps.Step(entry, stop);
            entry.Failures = 0;
            if (result.Again is { } again) Track(Later(entry, again, stop));
            if (result.Report is { } report)
            {
                if (report.State == ItemState.Absent && ReferenceEquals(item, entry.Item)) await Forgotten(entry, stop);
                Observe(entry, report, stop);
            }
            else if (result.WaitsFor is { } key) WaitFor(entry, key);
            else if (entry.PowerOffAt is { } at) Track(Later(entry, at - clock.GetUtcNow(), stop));
        }
        catch (ControlPlaneAwayException away) when (!stop.IsCancellationRequested)
        {
            log.LogInformation(4506, "{Kind} {Id} waits for the control plane: {Reason}", entry.Item.Kind, entry.Item.Id, away.Message);
            Track(Later(entry, BackOff(entry.Failures++, AgentLimits.ReconnectMost, entry.Item.Id), stop));
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            log.LogWarning(4505, "{Kind} {Id}: {Reason}", entry.Item.Kind, entry.Item.Id, failure.Message);
            Observe(entry, new ItemReport(entry.Item.Kind, entry.Item.Id, entry.Item.Version, ItemState.Error, failure.Message,
                entry.Observed?.RebootCount ?? 0), stop);
            Track(Later(entry, BackOff(entry.Failures++, AgentLimits.RetryMost, entry.Item.Id), stop));
        }
    }

    private void WaitFor(Entry entry, string key)
    {
        table.Waits(entry, key);
        // It may have come while this step looked elsewhere.
        if (entry.Item.Absent ? table.Find(key) is null : table.Find(key)?.Observed?.State == ItemState.Present) entry.Dirty = true;
    }

    private void Observe(Entry entry, ItemReport report, CancellationToken stop)
    {
        var changed = entry.Observed != report;
        entry.Observed = report;
        if (!changed) return;
        outbox.Add(report);
        foreach (var waiter in table.TakeWaiters(entry.Key)) Touch(waiter, stop);
    }

    private async Task Forgotten(Entry entry, CancellationToken stop)
    {
        await store.Forget(entry.Item.Kind, entry.Item.Id, stop);
        if (entry.Item.Absent && !entry.Dirty) table.Remove(entry);
    }

    private async Task RememberHalt(Entry entry, long version)
    {
        entry.Stored = entry.Stored with { HaltedVersion = version };
        await store.Save(entry.Stored, CancellationToken.None);
    }

    private async Task Later(Entry entry, TimeSpan delay, CancellationToken stop)
    {
        await Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.FromMilliseconds(1), clock, stop);
        if (ReferenceEquals(table.Find(entry.Key), entry)) Touch(entry, stop);
    }
}
