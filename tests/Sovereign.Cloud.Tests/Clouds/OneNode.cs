using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Serve;
using Sovereign.Testing.Simulated;

namespace Sovereign.Cloud.Tests.Clouds;

/// <summary>The agent of one machine on simulated drivers, as a cloud in process needs it.</summary>
internal static class OneNode
{
    /// <summary>Says hello and runs until it is stopped. The agent's code is written for one step at a time: a scheduler of its own gives it that.</summary>
    public static async Task<Task> Start(Composition house, NodeFacts facts, SimulatedMachine machine, CancellationToken stop)
    {
        var welcome = await house.Node.Hub.Hello(facts, stop);
        var drivers = new NodeDrivers(new SimulatedHypervisor(machine), new SimulatedFabric(machine), new SimulatedDisks(machine))
        {
            Balancers = new SimulatedBalancers(machine),
            Volumes = SimulatedVolumes.Of(machine, [.. (facts.Backends ?? []).Select(backend => backend.Name)]),
        };
        var node = new NodeAgent(
            house.Node.Hub, drivers, new SimulatedStore(machine), welcome, new GuestDirectory(), new AgentLimits(), TimeProvider.System, NullLogger.Instance);
        return Task.Factory.StartNew(
            () => node.Run(facts, stop), stop, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();
    }
}
