using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.LoadBalancers;

internal sealed class LoadBalancerEndpoints(KernelServices kernel, LoadBalancerService balancers)
{
    private const string Path = "/lbaas/loadbalancers";
    private const string Item = Path + "/{id}";

    public void Map(BothRoutes api)
    {
        api.Get(Path, "load-balancer:loadbalancers:list", call => Task.FromResult(List(call)));
        api.Post(Path, "load-balancer:loadbalancers:create", Create);
        api.Get(Item, "load-balancer:loadbalancers:show", call => Task.FromResult(One(call, 200, Visible(call))));
        api.Put(Item, "load-balancer:loadbalancers:update", Update);
        api.Delete(Item, "load-balancer:loadbalancers:delete", Delete);
        api.Put(Item + "/failover", "load-balancer:loadbalancers:failover", Failover);
        api.Get(Item + "/status", "load-balancer:loadbalancers:status", call => Task.FromResult(Answer.Of(Visible(call), StatusTree.Answer)));
        api.Get(Item + "/statuses", "load-balancer:loadbalancers:status", call => Task.FromResult(Answer.Of(Visible(call), StatusTree.Answer)));
    }

    private Outcome<Tree> Visible(Call call) => kernel.Database.Read(session => Find(session, call));

    private static Outcome<Tree> Find(Session session, Call call) =>
        TreeStore.Tree(session, call.Route("id")) is { } tree && call.Access.Covers(tree.Balancer.ProjectId)
            ? tree : Faults.Missing(Kinds.Balancer, call.Route("id"));

    private Answer List(Call call) => kernel.Database.Read<Answer>(session =>
    {
        var parsed = TagFilters.Parse(call, TreeStore.Balancers, "b.tags");
        if (parsed.Fault is { } wrong) return wrong;
        if (call.Access.OnlyProject is { } project) parsed.Value.Where("b.project_id = @value", project);
        return Answer.Of(ListSql.Page<BalancerRow>(session, parsed.Value, "b.*"), page =>
        {
            var trees = TreeStore.Trees(session, page.Items.Select(row => row.Id).ToList());
            var views = page.Items.Select(row => LoadBalancerView.Of(trees[row.Id])).ToList();
            return Answers.Page(call, parsed.Value, "loadbalancers", page, views, BalancerJson.Wire.LoadBalancerView);
        });
    });

    private async Task<Answer> Create(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.Balancer, BalancerJson.Wire.LoadBalancerWish);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 201, await Write<Tree>(call, "create", tx => balancers.Create(tx, call.Access, wish.Value)));
    }

    private async Task<Answer> Update(Call call)
    {
        var wish = await PartWish.Read(call, Kinds.Balancer, BalancerJson.Wire.LoadBalancerWish);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 200, await Write<Tree>(call, "update", tx => Mutable(tx, call).Then(tree => balancers.Update(tx, call.Access, tree, wish.Value))));
    }

    private async Task<Answer> Delete(Call call)
    {
        var cascade = string.Equals(call.Query("cascade"), "true", StringComparison.OrdinalIgnoreCase);
        return Answer.Of(
            await Write<Done>(call, "delete", tx => Mutable(tx, call).Then(tree => balancers.Delete(tx, call.Access, tree, cascade))), _ => Answer.Empty(204));
    }

    private async Task<Answer> Failover(Call call) => Answer.Of(
        await Write<Done>(call, "failover", tx => Mutable(tx, call).Then(tree => balancers.Failover(tx, call.Access, tree))), _ => Answer.Empty(202));

    private static Outcome<Tree> Mutable(Tx tx, Call call) =>
        Find(tx, call).Then<Tree>(tree => TreeWork.Refusal(tree.Balancer) is { } immutable ? immutable : tree);

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, Outcome<T>> body) =>
        kernel.Queue.Write(Kinds.Balancer + "." + name, call.Origin, body, call.Stop);

    private static Answer One(Call call, int status, Outcome<Tree> outcome) =>
        Answer.Of(outcome, tree => Answers.One(call, status, Kinds.Balancer, LoadBalancerView.Of(tree), BalancerJson.Wire.LoadBalancerView));
}
