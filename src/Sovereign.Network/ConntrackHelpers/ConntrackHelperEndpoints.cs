using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Routers;
using Sovereign.Network.Wire;

namespace Sovereign.Network.ConntrackHelpers;

internal sealed class ConntrackHelperEndpoints(KernelServices kernel, ConntrackHelperService helpers)
{
    private const string Singular = "conntrack_helper";
    private const string Path = "/v2.0/routers/{router}/conntrack_helpers";

    public void Map(Routes api)
    {
        api.Get(Path, "network:conntrack_helpers:list", List);
        api.Get(Path + "/{id}", "network:conntrack_helpers:show", Show);
        api.Post(Path, "network:conntrack_helpers:create", Create);
        api.Put(Path + "/{id}", "network:conntrack_helpers:update", Update);
        api.Delete(Path + "/{id}", "network:conntrack_helpers:delete", Delete);
    }

    private Task<Answer> List(Call call) => Task.FromResult(kernel.Database.Read<Answer>(session =>
    {
        var router = RouterService.Room.Visible(session, call.Access, call.Route("router"));
        if (router.Fault is { } missing) return missing;
        var parsed = ListRequest.Parse(call.Http.Request.Query, ConntrackHelperStore.Shape);
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        request.Where("h.router_id = @value", router.Value.Id);
        return Answer.Of(ListSql.Page<ConntrackHelperRow>(session, request, "h.*"), page => NeutronAnswers.Page(
            call, request, Singular + "s", page, page.Items.Select(row => row.ToView()).ToList(), NetworkJson.Wire.ConntrackHelperView));
    }));

    private Task<Answer> Show(Call call) => Task.FromResult(One(call, 200, kernel.Database.Read(session =>
        RouterService.Room.Visible(session, call.Access, call.Route("router")).Then(router => Find(session, router, call.Route("id"))))));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.ConntrackHelperBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 201, await Write<ConntrackHelperRow>(call, "create", (tx, router) => helpers.Create(tx, router, body.Value.ConntrackHelper)));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.ConntrackHelperBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 200, await Write<ConntrackHelperRow>(call, "update", (tx, router) =>
            Find(tx, router, call.Route("id")).Then(row => helpers.Update(tx, router, row, body.Value.ConntrackHelper))));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await Write<Done>(call, "delete", (tx, router) => Find(tx, router, call.Route("id")).Then(row => helpers.Delete(tx, router, row))),
        _ => Answer.Empty(204));

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, RouterRow, Outcome<T>> change) => kernel.Queue.Write<T>(
        Singular + "." + name,
        call.Origin,
        tx => RouterService.Room.Owned(tx, call.Access, call.Route("router"), name + "_router_conntrack_helper").Then(router => change(tx, router)),
        call.Stop);

    private static Outcome<ConntrackHelperRow> Find(Session session, RouterRow router, string id) =>
        ConntrackHelperStore.Find(session, router.Id, id) is { } row
            ? row : NetworkFaults.Missing("ConntrackHelperNotFound", $"Conntrack Helper {id} could not be found.");

    private static Answer One(Call call, int status, Outcome<ConntrackHelperRow> outcome) =>
        Answer.Of(outcome, row => NeutronAnswers.One(call, status, Singular, row.ToView(), NetworkJson.Wire.ConntrackHelperView));
}
