using Sovereign.LoadBalancer.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.LoadBalancer.Trees;

/// <summary>Operating states of a tree from what its node sees: no I/O.</summary>
internal static class Health
{
    /// <summary>State of each part by id, the balancer's own among them.</summary>
    public static Dictionary<string, string> Of(Tree tree, BalancerSight sight)
    {
        var down = sight.Down.ToHashSet(StringComparer.Ordinal);
        var states = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pool in tree.Of(Kinds.Pool))
        {
            foreach (var member in tree.Of(Kinds.Member, pool.Id)) states[member.Id] = Member(tree, pool, member, down);
            states[pool.Id] = Pool(tree, pool, states);
        }

        foreach (var part in tree.Parts.Where(part => part.Kind is Kinds.Monitor or Kinds.Policy or Kinds.Rule)) states[part.Id] = Switched(part.Enabled);
        foreach (var listener in tree.Of(Kinds.Listener))
        {
            states[listener.Id] = listener.Enabled && tree.Balancer.Enabled ? Operating.Online : Operating.Offline;
        }

        var pools = tree.Of(Kinds.Pool).Select(pool => states[pool.Id]).ToList();
        states[tree.Balancer.Id] = !tree.Balancer.Enabled ? Operating.Offline
            : pools.Contains(Operating.Error) ? Operating.Error
            : pools.Contains(Operating.Degraded) ? Operating.Degraded
            : Operating.Online;
        return states;
    }

    private static string Member(Tree tree, PartRow pool, PartRow member, HashSet<string> down)
    {
        if (!member.Enabled || !pool.Enabled || !tree.Balancer.Enabled) return Operating.Offline;
        if (tree.MonitorOf(pool.Id) is not { Enabled: true, Going: false }) return Operating.NoMonitor;
        // Nobody looks at the members of a pool that no listener leads to.
        if (!tree.ListenersOf(pool.Id).Any()) return Operating.Offline;
        if (down.Contains(member.Id)) return Operating.Error;
        return System.Text.Json.JsonSerializer.Deserialize(member.Spec, BalancerJson.Wire.MemberView)!.Weight == 0 ? Operating.Draining : Operating.Online;
    }

    private static string Pool(Tree tree, PartRow pool, Dictionary<string, string> states)
    {
        if (!pool.Enabled || !tree.Balancer.Enabled || !tree.ListenersOf(pool.Id).Any()) return Operating.Offline;
        var members = tree.Of(Kinds.Member, pool.Id).Select(member => states[member.Id]).Where(state => state != Operating.Offline).ToList();
        var failed = members.Count(state => state == Operating.Error);
        return failed == 0 ? Operating.Online : failed == members.Count ? Operating.Error : Operating.Degraded;
    }

    private static string Switched(bool enabled) => enabled ? Operating.Online : Operating.Offline;
}
