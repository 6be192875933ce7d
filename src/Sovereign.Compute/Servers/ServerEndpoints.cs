using System.Net.Sockets;
using System.Text.Json;
using Sovereign.Compute.Proxies;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Routes of servers themselves.</summary>
internal sealed class ServerEndpoints(
    KernelServices kernel, ServerService servers, ServerCreation creation, ServerList lists, ServerView view, INetworks networks,
    GuestPasswords passwords)
{
    public void Map(BothRoutes api)
    {
        api.Get("/servers", "compute:servers:list", call => Task.FromResult(lists.List(call, detailed: false)));
        api.Get("/servers/detail", "compute:servers:detail", call => Task.FromResult(lists.List(call, detailed: true)));
        api.Post("/servers", "compute:servers:create", Create);
        api.Get("/servers/{id}", "compute:servers:show", Show);
        api.Put("/servers/{id}", "compute:servers:update", Update);
        api.Delete("/servers/{id}", "compute:servers:delete", Delete);
        api.Get("/servers/{id}/ips", "compute:servers:ips", Addresses);
        api.Get("/servers/{id}/ips/{network}", "compute:servers:ips", NetworkAddresses);
        api.Get("/servers/{id}/os-security-groups", "compute:servers:security-groups", SecurityGroups);
        api.Get("/servers/{id}/os-server-password", "compute:servers:password", Password);
        api.Delete("/servers/{id}/os-server-password", "compute:servers:password-clear", Forget);
        api.Get("/servers/{id}/topology", "compute:servers:topology", Topology);
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ServerJson.Wire.ServerCreateBody);
        if (body.Fault is { } malformed) return malformed;
        if (ServerOrder.WrongHostName(body.Value.Server.Hostname, call.Version) is { } wrongHost) return wrongHost;
        var order = ServerOrder.Read(body.Value, call.Version);
        if (order.Fault is { } wrong) return wrong;
        var made = await creation.Create(call.Access, order.Value, call.Stop);
        return Answer.Of(made, created => Created(call, order.Value, created));
    }

    private static Answer Created(Call call, ServerOrder order, CreatedServers created)
    {
        var row = created.Rows[0];
        if (order.ReturnReservation)
        {
            return Render.Json(202, json =>
            {
                json.WriteStartObject();
                json.WriteString("reservation_id", row.ReservationId);
                json.WriteEndObject();
            });
        }

        return Render.Object(202, "server", json =>
        {
            json.WriteString("id", row.Id);
            json.Links(call.PublicUrl, "/servers/" + row.Id);
            json.WriteString("OS-DCF:diskConfig", row.DiskConfig);
            json.WriteStartArray("security_groups");
            foreach (var group in created.SecurityGroups)
            {
                json.WriteStartObject();
                json.WriteString("name", group);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("adminPass", created.AdminPass);
        }).With("Location", call.PublicUrl + ComputeModule.Prefix + "/servers/" + row.Id);
    }

    private Task<Answer> Show(Call call) => Found(call, row => Render.Object(200, "server", json => view.Full(json, row, Ports(row), Viewer(call), alone: true)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ServerJson.Wire.ServerUpdateBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.Server;
        if (asked.Description.Given && !call.Version.Has(19)) return Wire.Unexpected("description");
        if (asked.Hostname.Given && !call.Version.Has(90)) return Wire.Unexpected("hostname");
        if (asked.Name.Given && (asked.Name.Value is null || ServerOrder.WrongName(asked.Name.Value) is not null))
        {
            return new Fault.Invalid("name", "Invalid input for field/attribute name. A name has 1 to 255 printable characters, without spaces around it.");
        }

        var wrong = ServerOrder.WrongDescription(asked.Description.Value)
            ?? ServerOrder.WrongAddress("accessIPv4", asked.AccessIpv4.Value, AddressFamily.InterNetwork)
            ?? ServerOrder.WrongAddress("accessIPv6", asked.AccessIpv6.Value, AddressFamily.InterNetworkV6)
            ?? ServerOrder.WrongHostName(asked.Hostname.Value, call.Version);
        if (wrong is not null) return wrong;
        if (asked.DiskConfig is { Given: true, Value: not ("AUTO" or "MANUAL") })
        {
            return new Fault.Invalid("OS-DCF:diskConfig", "OS-DCF:diskConfig must be either 'MANUAL' or 'AUTO'.");
        }
        var updated = await servers.Update(call.Access, call.Route("id"), asked, call.Stop);
        return Answer.Of(updated, row => Render.Object(200, "server", json => view.Updated(json, row, Ports(row), Viewer(call))));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await servers.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> Addresses(Call call) => Found(call, row => Render.Object(200, "addresses", json => ServerView.Addresses(json, Ports(row), extended: false)));

    private Task<Answer> NetworkAddresses(Call call) => Found(call, row =>
    {
        var name = call.Route("network");
        var ports = Ports(row).Where(port => port.NetworkName == name).ToList();
        if (ports.Count == 0) return Wire.NotFound("Network name not found");
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            ServerView.Network(json, name, ports, extended: false);
            json.WriteEndObject();
        });
    });

    private Task<Answer> SecurityGroups(Call call) => Found(call, row =>
    {
        var ids = Ports(row).SelectMany(port => port.SecurityGroupIds).Distinct().ToList();
        var groups = kernel.Database.Read(session => networks.SecurityGroups.Of(session, ids));
        return Render.List("security_groups", groups, SecurityGroupEndpoints.Write);
    });

    private Task<Answer> Password(Call call) => Found(call, row => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteString("password", passwords.Read(row));
        json.WriteEndObject();
    }));

    private async Task<Answer> Forget(Call call) => Answer.Of(await passwords.Clear(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> Topology(Call call) => !call.Version.Has(78) ? Task.FromResult(ComputeVersions.Unrouted(call)) : Found(call, _ => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("nodes");
        json.WriteEndArray();
        json.WriteNull("pagesize_kb");
        json.WriteEndObject();
    }));

    private Task<Answer> Found(Call call, Func<ServerRow, Answer> render) => Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), render));

    private IReadOnlyList<PortInfo> Ports(ServerRow row) => kernel.Database.Read(session => networks.PortsOf(session, [row.Id])).GetValueOrDefault(row.Id) ?? [];

    private static ServerViewer Viewer(Call call) => new(call.Version, call.Access.Everything, call.PublicUrl);
}
