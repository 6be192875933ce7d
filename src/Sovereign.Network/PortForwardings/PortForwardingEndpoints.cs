using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.FloatingIps;
using Sovereign.Network.Wire;

namespace Sovereign.Network.PortForwardings;

internal sealed class PortForwardingEndpoints(KernelServices kernel, PortForwardingService forwardings)
{
    private const string Singular = "port_forwarding";
    private const string Path = "/v2.0/floatingips/{floatingip}/port_forwardings";

    public void Map(Routes api)
    {
        api.Get(Path, "network:port_forwardings:list", List);
        api.Get(Path + "/{id}", "network:port_forwardings:show", Show);
        api.Post(Path, "network:port_forwardings:create", Create);
        api.Put(Path + "/{id}", "network:port_forwardings:update", Update);
        api.Delete(Path + "/{id}", "network:port_forwardings:delete", Delete);
    }

    private Task<Answer> List(Call call) => Task.FromResult(kernel.Database.Read<Answer>(session =>
    {
        var ip = FloatingIpService.Room.Visible(session, call.Access, call.Route("floatingip"));
        if (ip.Fault is { } missing) return missing;
        var parsed = ListRequest.Parse(call.Http.Request.Query, PortForwardingStore.Shape);
        if (parsed.Fault is { } wrong) return wrong;
        var request = parsed.Value;
        request.Where("w.floatingip_id = @value", ip.Value.Id);
        return Answer.Of(ListSql.Page<PortForwardingRow>(session, request, "w.*"), page => NeutronAnswers.Page(
            call, request, Singular + "s", page, page.Items.Select(row => row.ToView()).ToList(), NetworkJson.Wire.PortForwardingView));
    }));

    private Task<Answer> Show(Call call) => Task.FromResult(One(call, 200, kernel.Database.Read(session =>
        FloatingIpService.Room.Visible(session, call.Access, call.Route("floatingip")).Then(ip => Find(session, ip, call.Route("id"))))));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.PortForwardingBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 201, await Write<PortForwardingRow>(call, "create", (tx, ip) => forwardings.Create(tx, call.Access, ip, body.Value.PortForwarding)));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.PortForwardingBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 200, await Write<PortForwardingRow>(call, "update", (tx, ip) =>
            Find(tx, ip, call.Route("id")).Then(row => forwardings.Update(tx, call.Access, ip, row, body.Value.PortForwarding))));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await Write<Done>(call, "delete", (tx, ip) => Find(tx, ip, call.Route("id")).Then(row => forwardings.Delete(tx, ip, row))),
        _ => Answer.Empty(204));

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, FloatingIpRow, Outcome<T>> change) => kernel.Queue.Write<T>(
        Singular + "." + name,
        call.Origin,
        tx => FloatingIpService.Room.Owned(tx, call.Access, call.Route("floatingip"), name + "_floatingip_port_forwarding").Then(ip => change(tx, ip)),
        call.Stop);

    private static Outcome<PortForwardingRow> Find(Session session, FloatingIpRow ip, string id) =>
        PortForwardingStore.Find(session, ip.Id, id) is { } row
            ? row : NetworkFaults.Missing("PortForwardingNotFound", $"Port Forwarding {id} could not be found.");

    private static Answer One(Call call, int status, Outcome<PortForwardingRow> outcome) =>
        Answer.Of(outcome, row => NeutronAnswers.One(call, status, Singular, row.ToView(), NetworkJson.Wire.PortForwardingView));
}
