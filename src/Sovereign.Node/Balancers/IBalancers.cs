using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Balancers;

/// <summary>Load balancers of one node. Every call is idempotent: a crash may come before or after it, and it may be made again.</summary>
public interface IBalancers
{
    /// <summary>Told when one changed by itself: its process ended, a member went down or came up. From any thread.</summary>
    Action<string>? Changed { get; set; }

    /// <summary>Makes it as the spec says, whatever was there; open connections go on. Its port is there already.</summary>
    /// <returns>What it sees of its members.</returns>
    /// <exception cref="NodeException">It can't be; what ran before goes on.</exception>
    Task<BalancerSight> Ensure(BalancerSpec balancer, CancellationToken stop);

    /// <summary>Ends it and leaves nothing of it; absent is fine.</summary>
    Task Remove(string id, CancellationToken stop);

    /// <summary>Null when it does not run.</summary>
    Task<BalancerCounters?> Count(string id, CancellationToken stop);

    /// <summary>All that are on this machine.</summary>
    Task<IReadOnlyList<string>> List(CancellationToken stop);
}

/// <summary>A node that has no load balancers.</summary>
public sealed class NoBalancers : IBalancers
{
    public Action<string>? Changed { get; set; }

    public Task<BalancerSight> Ensure(BalancerSpec balancer, CancellationToken stop) =>
        throw new NodeException("This node has no driver for load balancers.");

    public Task Remove(string id, CancellationToken stop) => Task.CompletedTask;

    public Task<BalancerCounters?> Count(string id, CancellationToken stop) => Task.FromResult<BalancerCounters?>(null);

    public Task<IReadOnlyList<string>> List(CancellationToken stop) => Task.FromResult<IReadOnlyList<string>>([]);
}
