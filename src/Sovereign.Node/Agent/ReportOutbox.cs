using Sovereign.Node.Contract;

namespace Sovereign.Node.Agent;

/// <summary>Observations on their way to the control plane: sent as soon as they are true; what gathers while a report is under way goes in
/// the next.</summary>
internal sealed class ReportOutbox(IControlPlane control, string node)
{
    /// <summary>Observations in one report.</summary>
    public const int ItemsMax = 1000;

    private readonly Dictionary<string, ItemReport> waiting = [];
    private readonly List<string> foreign = [];
    // Without asynchronous continuations: they would run on the pool and not on the agent's own context.
    private TaskCompletionSource work = new();
    private bool foreignChanged;

    public void Add(ItemReport report)
    {
        waiting[ItemTable.Key(report.Kind, report.Id)] = report;
        Wake();
    }

    public void SetForeign(IEnumerable<string> names)
    {
        foreign.Clear();
        foreign.AddRange(names);
        foreignChanged = true;
        Wake();
    }

    /// <summary>Version of the last manifest that was taken in as a whole.</summary>
    public long Heard { get; set; }

    public void Wake() => work.TrySetResult();

    /// <summary>Sends what there is; what could not be sent stays.</summary>
    /// <param name="all">All observations when everything has been looked at since the last (re)connect; else null.</param>
    public async Task Send(Func<IReadOnlyList<ItemReport>?> all, Action completed, CancellationToken stop)
    {
        if (work.Task.IsCompleted) work = new TaskCompletionSource();
        var (complete, heard) = (all(), Heard);
        if (complete is null && waiting.Count == 0 && !foreignChanged) return;
        var batch = complete ?? [.. waiting.Values.Take(ItemsMax)];
        foreach (var item in batch) waiting.Remove(ItemTable.Key(item.Kind, item.Id));
        if (waiting.Count > 0) Wake();
        try
        {
            foreignChanged = false;
            await control.Report(new NodeReport(node, complete is not null, batch, [.. foreign]) { Heard = heard }, stop);
            if (complete is not null) completed();
        }
        catch
        {
            foreignChanged = true;
            foreach (var item in batch) waiting.TryAdd(ItemTable.Key(item.Kind, item.Id), item);
            Wake();
            throw;
        }
    }

    public Task Waiting(CancellationToken stop) => work.Task.WaitAsync(stop);
}
