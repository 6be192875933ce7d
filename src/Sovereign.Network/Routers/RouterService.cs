using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.ConntrackHelpers;
using Sovereign.Network.Fabric;
using Sovereign.Network.Ports;
using Sovereign.Network.RouterFlavors;
using Sovereign.Network.Subnets;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Routers;

internal sealed class RouterService(KernelServices kernel, FabricPlan fabric, RouterGateways gateways)
{
    public static readonly Room<RouterRow, RouterView> Room = new(
        Kinds.Router, "routers", "/v2.0/routers", RouterStore.Shape, RouterStore.Find, NetworkFaults.RouterMissing, Views,
        NetworkJson.Wire.RouterView);

    /// <summary>Stores a changed router with the next revision and makes its node follow.</summary>
    public static RouterRow Save(Tx tx, FabricPlan fabric, RouterRow row)
    {
        var next = row with { UpdatedAt = tx.Now, Revision = row.Revision + 1 };
        RouterStore.Update(tx, next);
        fabric.RouterChanged(tx, row.Id);
        Room.Record(tx, next, Change.Updated);
        return next;
    }

    private static List<RouterView> Views(Session session, IReadOnlyList<RouterRow> rows, Viewer viewer)
    {
        var ids = rows.Select(row => row.Id).ToList();
        var tags = TagStore.Of(session, Kinds.Router, ids);
        var addresses = AddressStore.OfPorts(session, rows.Where(row => row.GatewayPortId is not null).Select(row => row.GatewayPortId!).ToList());
        return rows.Select(row => row.ToView(
            addresses[row.GatewayPortId ?? ""].Select(a => new FixedIpView { SubnetId = a.SubnetId, IpAddress = a.Text }).ToList(),
            tags(row.Id))).ToList();
    }

    public Outcome<RouterRow> Create(Tx tx, AccessGrant access, RouterWish wish)
    {
        if (RouterRules.Check(wish, access, "create_router") is { } wrong) return wrong;
        var project = Attributes.Project(access, "create_router", wish.ProjectId, wish.TenantId);
        if (project.Fault is { } foreign) return foreign;
        if (wish.Routes.Or(null) is { Count: > 0 }) return NetworkFaults.Refused("InvalidRoutes", "Invalid format for routes: the nexthop is not connected with router");
        var flavor = RouterFlavorService.Chosen(tx, wish.FlavorId.Or(null));
        if (flavor.Fault is { } noFlavor) return noFlavor;
        if (Room.Take(tx, kernel, project.Value) is { } full) return full;
        var row = new RouterRow
        {
            Id = kernel.Ids.Uuid(), ProjectId = project.Value, Name = wish.Name.Or("") ?? "", Description = wish.Description.Or("") ?? "",
            AdminStateUp = wish.AdminStateUp.OrTrue(), FlavorId = flavor.Value, CreatedAt = tx.Now, UpdatedAt = tx.Now,
        };
        RouterStore.Insert(tx, row);
        Room.Record(tx, row, Change.Created);
        if (wish.ExternalGatewayInfo.Or(null) is { NetworkId: not null } gateway)
        {
            var set = gateways.Set(tx, access, row, gateway);
            if (set.Fault is { } refused) return refused;
            row = Save(tx, fabric, set.Value);
        }

        return row;
    }

    public Outcome<RouterRow> Update(Tx tx, AccessGrant access, RouterRow old, RouterWish wish)
    {
        if (RouterRules.Check(wish, access, "update_router") is { } wrong) return wrong;
        if (wish.TenantId.Given || wish.ProjectId.Given) return new Fault.Invalid("project_id", "Cannot update read-only attribute project_id");
        if (wish.FlavorId.Given) return new Fault.Invalid("flavor_id", "Cannot update read-only attribute flavor_id");
        var row = old with
        {
            Name = wish.Name.Or(old.Name) ?? "",
            Description = wish.Description.Or(old.Description) ?? "",
            AdminStateUp = wish.AdminStateUp.Or(old.AdminStateUp) ?? true,
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

        return Save(tx, fabric, row);
    }

    public Outcome<RouterRow> AddRoutes(Tx tx, AccessGrant access, RouterRow row, RouterWish wish) => Named(wish).Then(routes =>
        Update(tx, access, row, new RouterWish { Routes = new(true, row.RouteList.Union(routes).ToList()) }));

    public Outcome<RouterRow> RemoveRoutes(Tx tx, AccessGrant access, RouterRow row, RouterWish wish) =>
        Named(wish).Then<RouterRow>(routes => routes.Except(row.RouteList).Any()
            ? NetworkFaults.Missing("RouterNotFound", "A route to remove is not one of the router's.")
            : Update(tx, access, row, new RouterWish { Routes = new(true, row.RouteList.Except(routes).ToList()) }));

    public Outcome<Done> Delete(Tx tx, AccessGrant access, RouterRow row)
    {
        if (RouterStore.Interfaces(tx, row.Id).Count > 0) return NetworkFaults.Conflict("RouterInUse", $"Router {row.Id} still has ports");
        Room.Remove(tx, kernel, row, RouterStore.Delete);
        ConntrackHelperStore.DeleteOf(tx, row.Id);
        var cleared = gateways.Clear(tx, row);
        if (cleared.Fault is { } inUse) return inUse;
        fabric.RouterGone(tx, row.Id, row.GatewayNetworkId is null ? [] : [row.GatewayNetworkId]);
        return Done.Value;
    }

    /// <summary>The routes that a call of the extraroutes kind names.</summary>
    private static Outcome<IReadOnlyList<RouteView>> Named(RouterWish wish)
    {
        if (wish.Routes.Or(null) is not { } routes) return new Fault.Invalid("", "Unable to find 'routes' in request body");
        return SubnetRules.RouteFormat("routes", routes) is { } malformed ? malformed : Outcome.Of(routes);
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
            if (!Ip.TryParse(route.Nexthop, out var hop) || !subnets.Exists(subnet => subnet.Range.Contains(hop))) return Bad(routes, "the nexthop is not connected with router");
            if (addresses.Exists(a => a.Ip == hop)) return Bad(routes, "the nexthop is used by router");
        }

        return null;
    }

    private static Fault Bad(IReadOnlyList<RouteView> routes, string reason) => NetworkFaults.Refused(
        "InvalidRoutes", $"Invalid format for routes: [{string.Join(", ", routes.Select(r => $"{r.Destination} via {r.Nexthop}"))}], {reason}");
}
