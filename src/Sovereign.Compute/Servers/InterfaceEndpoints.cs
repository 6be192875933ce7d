using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Servers;

/// <summary>Routes of a server's NICs.</summary>
internal sealed class InterfaceEndpoints(KernelServices kernel, ServerService servers, InterfaceService interfaces, INetworks networks)
{
    private const int TagLengthMax = 60;

    public void Map(BothRoutes api)
    {
        api.Get("/servers/{id}/os-interface", "compute:servers:interfaces", List);
        api.Post("/servers/{id}/os-interface", "compute:servers:interfaces-attach", Attach);
        api.Get("/servers/{id}/os-interface/{port}", "compute:servers:interfaces", Show);
        api.Delete("/servers/{id}/os-interface/{port}", "compute:servers:interfaces-detach", Detach);
    }

    private Task<Answer> List(Call call) => Found(call, row =>
        Render.List("interfaceAttachments", Ports(row), (json, port) => View(json, row, port, call.Version)));

    private Task<Answer> Show(Call call) => Found(call, row =>
    {
        var id = call.Route("port");
        if (Ports(row).FirstOrDefault(port => port.Id == id) is not { } port) return Wire.NotFound($"Instance {row.Id} does not have port {id}");
        return Render.Object(200, "interfaceAttachment", json => View(json, row, port, call.Version));
    });

    private async Task<Answer> Attach(Call call)
    {
        var body = await call.Body(ServerJson.Wire.InterfaceBody);
        if (body.Fault is { } malformed) return malformed;
        var asked = body.Value.InterfaceAttachment;
        if (asked.Tag is not null && !call.Version.Has(49)) return Wire.Unexpected("tag");
        if (asked.Tag is { } tag && (tag.Length is 0 or > TagLengthMax || tag.Contains(',') || tag.Contains('/')))
        {
            return new Fault.Invalid("tag", "Invalid input for field/attribute tag. It has 1 to 60 characters without , and /.");
        }

        if (asked.NetId is not null && asked.PortId is not null) return new Fault.Invalid("port_id", "Must not input both network_id and port_id");
        if (asked.FixedIps is { Count: > 0 } && asked.NetId is null) return new Fault.Invalid("fixed_ips", "Must input network_id when request IP address");
        if (asked.FixedIps is { Count: > 1 }) return new Fault.Invalid("fixed_ips", "Invalid input for field/attribute fixed_ips. One address can be named.");
        foreach (var named in new[] { asked.NetId, asked.PortId })
        {
            if (named is null || Guid.TryParse(named, out _)) continue;
            return new Fault.Invalid("net_id", $"Invalid input for field/attribute net_id or port_id: '{named}' is not a 'uuid'");
        }

        var nic = asked.NetId is null && asked.PortId is null ? null : new NicRequest(asked.NetId, asked.PortId, asked.FixedIps?.FirstOrDefault()?.IpAddress, asked.Tag);
        var made = await interfaces.Attach(call.Access, call.Route("id"), nic, call.Stop);
        return Answer.Of(made, done => Render.Object(200, "interfaceAttachment", json => View(json, done.Row, done.Port, call.Version)));
    }

    private async Task<Answer> Detach(Call call) =>
        Answer.Of(await interfaces.Detach(call.Access, call.Route("id"), call.Route("port"), call.Stop), _ => Answer.Empty(202));

    private static void View(Utf8JsonWriter json, ServerRow row, PortInfo port, Microversion version)
    {
        json.WriteString("net_id", port.NetworkId);
        json.WriteString("port_id", port.Id);
        json.WriteString("mac_addr", port.Mac);
        json.WriteString("port_state", port.Status);
        json.WriteStartArray("fixed_ips");
        foreach (var address in port.Addresses)
        {
            json.WriteStartObject();
            json.WriteString("subnet_id", address.SubnetId);
            json.WriteString("ip_address", address.Address);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (version.Has(70)) json.WriteString("tag", row.NicTagMap().GetValueOrDefault(port.Id));
    }

    private Task<Answer> Found(Call call, Func<ServerRow, Answer> render) => Task.FromResult(Answer.Of(servers.Find(call.Access, call.Route("id")), render));

    private IReadOnlyList<PortInfo> Ports(ServerRow row) => kernel.Database.Read(session => networks.PortsOf(session, [row.Id])).GetValueOrDefault(row.Id) ?? [];
}
