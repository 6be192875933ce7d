using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Moving;

namespace Sovereign.Testing.Simulated;

/// <summary>Virtual machines in memory that go from one machine to another.</summary>
public sealed partial class SimulatedHypervisor
{
    public Task Receive(DomainSpec domain, DomainDisks disks, CancellationToken stop) => world.Effect("hypervisor.receive", () =>
    {
        if ((domain.Root is not null && !world.Disks.ContainsKey(domain.Id)) || domain.Nics.Any(n => !world.Ports.ContainsKey(n.PortId)))
            throw new InvalidOperationException($"Domain {domain.Id} is received before its disk and its ports are made.");
        if (world.Domains.TryGetValue(domain.Id, out var known) && known.Migration == domain.Arrival!.Migration)
        {
            if (known.Power == DomainPower.Arriving) return;
            throw new Node.Machine.NodeException($"The process that waited for {domain.Id} ended.");
        }
        world.Domains[domain.Id] = new SimulatedDomain
        {
            Power = DomainPower.Arriving, Migration = domain.Arrival!.Migration, Boots = domain.RebootCount, Nics = [.. domain.Nics.Select(n => n.PortId)],
        };
    });

    public Task<Stream> OpenArrival(string id, string way, CancellationToken stop) => Task.FromResult<Stream>(new SimulatedWay(world, id));

    public Task Take(DomainSpec domain, CancellationToken stop) => world.Effect("hypervisor.take", () =>
    {
        var known = world.Domains[domain.Id];
        if (known.Power != DomainPower.Arriving) return;
        if (!known.Arrived) throw new InvalidOperationException($"Domain {domain.Id} is taken before it arrived.");
        known.Power = domain.Power == PowerTarget.Paused ? DomainPower.Paused : DomainPower.Running;
    });

    public async Task Leave(DomainSpec domain, MoveOrder order, CancellationToken giveUp)
    {
        await world.Effect("hypervisor.mirror", () =>
        {
            if (world.Domains[domain.Id].Power is not (DomainPower.Running or DomainPower.Paused))
                throw new InvalidOperationException($"Domain {domain.Id} leaves and does not run.");
        });
        await using var way = (SimulatedWay)await order.Enter(MoveWays.Disks, giveUp);
        await Task.WhenAny(world.MovesMayEnd, order.Forced).WaitAsync(giveUp);
        await world.Effect("hypervisor.leave", () =>
        {
            giveUp.ThrowIfCancellationRequested();
            if (world.Domains[domain.Id].Power is not (DomainPower.Running or DomainPower.Paused)) throw new Node.Machine.NodeException("The guest ended.");
            if (!way.Machine.Domains.TryGetValue(domain.Id, out var there) || there.Power != DomainPower.Arriving)
                throw new Node.Machine.NodeException($"Nothing waits for {domain.Id}.");
            there.Arrived = true;
            there.Starts = world.Domains[domain.Id].Starts;
            world.Domains[domain.Id].Power = DomainPower.Departed;
        });
    }

    public Task Stay(DomainSpec domain, CancellationToken stop) => world.Effect("hypervisor.stay", () =>
    {
        if (world.Domains.TryGetValue(domain.Id, out var known) && known.Power == DomainPower.Departed)
            known.Power = domain.Power == PowerTarget.Paused ? DomainPower.Paused : DomainPower.Running;
    });

    public Task<MoveProgress?> Progress(string id, CancellationToken stop) => Task.FromResult<MoveProgress?>(
        world.Domains.TryGetValue(id, out var domain) && domain.Power is DomainPower.Running or DomainPower.Paused ? new MoveProgress(6, 3, 3, 8, 4, 4) : null);
}

/// <summary>A way to a machine in memory, on which nothing needs to pass.</summary>
public sealed class SimulatedWay(SimulatedMachine machine, string id) : MemoryStream
{
    public SimulatedMachine Machine => machine;

    public string Domain => id;
}

/// <summary>Doors of machines in memory; all that share a street reach each other. Doors end with the process that opened them.</summary>
public sealed class SimulatedDoors : IDoors
{
    private readonly Dictionary<string, Func<string, CancellationToken, Task<Stream>>> street;
    private readonly string address;

    public SimulatedDoors(Dictionary<string, Func<string, CancellationToken, Task<Stream>>> street, string address)
    {
        (this.street, this.address) = (street, address);
        Shut(address + "/");
    }

    public Task<DoorSpec> Open(ArrivalSpec arrival, Func<string, CancellationToken, Task<Stream>> inside, CancellationToken stop)
    {
        street[$"{address}/{arrival.Migration}/{arrival.Key}"] = inside;
        return Task.FromResult(new DoorSpec(address, 49152, new string('c', 64)));
    }

    public Task Close(string migration)
    {
        Shut($"{address}/{migration}/");
        return Task.CompletedTask;
    }

    public Task<Stream> Enter(DoorSpec door, string key, string way, CancellationToken stop) =>
        street.FirstOrDefault(open => open.Key.StartsWith(door.Address + "/", StringComparison.Ordinal) && open.Key.EndsWith("/" + key, StringComparison.Ordinal)).Value
            is { } inside ? inside(way, stop) : throw new Node.Machine.NodeException("The door is closed.");

    private void Shut(string start)
    {
        foreach (var key in street.Keys.Where(key => key.StartsWith(start, StringComparison.Ordinal)).ToList()) street.Remove(key);
    }
}
