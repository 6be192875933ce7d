using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>Domains that run while they go from one node to another. Neither node decides whose a domain is: the manifests say so (docs/decisions/0105).</summary>
internal sealed partial class ItemSteps
{
    /// <summary>Domains that are on their way from here, by the departure's id. They end with this process; what they left behind is cleared by the next
    /// try.</summary>
    private readonly Dictionary<string, Move> moves = new(StringComparer.Ordinal);

    /// <summary>Has an entry looked at again.</summary>
    public Action<Entry> Again { get; set; } = _ => { };

    /// <summary>Gives up what is on its way: this process ends.</summary>
    public Task EndMoves() => Task.WhenAll(moves.Keys.ToList().Select(EndMove));

    /// <summary>A domain that comes or goes is not worked on otherwise; null: it does neither.</summary>
    private async Task<StepResult?> OnItsWay(Entry entry, DomainSpec domain, DomainSight sight, CancellationToken stop)
    {
        if (domain.Arrival is { Here: false } arrival) return await Receive(entry, domain, arrival, sight, stop);
        if (domain.Arrival is { } came)
        {
            await drivers.Doors.Close(came.Migration);
            // A new one would hide that what came is lost.
            if (sight.Power == DomainPower.Absent) throw new NodeException($"What came of {domain.Id} from its old node is gone from this one.");
        }

        if (sight.Power == DomainPower.Arriving)
        {
            var here = domain.Arrival?.Migration == sight.Migration && sight.Boots >= domain.RebootCount && domain.Power is PowerTarget.Running or PowerTarget.Paused;
            if (here) return await Take(entry, domain, stop);
            // It is wanted otherwise than as what came.
            await EndArrival(domain.Id, sight, stop);
            return null;
        }

        if (sight.Power == DomainPower.Departed) return StepResult.Seen(entry, ItemState.Departed, sight.Boots);
        return table.DepartureOf(domain.Id) is not null && sight.Power is DomainPower.Running or DomainPower.Paused
            ? StepResult.Seen(entry, domain.Power == PowerTarget.Paused ? ItemState.Paused : ItemState.Running, sight.Boots) : null;
    }

    /// <summary>Makes everything ready for a domain that comes, and says at which door.</summary>
    private async Task<StepResult> Receive(Entry entry, DomainSpec domain, ArrivalSpec arrival, DomainSight sight, CancellationToken stop)
    {
        if (sight.Power != DomainPower.Absent && sight.Migration != arrival.Migration)
        {
            // Of an earlier time that it was here: it is another node's now.
            await EndArrival(domain.Id, sight, stop);
            await drivers.Disks.Remove(domain.Id, stop);
            await drivers.Hypervisor.Remove(domain.Id, stop);
        }

        if (!MayStart) return StepResult.Wait(null);
        foreach (var nic in domain.Nics)
            if (Missing(ItemKinds.Port, nic.PortId) is { } port) return StepResult.Wait(port);
        if (VolumeMissing(domain) is { } volume) return StepResult.Wait(volume);
        await drivers.Hypervisor.Receive(domain, await Disks(domain, stop) with { Volumes = await Places(domain, stop) }, stop);
        var door = await drivers.Doors.Open(arrival, (way, end) => drivers.Hypervisor.OpenArrival(domain.Id, way, end), stop);
        return new StepResult(new ItemReport(entry.Item.Kind, entry.Item.Id, entry.Item.Version, ItemState.Arriving, door.Text, domain.RebootCount), null);
    }

    private async Task EndArrival(string domainId, DomainSight sight, CancellationToken stop)
    {
        if (sight.Migration is { } migration) await drivers.Doors.Close(migration);
        await drivers.Hypervisor.Kill(domainId, stop);
    }

    private async Task<StepResult> Take(Entry entry, DomainSpec domain, CancellationToken stop)
    {
        await drivers.Hypervisor.Take(domain, stop);
        if (entry.Stored.HaltedVersion >= 0) await rememberHalt(entry, -1);
        return StepResult.Seen(entry, domain.Power == PowerTarget.Paused ? ItemState.Paused : ItemState.Running, domain.RebootCount);
    }

    private async Task<StepResult> Departure(Entry entry, CancellationToken stop)
    {
        if (entry.Item.Departure is not { } departure)
        {
            await EndMove(entry.Item.Id);
            if (entry.Stored.Spec.Departure is { } was && table.Find(ItemKinds.Domain, was.DomainId) is { } left) Again(left);
            return StepResult.Seen(entry, ItemState.Absent);
        }

        if (table.Find(ItemKinds.Domain, departure.DomainId)?.Item.Domain is not { } domain)
            throw new NodeException($"The server {departure.DomainId} is not on this node: it can't leave.");
        if (departure.Stay)
        {
            await EndMove(departure.Id);
            await drivers.Hypervisor.Stay(domain, stop);
            return StepResult.Seen(entry, ItemState.Present);
        }

        return await Leave(entry, departure, domain, stop);
    }

    private async Task<StepResult> Leave(Entry entry, DepartureSpec departure, DomainSpec domain, CancellationToken stop)
    {
        var sight = await drivers.Hypervisor.Look(departure.DomainId, stop);
        if (sight.Power == DomainPower.Departed) return StepResult.Seen(entry, ItemState.Departed);
        if (!moves.TryGetValue(departure.Id, out var move))
        {
            if (departure.Door is not { } door) return Remains(entry, $"The server {departure.DomainId} has nowhere to go.");
            if (sight.Power is not (DomainPower.Running or DomainPower.Paused)) return Remains(entry, $"The server {departure.DomainId} does not run: it can't leave.");
            var begun = moves[departure.Id] = move = new Move();
            var order = new MoveOrder((way, end) => drivers.Doors.Enter(door, departure.Key, way, end), begun.Forced.Task);
            begun.Work = drivers.Hypervisor.Leave(domain, order, begun.GivenUp.Token);
            _ = Ended(begun, entry);
        }

        if (departure.Force) move.Forced.TrySetResult();
        if (!move.Work.IsCompleted) return StepResult.Wait(null);
        return move.Work.IsCompletedSuccessfully ? StepResult.Seen(entry, ItemState.Departed)
            : Remains(entry, move.Work.Exception?.InnerException?.Message ?? "The move was given up.");
    }

    // Reported, and not tried again by itself: the control plane decides what follows.
    private static StepResult Remains(Entry entry, string why) =>
        new(new ItemReport(entry.Item.Kind, entry.Item.Id, entry.Item.Version, ItemState.Error, why), null);

    private async Task Ended(Move move, Entry entry)
    {
        try { await move.Work; }
        catch (Exception) when (move.Work.IsCompleted) { /* the step says why */ }
        Again(entry);
    }

    private async Task EndMove(string id)
    {
        if (!moves.Remove(id, out var move)) return;
#pragma warning disable CA1849 // The other one leaves the agent's own context.
        move.GivenUp.Cancel();
#pragma warning restore CA1849
        try { await move.Work; }
        catch (Exception) when (move.Work.IsCompleted) { /* given up, or it had failed */ }
        move.GivenUp.Dispose();
    }

    private sealed class Move
    {
        public Task Work { get; set; } = Task.CompletedTask;

        public CancellationTokenSource GivenUp { get; } = new();

        // Without asynchronous continuations: they would run on the pool and not on the agent's own context.
        public TaskCompletionSource Forced { get; } = new();
    }
}
