using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Node.Control;

/// <summary>Nodes where several control planes serve one database: an agent speaks to one of them, and the others learn of it from the database.</summary>
public sealed partial class NodeHub
{
    /// <summary>Less than a node may be silent, by enough for two that fail.</summary>
    private static readonly TimeSpan tellEvery = TimeSpan.FromSeconds(3);

    /// <summary>Tells which nodes answer here; learns which answer elsewhere, and wakes those that have something to hear.</summary>
    internal async Task<string?> CatchUp(CancellationToken stop)
    {
        Members.Load();
        var rows = store.Nodes();
        var now = kernel.Clock.Now();
        var told = new List<string>();
        foreach (var row in rows)
        {
            var state = nodes.GetOrAdd(row.Id, _ => new NodeState(kernel.Clock, Info(row), 0));
            state.Info = Info(row);
            state.SeenElsewhereAt = row.SeenAt;
            if (row.Version > state.KnownVersion)
            {
                state.KnownVersion = row.Version;
                state.Wake.Raise();
            }

            var here = Volatile.Read(ref state.Polls) > 0 || now - state.SeenAt <= Micros.Of(tellEvery);
            if (here && now - row.SeenAt > Micros.Of(tellEvery)) told.Add(row.Id);
        }

        foreach (var gone in nodes.Keys.Except(rows.Select(row => row.Id)).ToList()) nodes.TryRemove(gone, out _);
        if (told.Count == 0) return null;
        await kernel.Queue.Write<Done>("node.seen", Origin.System, tx =>
        {
            foreach (var id in told) ManifestStore.Seen(tx, id);
            return Done.Value;
        }, stop);
        return null;
    }
}
