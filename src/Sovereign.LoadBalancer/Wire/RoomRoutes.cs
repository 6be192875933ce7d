using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Trees;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>The routes that every part of a load balancer has.</summary>
internal sealed class RoomRoutes<TWish, TView>(BothRoutes api, KernelServices kernel, Room<TWish, TView> room)
    where TWish : PartWish
    where TView : PartView
{
    public void Map()
    {
        api.Get(room.Path, Rule("list"), call => Task.FromResult(List(call)));
        api.Post(room.Path, Rule("create"), Create);
        api.Get(room.Path + "/{id}", Rule("show"), call => Task.FromResult(One(call, 200, kernel.Database.Read(session =>
            room.Visible(session, call.Access, call.Route("id"), Parent(call)).Map(found => room.View(found.Tree, found.Row))))));
        api.Put(room.Path + "/{id}", Rule("update"), Update);
        api.Delete(room.Path + "/{id}", Rule("delete"), Delete);
    }

    private Answer List(Call call) => kernel.Database.Read<Answer>(session =>
    {
        if (ParentFault(session, call) is { } missing) return missing;
        var parsed = TagFilters.Parse(call, room.Shape, "p.tags");
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value.Where("p.kind = @value", room.Kind);
        if (call.Access.OnlyProject is { } project) request.Where("p.project_id = @value", project);
        if (Parent(call) is { } parent) request.Where("p.parent_id = @value", parent);
        return Answer.Of(ListSql.Page<PartRow>(session, request, "p.*"), page =>
        {
            var trees = TreeStore.Trees(session, page.Items.Select(row => row.BalancerId).Distinct(StringComparer.Ordinal).ToList());
            return Answers.Page(call, request, room.Plural, page, page.Items.Select(row => room.View(trees[row.BalancerId], row)).ToList(), room.Views);
        });
    });

    private async Task<Answer> Create(Call call)
    {
        var wish = await PartWish.Read(call, room.Singular, room.Wishes);
        if (wish.Fault is { } wrong) return wrong;
        return One(call, 201, await Write<TView>(call, "create", tx => Owner(tx, call, wish.Value)
            .Then(owner => InTree(tx, call.Access, owner.Balancer, work => room.Make(work, owner.Above, wish.Value).Map(row => Shown(work, row))))));
    }

    private async Task<Answer> Update(Call call)
    {
        var wish = await PartWish.Read(call, room.Singular, room.Wishes);
        if (wish.Fault is { } wrong) return wrong;
        if (wish.Value.ProjectId.Given || wish.Value.TenantId.Given) return Faults.Unchangeable("project_id");
        return One(call, 200, await Write<TView>(call, "update", tx => room.Visible(tx, call.Access, call.Route("id"), Parent(call))
            .Then(found => InTree(tx, call.Access, found.Row.BalancerId, work => room.Change(work, found.Row, wish.Value).Map(row => Shown(work, row))))));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await Write<Done>(call, "delete", tx => room.Visible(tx, call.Access, call.Route("id"), Parent(call))
            .Then(found => InTree<Done>(tx, call.Access, found.Row.BalancerId, work =>
            {
                if (room.Stays(work.Tree, found.Row) is { } stays) return stays;
                work.Drop(found.Row);
                return Done.Value;
            }))),
        _ => Answer.Empty(204));

    /// <summary>The balancer of a new part, and what it is under; what is out of reach is not found.</summary>
    private Outcome<(string Balancer, string Above)> Owner(Tx tx, Call call, TWish wish) => room.Above(wish, Parent(call)).Then<(string, string)>(above =>
    {
        if (above.Kind == Kinds.Balancer)
        {
            return TreeStore.Find(tx, above.Id) is { } balancer && call.Access.Covers(balancer.ProjectId)
                ? (balancer.Id, balancer.Id) : Faults.Missing(Kinds.Balancer, above.Id);
        }

        return TreeStore.FindPart(tx, above.Kind, above.Id) is { Going: false } part && call.Access.Covers(part.ProjectId)
            ? (part.BalancerId, part.Id) : Faults.Missing(above.Kind, above.Id);
    });

    private Outcome<T> InTree<T>(Tx tx, AccessGrant access, string balancerId, Func<TreeWork, Outcome<T>> change)
    {
        var tree = TreeStore.Tree(tx, balancerId)!;
        return TreeWork.Refusal(tree.Balancer) is { } immutable ? immutable : change(new TreeWork(kernel, tx, access, tree));
    }

    private TView Shown(TreeWork work, PartRow row) => room.View(work.Tree, work.Tree.Find(room.Kind, row.Id)!);

    private string? Parent(Call call) => room.ParentKind is null ? null : call.Route("parent");

    private Fault? ParentFault(Session session, Call call) => room.ParentKind is not { } kind
        || (TreeStore.FindPart(session, kind, call.Route("parent")) is { } parent && call.Access.Covers(parent.ProjectId))
        ? null : Faults.Missing(kind, call.Route("parent"));

    private Answer One(Call call, int status, Outcome<TView> outcome) =>
        Answer.Of(outcome, view => Answers.One(call, status, room.Singular, view, room.Views));

    private static string RuleName(string plural) => $"{LoadBalancerModule.Service}:{plural}:";

    private string Rule(string name) => RuleName(room.Kind == Kinds.Rule ? "l7rules" : room.Plural) + name;

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, Outcome<T>> body) =>
        kernel.Queue.Write(room.Kind + "." + name, call.Origin, body, call.Stop);
}

/// <summary>Filters by tags, which all lists of Octavia have: all of them, any, or none.</summary>
internal static class TagFilters
{
    private static readonly string[] names = ["tags", "tags-any", "not-tags", "not-tags-any"];

    public static Outcome<ListRequest> Parse(Call call, ListShape shape, string column)
    {
        var parsed = ListRequest.Parse(call.Http.Request.Query, shape, names);
        if (parsed.Fault is { } wrong) return wrong;
        foreach (var name in names)
        {
            if (call.Query(name) is not { Length: > 0 } text) continue;
            var conditions = text.Split(',').Select(tag => (Like(tag), $"{column} LIKE @value ESCAPE '\\'")).ToList();
            switch (name)
            {
                case "tags":
                    foreach (var (like, sql) in conditions) parsed.Value.Where(sql, like);
                    break;
                case "not-tags-any":
                    foreach (var (like, sql) in conditions) parsed.Value.Where("NOT " + sql, like);
                    break;
                default:
                    // One parameter a condition: only one tag can be asked for in these forms.
                    if (conditions.Count > 1) return new Fault.Invalid(name, $"{name} takes one tag here.");
                    parsed.Value.Where((name == "not-tags" ? "NOT " : "") + conditions[0].Item2, conditions[0].Item1);
                    break;
            }
        }

        return parsed;
    }

    private static string Like(string tag)
    {
        var json = System.Text.Json.JsonSerializer.Serialize(tag, BalancerJson.Wire.String);
        return "%" + json.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
            .Replace("_", "\\_", StringComparison.Ordinal) + "%";
    }
}
