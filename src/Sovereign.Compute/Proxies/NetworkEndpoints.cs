using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network;

namespace Sovereign.Compute.Proxies;

/// <summary>Networks and floating IPs by the routes that old clients still ask compute for, until 2.35 (Compute API reference, "Networks (os-networks)",
/// "Project networks (os-tenant-networks)", "Floating IPs (os-floating-ips)", "Floating IP pools"); the network service has them.</summary>
internal sealed class NetworkEndpoints(KernelServices kernel, INetworks networks)
{
    private const int FirstWithout = 36;

    /// <summary>What a network had when compute had its own; always null now.</summary>
    private static readonly string[] nothings = ["broadcast", "cidr", "cidr_v6", "dns1", "dns2", "gateway", "gateway_v6", "netmask", "netmask_v6"];

    private static readonly string[] adminNothings =
    [
        "bridge", "bridge_interface", "created_at", "deleted", "deleted_at", "dhcp_server", "dhcp_start", "enable_dhcp", "host", "injected", "mtu", "multi_host",
        "priority", "project_id", "rxtx_base", "share_address", "updated_at", "vlan", "vpn_private_address", "vpn_public_address", "vpn_public_port",
    ];

    private INetworkCatalog Catalog => networks.Catalog;

    public void Map(BothRoutes api)
    {
        api.Get("/os-networks", "compute:networks:list", call => Old(call, () => Networks(call, "networks", (json, network) => Network(json, network, call))));
        api.Get("/os-networks/{id}", "compute:networks:show", call => Old(call, () => One(call, (json, network) => Network(json, network, call))));
        api.Get("/os-tenant-networks", "compute:tenant-networks:list", call => Old(call, () => Networks(call, "networks", TenantNetwork)));
        api.Get("/os-tenant-networks/{id}", "compute:tenant-networks:show", call => Old(call, () => One(call, TenantNetwork)));
        api.Get("/os-floating-ip-pools", "compute:floating-ip-pools:list", call => Old(call, () => Pools(call)));
        api.Get("/os-floating-ips", "compute:floating-ips:list", call => Old(call, () => List(call)));
        api.Post("/os-floating-ips", "compute:floating-ips:create", call => Old(call, () => Create(call)));
        api.Get("/os-floating-ips/{id}", "compute:floating-ips:show", call => Old(call, () => Show(call)));
        api.Delete("/os-floating-ips/{id}", "compute:floating-ips:delete", call => Old(call, () => Delete(call)));
    }

    private static Task<Answer> Old(Call call, Func<Task<Answer>> handler) =>
        call.Version.Has(FirstWithout) ? Task.FromResult(ComputeVersions.Unrouted(call)) : handler();

    private Task<Answer> Networks(Call call, string name, Action<Utf8JsonWriter, NetworkLabel> write) =>
        Task.FromResult(Render.List(name, kernel.Database.Read(session => Catalog.Networks(session, call.Access)), write));

    private Task<Answer> One(Call call, Action<Utf8JsonWriter, NetworkLabel> write)
    {
        var found = kernel.Database.Read(session => Catalog.Network(session, call.Access, call.Route("id")));
        return Task.FromResult(found.Ok ? Render.Object(200, "network", json => write(json, found.Value)) : Wire.NotFound("Network not found"));
    }

    private Task<Answer> Pools(Call call) => Task.FromResult(Render.List(
        "floating_ip_pools", kernel.Database.Read(session => Catalog.Pools(session, call.Access)),
        (json, pool) => json.WriteString("name", pool.Name.Length > 0 ? pool.Name : pool.Id)));

    private Task<Answer> List(Call call) =>
        Task.FromResult(Render.List("floating_ips", kernel.Database.Read(session => Catalog.FloatingIps(session, call.Access)), FloatingIp));

    private Task<Answer> Show(Call call)
    {
        var found = kernel.Database.Read(session => Catalog.FloatingIp(session, call.Access, call.Route("id")));
        return Task.FromResult(found.Ok ? Shown(found.Value) : Missing(call));
    }

    private async Task<Answer> Create(Call call)
    {
        string? pool = null;
        if (call.Http.Request.ContentLength is not (null or 0) || call.Http.Request.Headers.TransferEncoding.Count > 0)
        {
            var body = await call.Body(ProxyJson.Wire.FloatingIpBody);
            if (body.Fault is { } wrong) return wrong;
            pool = body.Value.Pool;
        }

        var place = pool is null ? "" : $" in pool {pool}";
        var made = await kernel.Queue.Write("floatingip.create", call.Origin, tx => Catalog.Allocate(tx, call.Access, pool), call.Stop);
        return made.Fault switch
        {
            Fault.Conflict { Type: "OverQuota" } or Fault.OverQuota => new Fault.Forbidden($"IP allocation over quota{place}."),
            Fault.Conflict => Wire.NotFound($"No more floating IPs{(place.Length > 0 ? place : " available")}."),
            _ => Answer.Of(made, Shown),
        };
    }

    private async Task<Answer> Delete(Call call)
    {
        var done = await kernel.Queue.Write("floatingip.delete", call.Origin, tx => Catalog.Release(tx, call.Access, call.Route("id")), call.Stop);
        return done.Fault is Fault.NotFound ? Missing(call) : Answer.Of(done, _ => Answer.Empty(202));
    }

    private static Answer Missing(Call call) => Wire.NotFound($"Floating IP not found for ID {call.Route("id")}");

    private static Answer Shown(FloatingIpInfo ip) => Render.Object(200, "floating_ip", json => FloatingIp(json, ip));

    private static void FloatingIp(Utf8JsonWriter json, FloatingIpInfo ip)
    {
        json.WriteString("id", ip.Id);
        json.WriteString("ip", ip.Address);
        json.WriteString("pool", ip.Pool);
        json.WriteString("fixed_ip", ip.FixedAddress);
        json.WriteString("instance_id", ip.DeviceId);
    }

    private static void Network(Utf8JsonWriter json, NetworkLabel network, Call call)
    {
        json.WriteString("id", network.Id);
        json.WriteString("label", network.Name);
        foreach (var name in nothings) json.WriteNull(name);
        if (!call.Access.Everything) return;
        foreach (var name in adminNothings) json.WriteNull(name);
    }

    /// <summary>The range is the text "None": that is what the API has said since networks moved to their own service.</summary>
    private static void TenantNetwork(Utf8JsonWriter json, NetworkLabel network)
    {
        json.WriteString("id", network.Id);
        json.WriteString("cidr", "None");
        json.WriteString("label", network.Name);
    }
}
