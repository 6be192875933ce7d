using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.LoadBalancer.L7Rules;
using Sovereign.LoadBalancer.Listeners;
using Sovereign.LoadBalancer.Pools;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.L7Policies;

/// <summary>Policies of layer 7: what a listener does with requests that fulfil all rules of one, the first by position.</summary>
internal sealed class PolicyRoom(PoolRoom pools, RuleRoom rules) : Room<PolicyWish, PolicyView>(
    Kinds.Policy, "l7policies", "/lbaas/l7policies",
    TreeStore.Parts("action", new("listener_id", "p.parent_id", Nullable: true), new("redirect_pool_id", "p.reference_id", Nullable: true),
        new("position", "p.position", ColumnKind.Number)),
    BalancerJson.Wire.PolicyWish, BalancerJson.Wire.PolicyView)
{
    public const string Reject = "REJECT";
    public const string ToPool = "REDIRECT_TO_POOL";
    public const string ToUrl = "REDIRECT_TO_URL";
    public const string Prefix = "REDIRECT_PREFIX";
    private const int UrlCharsMax = 2048;

    public override Outcome<(string Kind, string Id)> Above(PolicyWish wish, string? parentId) =>
        wish.ListenerId.Value is { } listener ? (Kinds.Listener, listener) : Faults.Required("listener_id");

    public override Outcome<PartRow> Make(TreeWork work, string aboveId, PolicyWish wish)
    {
        if (wish.Action.Value is null) return Faults.Required("action");
        var listener = work.Tree.Find(Kinds.Listener, aboveId)!;
        if (listener.Type is not (ListenerRoom.Http or ListenerRoom.Terminated))
        {
            return Faults.Validation($"L7 policies read HTTP, which a listener of protocol {listener.Type} does not.");
        }

        var row = new PartRow { Kind = Kind, ParentId = aboveId, Position = int.MaxValue };
        if (wish.RedirectPool.Value is { } described)
        {
            var pool = pools.Named(work, described) is { } known ? known : pools.Make(work, work.Tree.Balancer.Id, described);
            if (pool.Fault is { } noPool) return noPool;
            row = row with { ReferenceId = pool.Value.Id };
        }

        var added = Fill(work, row, new PolicyView(), wish).Then(work.Add);
        if (added.Fault is not null) return added;
        Place(work, added.Value, wish.Position.Value);
        foreach (var rule in wish.Rules.Value ?? [])
        {
            if (rules.Make(work, added.Value.Id, rule).Fault is { } noRule) return noRule;
        }

        return work.Tree.Find(Kind, added.Value.Id)!;
    }

    public override Outcome<PartRow> Change(TreeWork work, PartRow old, PolicyWish wish)
    {
        foreach (var (name, given) in new[] { ("listener_id", wish.ListenerId.Given), ("redirect_pool", wish.RedirectPool.Given), ("rules", wish.Rules.Given) })
        {
            if (given) return Faults.Unchangeable(name);
        }

        return Fill(work, old, Spec(old), wish).Map(row =>
        {
            var saved = work.Save(row);
            if (wish.Position.Value is { } position && position != old.Position) Place(work, saved, position);
            return work.Tree.Find(Kind, old.Id)!;
        });
    }

    protected override void Relate(PolicyView view, Tree tree, PartRow row)
    {
        (view.Description, view.ListenerId, view.Action) = (row.Description, row.ParentId!, row.Type);
        (view.Position, view.RedirectPoolId) = (row.Position, row.ReferenceId);
        view.Rules = tree.Of(Kinds.Rule, row.Id).Select(rule => new IdView(rule.Id)).ToList();
    }

    /// <summary>Puts the policy to a place among its listener's and numbers them anew from 1 on.</summary>
    private void Place(TreeWork work, PartRow row, long? position)
    {
        var others = work.Tree.Of(Kind, row.ParentId).Where(policy => policy.Id != row.Id && !policy.Going).ToList();
        others.Insert((int)Math.Clamp((position ?? int.MaxValue) - 1, 0, others.Count), row);
        for (var i = 0; i < others.Count; i++)
        {
            if (others[i].Position != i + 1) work.Save(others[i] with { Position = i + 1 });
        }
    }

    private Outcome<PartRow> Fill(TreeWork work, PartRow row, PolicyView spec, PolicyWish wish)
    {
        if (Checks.First(
            wish.Check(), Checks.Number("position", wish.Position, 1, int.MaxValue),
            Checks.OneOf("action", wish.Action.Value, ToPool, ToUrl, Prefix, Reject), Url("redirect_url", wish.RedirectUrl.Value),
            Url("redirect_prefix", wish.RedirectPrefix.Value),
            wish.RedirectHttpCode.Value is null or 301 or 302 or 303 or 307 or 308 ? null
                : Faults.Attribute("redirect_http_code", wish.RedirectHttpCode.Value, "Value should be one of: 301, 302, 303, 307, 308")) is { } wrong)
        {
            return wrong;
        }

        var action = wish.Action.Value ?? row.Type;
        var pool = wish.RedirectPoolId.Given ? wish.RedirectPoolId.Value : row.ReferenceId;
        var (url, prefix) = (wish.RedirectUrl.Or(spec.RedirectUrl), wish.RedirectPrefix.Or(spec.RedirectPrefix));
        if (action == ToPool && pool is null) return Faults.Required("redirect_pool_id");
        if (action == ToUrl && url is null) return Faults.Required("redirect_url");
        if (action == Prefix && prefix is null) return Faults.Required("redirect_prefix");
        if (action == ToPool)
        {
            if (work.Tree.Find(Kinds.Pool, pool) is not { Going: false } target) return Faults.Missing(Kinds.Pool, pool!);
            if (ListenerRoom.Fits(work.Tree.Find(Kinds.Listener, row.ParentId)!.Type, target) is { } misfit) return misfit;
        }

        // What belongs to another action is forgotten, as in the original.
        spec.RedirectUrl = action == ToUrl ? url : null;
        spec.RedirectPrefix = action == Prefix ? prefix : null;
        spec.RedirectHttpCode = action is ToUrl or Prefix ? wish.RedirectHttpCode.Or(spec.RedirectHttpCode) ?? 302 : null;
        return With(wish.Onto(row), spec) with { Type = action, ReferenceId = action == ToPool ? pool : null };
    }

    private static Fault? Url(string name, string? url) =>
        url is null || (url.Length <= UrlCharsMax && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && url.All(c => c is > ' ' and < '\x7f')) ? null : Faults.Attribute(name, "…", "Value should be a URL of http or https");
}
