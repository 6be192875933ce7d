using Sovereign.Node.Contract;

namespace Sovereign.Node.Moving;

/// <summary>Where domains come in from other nodes: a door is open for one migration, for its duration.</summary>
public interface IDoors
{
    /// <summary>Opens the door, once; the same again is fine.</summary>
    /// <param name="inside">Opens the way on to the process that waits.</param>
    Task<DoorSpec> Open(ArrivalSpec arrival, Func<string, CancellationToken, Task<Stream>> inside, CancellationToken stop);

    /// <summary>Closes the door and ends whoever passes it; absent is fine.</summary>
    Task Close(string migration);

    /// <summary>Passes another node's door.</summary>
    /// <param name="way">One of <see cref="Hypervisor.MoveWays"/>.</param>
    Task<Stream> Enter(DoorSpec door, string key, string way, CancellationToken stop);
}

/// <summary>No domain comes to this node or leaves it.</summary>
public sealed class ClosedDoors : IDoors
{
    public Task<DoorSpec> Open(ArrivalSpec arrival, Func<string, CancellationToken, Task<Stream>> inside, CancellationToken stop) =>
        throw new Machine.NodeException("Nothing can come to this node from another one.");

    public Task Close(string migration) => Task.CompletedTask;

    public Task<Stream> Enter(DoorSpec door, string key, string way, CancellationToken stop) =>
        throw new Machine.NodeException("Nothing can go from this node to another one.");
}
