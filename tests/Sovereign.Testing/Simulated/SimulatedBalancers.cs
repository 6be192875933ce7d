using Sovereign.Node.Balancers;
using Sovereign.Node.Contract;

namespace Sovereign.Testing.Simulated;

/// <summary>Load balancers in memory.</summary>
public sealed class SimulatedBalancers(SimulatedMachine world) : IBalancers
{
    public Action<string>? Changed
    {
        get => world.BalancerChanged;
        set => world.BalancerChanged = value;
    }

    public async Task<BalancerSight> Ensure(BalancerSpec balancer, CancellationToken stop)
    {
        await world.Effect("balancers.ensure", () =>
        {
            if (world.Ports.GetValueOrDefault(balancer.PortId)?.Held != true)
                throw new InvalidOperationException($"Load balancer {balancer.Id} is made before its port.");
            world.Balancers[balancer.Id] = balancer;
        });
        return new BalancerSight([.. balancer.Pools.Where(pool => pool.Monitor is not null).SelectMany(pool => pool.Members)
            .Where(member => world.DeadMembers.Contains(member.Address)).Select(member => member.Id).Distinct().Order(StringComparer.Ordinal)]);
    }

    public Task Remove(string id, CancellationToken stop) => world.Effect("balancers.remove", () => world.Balancers.Remove(id));

    public Task<BalancerCounters?> Count(string id, CancellationToken stop) => Task.FromResult(world.Balancers.TryGetValue(id, out var balancer)
        ? new BalancerCounters([.. balancer.Listeners.Select(listener => new ListenerCounters(listener.Id, 0, 0, 0, 0, 0))]) : null);

    public Task<IReadOnlyList<string>> List(CancellationToken stop) =>
        Task.FromResult<IReadOnlyList<string>>([.. world.Balancers.Keys.Order(StringComparer.Ordinal)]);
}
