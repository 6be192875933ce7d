using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Applies nftables scripts to one namespace, each as (part of) one transaction; scripts that arrive while nft runs go together in
/// the next run.</summary>
internal sealed class NftQueue(ProcessRunner runner, string netns)
{
    private readonly List<Entry> waiting = [];
    private bool running;

    public Task Apply(string script)
    {
        var entry = new Entry(script, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        bool first;
        lock (waiting)
        {
            waiting.Add(entry);
            first = !running;
            running = true;
        }
        if (first) _ = Drain();
        return entry.Done.Task;
    }

    public async Task<string> List(IReadOnlyList<string> what, CancellationToken stop) =>
        await runner.Must("nsenter", ["--net=" + Netns.PathOf(netns), "nft", "-j", "list", .. what], stop);

    private async Task Drain()
    {
        while (true)
        {
            Entry[] batch;
            lock (waiting)
            {
                batch = [.. waiting];
                waiting.Clear();
                if (batch.Length == 0)
                {
                    running = false;
                    return;
                }
            }
            try
            {
                await Run(string.Concat(batch.Select(e => e.Script)));
                foreach (var entry in batch) entry.Done.SetResult();
            }
            catch (Exception failure) when (batch.Length == 1) { batch[0].Done.SetException(failure); }
            catch (Exception) { await OneByOne(batch); }
        }
    }

    // One bad script must not spoil its neighbours' transaction.
    private async Task OneByOne(Entry[] batch)
    {
        foreach (var entry in batch)
        {
            try
            {
                await Run(entry.Script);
                entry.Done.SetResult();
            }
            catch (Exception failure) { entry.Done.SetException(failure); }
        }
    }

    private Task<string> Run(string script) =>
        runner.Must("nsenter", ["--net=" + Netns.PathOf(netns), "nft", "-f", "-"], CancellationToken.None, script);

    private sealed record Entry(string Script, TaskCompletionSource Done);
}
