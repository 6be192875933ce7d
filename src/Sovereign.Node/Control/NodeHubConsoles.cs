using System.Collections.Concurrent;
using System.IO.Pipelines;
using Sovereign.Kernel.Outcomes;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Control;

/// <summary>Consoles: asked for like a one-shot read, then carried on a stream that the node opens.</summary>
public sealed partial class NodeHub
{
    /// <summary>Who waits for a node to open a console, by ticket; null says that it can't.</summary>
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ConsoleLine?>> awaited = new(StringComparer.Ordinal);

    public async Task<Outcome<ConsoleLine>> OpenConsole(string nodeId, string kind, string id, CancellationToken stop)
    {
        if (!nodes.TryGetValue(nodeId, out var state) || !Current(state).Up) return new Fault.Unavailable("The node of this resource is away; try again later.");
        var request = new NodeRequest(kernel.Ids.Hex(), kind, id, 0);
        var line = new TaskCompletionSource<ConsoleLine?>(TaskCreationOptions.RunContinuationsAsynchronously);
        awaited[request.Ticket] = line;
        try
        {
            using var timer = kernel.Clock.CreateTimer(_ => line.TrySetResult(null), null, answerWait, Timeout.InfiniteTimeSpan);
            using var stopping = stop.Register(() => line.TrySetCanceled(stop));
            state.Requests.Enqueue(request);
            Wake(nodeId);
            return await line.Task is { } open ? open : new Fault.Unavailable("The console could not be opened: its guest does not run, or its node did not answer.");
        }
        finally
        {
            awaited.TryRemove(request.Ticket, out _);
        }
    }

    public async Task Carry(string ticket, Stream console, CancellationToken stop)
    {
        var (up, down) = (new Pipe(), new Pipe());
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var joined = Join(ticket, up.Reader.AsStream(), down.Writer.AsStream(), ended.Token);
        await Task.WhenAny(joined, Pump.Copy(console, up.Writer.AsStream(), ended.Token), Pump.Copy(down.Reader.AsStream(), console, ended.Token));
        await up.Writer.CompleteAsync();
        await ended.CancelAsync();
    }

    /// <summary>True while somebody waits for this console.</summary>
    internal bool Awaits(string ticket) => awaited.ContainsKey(ticket);

    /// <summary>Gives the node's stream to whoever waits for it; done when it is hung up.</summary>
    internal async Task Join(string ticket, Stream fromGuest, Stream toGuest, CancellationToken stop)
    {
        using var line = new ConsoleLine(fromGuest, toGuest);
        if (awaited.TryRemove(ticket, out var waiting) && waiting.TrySetResult(line)) await line.HungUp.WaitAsync(stop);
    }

    private void Refuse(string ticket)
    {
        if (awaited.TryRemove(ticket, out var waiting)) waiting.TrySetResult(null);
    }
}
