using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Fabric;
using Sovereign.Network.Ports;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

internal sealed class RouterService(KernelServices kernel, FabricPlan fabric, RouterGateways gateways)
{
    public Task<Outcome<List<RouterView>>> Create(AccessGrant access, IReadOnlyList<RouterWish> wishes, CancellationToken stop) =>
        kernel.Queue.Write<List<RouterView>>("router.create", access.Origin, tx => Bulk.Each(wishes, wish => Create(tx, access, wish)), stop);

    public Outcome<RouterView> Show(AccessGrant access, string id) => kernel.Database.Read(session =>
        Visible(session, access, id).Map(row => View(session, row, access.Everything)));

    public Outcome<Page<RouterView>> List(AccessGrant access, ListRequest request) => kernel.Database.Read(session =>
    {
        if (access.OnlyProject is { } project) request.Where("r.project_id = @value", project);
        return ListSql.Page<RouterRow>(session, request, "r.*").Map(page => new Page<RouterView>(Views(session, page.Items, access.Everything), page.More));
    });

    public Task<Outcome<RouterView>> Update(AccessGrant access, string id, RouterWish wish, CancellationToken stop) =>
        kernel.Queue.Write<RouterView>("router.update", access.Origin, tx => Update(tx, access, id, wish), stop);

    public Task<Outcome<Done>> Delete(AccessGrant access, string id, CancellationToken stop) => kernel.Queue.Write<Done>(
        "router.delete",
        access.Origin,
        tx =>
        {
            var found = Visible(tx, access, id);
            if (found.Fault is { } missing) return missing;
            var row = found.Value;
            if (RouterStore.Interfaces(tx, id).Count > 0) return NetworkFaults.Conflict("RouterInUse", $"Router {id} still has ports");
            var view = View(tx, row, admin: false);
            var cleared = gateways.Clear(tx, row);
            if (cleared.Fault is { } inUse) return inUse;
            RouterStore.Delete(tx, id);
            TagStore.RemoveAll(tx, Kinds.Router, id);
            kernel.Quotas.Give(tx, NetworkModule.Service, "router", row.ProjectId, 1);
            fabric.RouterGone(tx, id, row.GatewayNetworkId is null ? [] : [row.GatewayNetworkId]);
            tx.Record(Kinds.Router, id, row.ProjectId, Change.Deleted, view, NetworkJson.Wire.RouterView);
            return Done.Value;
        },
        stop);

    /// <summary>Adds to or takes from the routes in one step.</summary>
    public Task<Outcome<RouterView>> ChangeRoutes(AccessGrant access, string id, IReadOnlyList<RouteView> routes, bool add, CancellationToken stop) =>
        kernel.Queue.Write<RouterView>(
            "router.routes",
            access.Origin,
            tx =>
            {
                var found = Visible(tx, access, id);
                if (found.Fault is { } missing) return missing;
                var known = found.Value.RouteList;
                if (!add && routes.Except(known).ToList() is { Count: > 0 }) return NetworkFaults.Missing("RouterNotFound", "A route to remove is not one of the router's.");
                IReadOnlyList<RouteView> next = add ? known.Union(routes).ToList() : known.Except(routes).ToList();
                return Update(tx, access, id, new RouterWish { Routes = new(true, next) });
            },
            stop);

    public static Outcome<RouterRow> Visible(Session session, AccessGrant access, string id) =>
        RouterStore.Find(session, id) is { } row && access.Covers(row.ProjectId) ? row : NetworkFaults.RouterMissing(id);

    public static RouterView View(Session session, RouterRow row, bool admin) => Views(session, [row], admin)[0];

    /// <summary>Stores a changed router with the next revision and makes its node follow.</summary>
    public static RouterRow Save(Tx tx, FabricPlan fabric, RouterRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        RouterStore.Update(tx, next);
        fabric.RouterChanged(tx, row.Id);
        tx.Record(Kinds.Router, row.Id, row.ProjectId, Change.Updated, View(tx, next, admin: false), NetworkJson.Wire.RouterView);
        return next;
    }

    private static List<RouterView> Views(Session session, IReadOnlyList<RouterRow> rows, bool admin)
    {
        var tags = TagStore.Of(session, Kinds.Router, rows.Select(row => row.Id).ToList());
        var addresses = AddressStore.OfPorts(session, rows.Where(row => row.GatewayPortId is not null).Select(row => row.GatewayPortId!).ToList());
        return rows.Select(row => row.ToView(
            addresses[row.GatewayPortId ?? ""].Select(a => new FixedIpView { SubnetId = a.SubnetId, IpAddress = Ipv4.Format(a.Address) }).ToList(),
            tags(row.Id),
            admin)).ToList();
    }

