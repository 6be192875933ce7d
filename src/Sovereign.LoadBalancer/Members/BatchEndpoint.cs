using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Members;

/// <summary>All members of a pool in one request.</summary>
internal sealed class BatchEndpoint(KernelServices kernel, MemberRoom members)
{
    public void Map(BothRoutes api) => api.Put(members.Path, "load-balancer:members:replace", Replace);

    private async Task<Answer> Replace(Call call)
    {
        var wishes = await PartWish.ReadMany(call, "members", BalancerJson.Wire.IReadOnlyListMemberWish);
        if (wishes.Fault is { } wrong) return wrong;
        var additive = string.Equals(call.Query("additive_only"), "true", StringComparison.OrdinalIgnoreCase);
        var done = await kernel.Queue.Write<Done>(
            "member.replace",
            call.Origin,
            tx =>
            {
                if (TreeStore.FindPart(tx, Kinds.Pool, call.Route("parent")) is not { Going: false } pool || !call.Access.Covers(pool.ProjectId))
                {
                    return Faults.Missing(Kinds.Pool, call.Route("parent"));
                }

                var tree = TreeStore.Tree(tx, pool.BalancerId)!;
                if (TreeWork.Refusal(tree.Balancer) is { } immutable) return immutable;
                return members.Replace(new TreeWork(kernel, tx, call.Access, tree), pool.Id, wishes.Value, additive) is { } refused ? refused : Done.Value;
            },
            call.Stop);
        return Answer.Of(done, _ => Answer.Empty(202));
    }
}
