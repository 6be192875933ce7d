using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Tags;

namespace Sovereign.Network.Wire;

/// <summary>The routes that Neutron gives every resource. A resource maps those it has and says what each does inside the
/// transaction.</summary>
/// <param name="dns">False: DNS attributes are not shown.</param>
internal sealed class RoomRoutes<TRow, TView>(Routes api, KernelServices kernel, Room<TRow, TView> room, bool dns = true)
    where TRow : class, IRow
{
    private readonly string item = room.Path + "/{id}";

    /// <summary>A page with filters, tags, sparse fields and links.</summary>
    /// <param name="filters">Query parameters that <paramref name="narrow"/> reads, beside columns and tags.</param>
    /// <param name="before">What must be there before the first list.</param>
    public RoomRoutes<TRow, TView> List(
        IReadOnlyList<string>? filters = null, Func<Call, ListRequest, Fault?>? narrow = null, Func<Call, Task>? before = null)
    {
        string[] handled = [.. TagStore.Filters, .. filters ?? []];
        api.Get(room.Path, Rule("list"), async call =>
        {
            if (before is not null) await before(call);
            var parsed = ListRequest.Parse(call.Http.Request.Query, room.Shape, handled);
            if (parsed.Fault is { } wrong) return wrong;
            TagStore.Filter(parsed.Value, call.Http.Request.Query, room.Kind);
            return narrow?.Invoke(call, parsed.Value) is { } malformed ? malformed : Page(call, parsed.Value);
        });
        return this;
    }

    public RoomRoutes<TRow, TView> Show()
    {
        api.Get(item, Rule("show"), call => Task.FromResult(One(call, 200, kernel.Database.Read(session =>
            room.Visible(session, call.Access, call.Route("id")).Map(row => room.View(session, row, Viewer.Of(call.Access, dns)))))));
        return this;
    }

    /// <summary>One, or many at once: all or none.</summary>
    /// <param name="asMade">What the answer shows beside what later ones do.</param>
    public RoomRoutes<TRow, TView> Create<TBody, TWish>(
        Envelope<TBody, TWish> envelope, Func<Tx, AccessGrant, TWish, Outcome<TRow>> create, Func<TView, TView>? asMade = null)
        where TWish : class
    {
        api.Post(room.Path, Rule("create"), async call =>
        {
            var wishes = await envelope.Read(call, room.Singular);
            if (wishes.Fault is { } wrong) return wrong;
            var made = await Write<List<TView>>(call, "create", tx => Bulk.Each(
                wishes.Value.Items, wish => create(tx, call.Access, wish).Map(row => room.View(tx, row, Viewer.Of(call.Access, dns)))));
            if (asMade is not null) made = made.Map(views => views.ConvertAll(view => asMade(view)));
            return Answer.Of(made, views => wishes.Value.Single
                ? NeutronAnswers.One(call, 201, room.Singular, views[0], room.Type)
                : NeutronAnswers.Many(201, room.Collection, views, room.Type));
        });
        return this;
    }

    public RoomRoutes<TRow, TView> Update<TBody, TWish>(
        Envelope<TBody, TWish> envelope, Func<Tx, AccessGrant, TRow, TWish, Outcome<TRow>> update)
        where TWish : class => Put(item, "update", envelope, update);

    /// <summary>An update under a name of its own: PUT /v2.0/routers/{id}/add_extraroutes.</summary>
    public RoomRoutes<TRow, TView> Action<TBody, TWish>(
        string name, Envelope<TBody, TWish> envelope, Func<Tx, AccessGrant, TRow, TWish, Outcome<TRow>> act)
        where TWish : class => Put(item + "/" + name, name, envelope, act);

    public RoomRoutes<TRow, TView> Delete(Func<Tx, AccessGrant, TRow, Outcome<Done>> delete)
    {
        api.Delete(item, Rule("delete"), async call =>
        {
            var done = await Write<Done>(call, "delete", tx => Matching(tx, call, "delete").Then(row => delete(tx, call.Access, row)));
            return Answer.Of(done, _ => Answer.Empty(204));
        });
        return this;
    }

    private RoomRoutes<TRow, TView> Put<TBody, TWish>(
        string path, string name, Envelope<TBody, TWish> envelope, Func<Tx, AccessGrant, TRow, TWish, Outcome<TRow>> change)
        where TWish : class
    {
        api.Put(path, Rule(name), async call =>
        {
            var wish = await envelope.ReadOne(call, room.Singular);
            if (wish.Fault is { } wrong) return wrong;
            return One(call, 200, await Write<TView>(call, name, tx => Matching(tx, call, "update")
                .Then(row => change(tx, call.Access, row, wish.Value)).Map(row => room.View(tx, row, Viewer.Of(call.Access, dns)))));
        });
        return this;
    }

    private string Rule(string name) => $"{NetworkModule.Service}:{room.Plural}:{name}";

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, Outcome<T>> body) =>
        kernel.Queue.Write(room.Kind + "." + name, call.Origin, body, call.Stop);

    /// <summary>The row to change, when the request's condition holds for it.</summary>
    private Outcome<TRow> Matching(Tx tx, Call call, string verb) => room.Owned(tx, call.Access, call.Route("id"), $"{verb}_{room.Kind}")
        .Then<TRow>(row => RevisionCondition.Refusal(call, row.Revision) is { } refused ? refused : row);

    private Answer Page(Call call, ListRequest request) => kernel.Database.Read(session =>
    {
        if (call.Access.OnlyProject is { } project)
        {
            if (room.ListedApart.Count == 0) request.Where(room.Listed, project);
            else request.WhereOneOf(project, room.ListedApart);
        }

        return Answer.Of(ListSql.Page<TRow>(session, request, room.Shape.Id[..^"id".Length] + "*"), page => NeutronAnswers.Page(
            call, request, room.Collection, page, room.Views(session, page.Items, Viewer.Of(call.Access, dns)), room.Type));
    });

    private Answer One(Call call, int status, Outcome<TView> outcome) =>
        Answer.Of(outcome, view => NeutronAnswers.One(call, status, room.Singular, view, room.Type));
}