    private Outcome<RouterView> Create(Tx tx, AccessGrant access, RouterWish wish)
    {
        if (RouterRules.Check(wish, access, "create_router") is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_router", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (wish.Routes.Or(null) is { Count: > 0 }) return NetworkFaults.Refused("InvalidRoutes", "Invalid format for routes: the nexthop is not connected with router");
        if (!kernel.Quotas.Take(tx, NetworkModule.Service, "router", project.Value, 1).Ok) return NetworkFaults.OverQuota("router");
        var row = new RouterRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            AdminStateUp = wish.AdminStateUp.OrTrue(), CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        RouterStore.Insert(tx, row);
        tx.Record(Kinds.Router, row.Id, row.ProjectId, Change.Created, View(tx, row, admin: false), NetworkJson.Wire.RouterView);
        if (wish.ExternalGatewayInfo.Or(null) is { NetworkId: not null } gateway)
        {
            var set = gateways.Set(tx, access, row, gateway);
            if (set.Fault is { } refused) return refused;
            row = Save(tx, fabric, set.Value);
        }

        return View(tx, row, access.Everything);
    }

    private Outcome<RouterView> Update(Tx tx, AccessGrant access, string id, RouterWish wish)
    {
        var found = Visible(tx, access, id);
        if (found.Fault is { } missing) return missing;
        if (RouterRules.Check(wish, access, "update_router") is { } wrong) return wrong;
        if (wish.TenantId.Given || wish.ProjectId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        var row = found.Value with
        {
            Name = wish.Name.Or(found.Value.Name) ?? "",
            Description = wish.Description.Or(found.Value.Description) ?? "",
            AdminStateUp = wish.AdminStateUp.Or(found.Value.AdminStateUp) ?? true,
        };
        if (wish.ExternalGatewayInfo.Given)
        {
            var set = wish.ExternalGatewayInfo.Value is { NetworkId: not null } gateway ? gateways.Set(tx, access, row, gateway) : gateways.Clear(tx, row);
            if (set.Fault is { } refused) return refused;
            row = set.Value;
        }

        if (wish.Routes.Given)
        {
            var routes = wish.Routes.Value ?? [];
            if (RouterRules.Routes(tx, row, routes) is { } badRoutes) return badRoutes;
            row = row with { Routes = JsonSerializer.Serialize(routes, NetworkJson.Wire.IReadOnlyListRouteView) };
        }

        row = Save(tx, fabric, row);
        return View(tx, row, access.Everything);
    }
}

internal static class RouterRules
{
    private const int RoutesMax = 30;

    public static Fault? Check(RouterWish wish, AccessGrant access, string rule)
    {
        if (Attributes.Texts(("name", wish.Name), ("description", wish.Description)) is { } text) return text;
        if (Attributes.Booleans(("admin_state_up", wish.AdminStateUp)) is { } boolean) return boolean;
        if (!access.Everything && wish.Distributed.Or(null) is not null) return NetworkFaults.NotAuthorized(rule, "distributed");
        if (!access.Everything && wish.Ha.Or(null) is not null) return NetworkFaults.NotAuthorized(rule, "ha");
        if (wish.Distributed.OrFalse() || wish.Ha.OrFalse()) return NetworkFaults.Input("Distributed and highly available routers are not offered by this cloud");
        if (wish.FlavorId.Or(null) is { Length: > 0 } flavor) return NetworkFaults.Missing("FlavorNotFound", $"Flavor {flavor} could not be found.");
        if (wish.ExternalGatewayInfo.Or(null) is not { } gateway) return null;
        if (gateway.NetworkId is null && (gateway.EnableSnat.Given || gateway.ExternalFixedIps.Given))
        {
            return NetworkFaults.Attribute("external_gateway_info", "'network_id' is required");
        }

        if (access.Everything) return null;
        if (gateway.EnableSnat.Given) return NetworkFaults.NotAuthorized(rule, "external_gateway_info:enable_snat");
        return gateway.ExternalFixedIps.Given ? NetworkFaults.NotAuthorized(rule, "external_gateway_info:external_fixed_ips") : null;
    }

    /// <summary>Next hops are on a network that the router has a leg on, and are not the router itself.</summary>
    public static Fault? Routes(Session session, RouterRow router, IReadOnlyList<RouteView> routes)
    {
        if (routes.Count > RoutesMax)
        {
            return NetworkFaults.Refused("RoutesExhausted", $"Unable to complete operation for {router.Id}. The number of routes exceeds the maximum {RoutesMax}.");
        }

        if (SubnetRules.RouteFormat("routes", routes) is { } wrong) return wrong;
        var legs = RouterStore.Interfaces(session, router.Id).Select(port => port.Id).ToList();
        if (router.GatewayPortId is not null) legs.Add(router.GatewayPortId);
        var addresses = AddressStore.OfPorts(session, legs).SelectMany(group => group).ToList();
        var subnets = SubnetStore.All(session, addresses.Select(a => a.SubnetId).Distinct(StringComparer.Ordinal).ToList());
        foreach (var route in routes)
        {
            if (!Ipv4.TryParse(route.Nexthop, out var hop) || !subnets.Exists(subnet => subnet.Range.Contains(hop))) return Bad(routes, "the nexthop is not connected with router");
            if (addresses.Exists(a => a.Address == hop)) return Bad(routes, "the nexthop is used by router");
        }

        return null;
    }

    private static Fault Bad(IReadOnlyList<RouteView> routes, string reason) => NetworkFaults.Refused(
        "InvalidRoutes", $"Invalid format for routes: [{string.Join(", ", routes.Select(r => $"{r.Destination} via {r.Nexthop}"))}], {reason}");
}
