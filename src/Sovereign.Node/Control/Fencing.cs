using Sovereign.Node.Machine;

namespace Sovereign.Node.Control;

/// <summary>What a fencing driver said.</summary>
/// <param name="Off">True: the machine runs nothing any more. Anything but certainty is false.</param>
/// <param name="Why">A sentence for the operator and the journal.</param>
public sealed record FenceAnswer(bool Off, string Why);

/// <summary>Makes sure that a node that does not answer runs nothing any more. Nothing starts elsewhere without its positive answer.</summary>
public interface IFencing
{
    Task<FenceAnswer> Fence(NodeInfo node, CancellationToken stop);
}

/// <summary>The operator's own word.</summary>
public sealed class ConfirmedFencing : IFencing
{
    public Task<FenceAnswer> Fence(NodeInfo node, CancellationToken stop) => Task.FromResult(new FenceAnswer(true, "confirmed by the operator"));
}

/// <summary>No driver: nothing is ever certain.</summary>
public sealed class NoFencing : IFencing
{
    public Task<FenceAnswer> Fence(NodeInfo node, CancellationToken stop) => Task.FromResult(new FenceAnswer(
        false, "No fencing command is configured (fence_command). When you have made sure that the machine is off, say so: --confirmed"));
}

/// <summary>A program of the operator (IPMI, Redfish, a switch): started with the node's name, id and underlay address, and exit code 0 says that it is off.</summary>
public sealed class CommandFencing(string program, TimeProvider clock) : IFencing
{
    private static readonly TimeSpan limit = TimeSpan.FromMinutes(2);
    private readonly ProcessRunner runner = new(clock);

    public async Task<FenceAnswer> Fence(NodeInfo node, CancellationToken stop)
    {
        try
        {
            var result = await runner.Run(program, [node.HostName, node.Id, node.Facts.HostAddress], stop, limit: limit);
            return result.ExitCode == 0
                ? new FenceAnswer(true, $"{program} says so")
                : new FenceAnswer(false, $"{program} ended with code {result.ExitCode}: {(result.Error.Length > 0 ? result.Error : result.Output).Trim()}");
        }
        catch (NodeException failure)
        {
            return new FenceAnswer(false, failure.Message);
        }
    }
}
