using Sovereign.Identity.Wire;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Identity.Catalog;

/// <summary>Changes services, endpoints and regions; the operator's alone.</summary>
internal sealed class CatalogService(House house, CatalogRenderer renderer)
{
    private const int UrlMax = 2_000;

    public static readonly Room<ServiceRow, ServiceView> Services = new(
        "service", CatalogStore.Services, CatalogStore.Service, (row, house, _) => ServiceView.From(row, house),
        CatalogJson.Wire.ServiceView, _ => null,
        (model, row) => model.SetCatalog(catalog => catalog with { Services = catalog.Services.SetItem(row.Id, row) }));

    public static readonly Room<RegionRow, RegionView> Regions = new(
        "region", CatalogStore.Regions, CatalogStore.Region, (row, house, _) => RegionView.From(row, house), CatalogJson.Wire.RegionView,
        _ => null,
        (model, row) => model.SetCatalog(catalog => catalog with { Regions = catalog.Regions.SetItem(row.Id, row) }));

    public Room<EndpointRow, EndpointView> Endpoints { get; } = new(
        "endpoint", CatalogStore.Endpoints, CatalogStore.Endpoint, (row, house, _) => EndpointView.From(row, house, renderer),
        CatalogJson.Wire.EndpointView, _ => null,
        (model, row) => model.SetCatalog(catalog => catalog with { Endpoints = catalog.Endpoints.SetItem(row.Id, row) }));

    public Task<Outcome<ServiceRow>> CreateService(AccessGrant access, ServiceWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ServiceRow>("service.create", access.Origin, tx =>
            Changed(new ServiceRow { Id = house.Kernel.Ids.Hex(), Enabled = true }, wish).Map(row => Written(tx, row, Change.Created)), stop);

    public Task<Outcome<ServiceRow>> UpdateService(AccessGrant access, string id, ServiceWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<ServiceRow>("service.update", access.Origin, tx =>
            Services.Found(tx, id).Then(before => Changed(before, wish)).Map(row => Written(tx, row, Change.Updated)), stop);

    public Task<Outcome<Done>> DeleteService(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("service.delete", access.Origin, tx =>
        {
            if (CatalogStore.Service(tx, id) is not { } row) return new Fault.NotFound("service", id);
            var endpoints = CatalogStore.EndpointsOf(tx, id);
            CatalogStore.DeleteService(tx, id);
            foreach (var endpoint in endpoints)
            {
                EndpointFilterStore.DeleteEndpoint(tx, endpoint.Id);
                Endpoints.Record(tx, house, endpoint, Change.Deleted);
            }

            Services.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetCatalog(catalog => (catalog with
            {
                Services = catalog.Services.Remove(id),
                Endpoints = catalog.Endpoints.RemoveRange(endpoints.Select(endpoint => endpoint.Id)),
            }).Filtered(filters => filters with
            {
                Endpoints = endpoints.Aggregate(filters.Endpoints, (sets, endpoint) => EndpointFilters.Without(sets, endpoint.Id)),
            })));
            return Done.Value;
        }, stop);

    public Task<Outcome<EndpointRow>> CreateEndpoint(AccessGrant access, EndpointWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<EndpointRow>("endpoint.create", access.Origin, tx =>
        {
            EnsureRegion(tx, wish);
            return Changed(tx, new EndpointRow { Id = house.Kernel.Ids.Hex(), Enabled = true }, wish).Map(row => Written(tx, row, Change.Created));
        }, stop);

    public Task<Outcome<EndpointRow>> UpdateEndpoint(AccessGrant access, string id, EndpointWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<EndpointRow>("endpoint.update", access.Origin, tx =>
        {
            EnsureRegion(tx, wish);
            return Endpoints.Found(tx, id).Then(before => Changed(tx, before, wish)).Map(row => Written(tx, row, Change.Updated));
        }, stop);

    public Task<Outcome<Done>> DeleteEndpoint(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("endpoint.delete", access.Origin, tx =>
        {
            if (CatalogStore.Endpoint(tx, id) is not { } row) return new Fault.NotFound("endpoint", id);
            CatalogStore.DeleteEndpoint(tx, id);
            EndpointFilterStore.DeleteEndpoint(tx, id);
            Endpoints.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetCatalog(catalog => (catalog with { Endpoints = catalog.Endpoints.Remove(id) })
                .Filtered(filters => filters with { Endpoints = EndpointFilters.Without(filters.Endpoints, id) })));
            return Done.Value;
        }, stop);

    public Task<Outcome<RegionRow>> CreateRegion(AccessGrant access, RegionWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<RegionRow>("region.create", access.Origin, tx =>
        {
            var changed = Changed(tx, new RegionRow { Id = wish.Id is { Length: > 0 } named ? named : house.Kernel.Ids.Hex() }, wish);
            if (changed.Fault is { } wrong) return wrong;
            return CatalogStore.Insert(tx, changed.Value)
                ? Regions.Written(tx, house, changed.Value, Change.Created)
                : new Fault.Conflict($"Conflict occurred attempting to store region - Duplicate ID, {changed.Value.Id}.");
        }, stop);

    public Task<Outcome<RegionRow>> UpdateRegion(AccessGrant access, string id, RegionWrite wish, CancellationToken stop) =>
        house.Kernel.Queue.Write<RegionRow>("region.update", access.Origin, tx =>
        {
            if (CatalogStore.Region(tx, id) is not { } before) return new Fault.NotFound("region", id);
            if (wish.ParentRegionId.Value == id) return new Fault.Invalid("parent_region_id", "A region is not its own parent.");
            var changed = Changed(tx, before, wish);
            if (changed.Fault is { } wrong) return wrong;
            CatalogStore.Update(tx, changed.Value);
            return Regions.Written(tx, house, changed.Value, Change.Updated);
        }, stop);

    public Task<Outcome<Done>> DeleteRegion(AccessGrant access, string id, CancellationToken stop) =>
        house.Kernel.Queue.Write<Done>("region.delete", access.Origin, tx =>
        {
            if (CatalogStore.Region(tx, id) is not { } row) return new Fault.NotFound("region", id);
            if (CatalogStore.IsRegionUsed(tx, id)) return new Fault.Conflict($"Unable to delete region {id} because it or its child regions have associated endpoints.");
            CatalogStore.DeleteRegion(tx, id);
            Regions.Record(tx, house, row, Change.Deleted);
            tx.Model(house, model => model.SetCatalog(catalog => catalog with { Regions = catalog.Regions.Remove(id) }));
            return Done.Value;
        }, stop);

    public ServiceRow Written(Tx tx, ServiceRow row, Change change)
    {
        CatalogStore.Put(tx, row);
        return Services.Written(tx, house, row, change);
    }

    public EndpointRow Written(Tx tx, EndpointRow row, Change change)
    {
        CatalogStore.Put(tx, row);
        return Endpoints.Written(tx, house, row, change);
    }

    /// <summary>The older word for an endpoint's region makes the region, as in the original.</summary>
    private void EnsureRegion(Tx tx, EndpointWrite wish)
    {
        if (wish.Region is not { } id || wish.RegionId.Value is not null || Members.CheckName("region", id, Members.NameMax) is not null) return;
        var row = new RegionRow { Id = id };
        if (CatalogStore.Insert(tx, row)) Regions.Written(tx, house, row, Change.Created);
    }

    private static Outcome<ServiceRow> Changed(ServiceRow row, ServiceWrite wish)
    {
        var type = wish.Type ?? (row.Type.Length == 0 ? null : row.Type);
        if (Members.CheckName("type", type, Members.NameMax) is { } badType) return badType;
        var bad = Members.CheckText("name", wish.Name.Value, Members.NameMax) ?? Members.CheckText("description", wish.Description.Value);
        if (bad is not null) return bad;
        return Members.Extra(row.Extra, wish.Others).Map(extra => row with
        {
            Type = type!,
            Name = wish.Name.Or(row.Name),
            Description = wish.Description.Or(row.Description),
            Enabled = wish.Enabled ?? row.Enabled,
            Extra = extra,
        });
    }

    private static Outcome<EndpointRow> Changed(Tx tx, EndpointRow row, EndpointWrite wish)
    {
        var after = row with
        {
            ServiceId = wish.ServiceId ?? row.ServiceId,
            Interface = wish.Interface ?? row.Interface,
            Url = wish.Url ?? row.Url,
            RegionId = wish.RegionId.Value ?? wish.Region ?? (wish.RegionId.Given ? null : row.RegionId),
            Enabled = wish.Enabled ?? row.Enabled,
        };
        if (!EndpointRow.Interfaces.Contains(after.Interface)) return new Fault.Invalid("interface", "Invalid input for field 'interface': admin, internal or public.");
        if (after.Url.Length == 0) return new Fault.Invalid("url", "'url' is a required property");
        if (Members.CheckText("url", after.Url, UrlMax) is { } badUrl) return badUrl;
        if (after.ServiceId.Contains('\0', StringComparison.Ordinal) || CatalogStore.Service(tx, after.ServiceId) is null)
        {
            return new Fault.Invalid("service_id", $"Endpoint service_id {after.ServiceId} is no service.");
        }

        if (after.RegionId is { } region && (region.Contains('\0', StringComparison.Ordinal) || CatalogStore.Region(tx, region) is null))
        {
            return new Fault.Invalid("region_id", $"Region ID not found: {region}");
        }

        return Members.Extra(row.Extra, wish.Others).Map(extra => after with { Extra = extra });
    }

    private static Outcome<RegionRow> Changed(Tx tx, RegionRow row, RegionWrite wish)
    {
        var bad = Members.CheckName("id", row.Id, Members.NameMax) ?? Members.CheckText("description", wish.Description.Value);
        if (bad is not null) return bad;
        if (wish.ParentRegionId.Value is { } parent && (parent.Contains('\0', StringComparison.Ordinal) || CatalogStore.Region(tx, parent) is null))
        {
            return new Fault.NotFound("region", parent);
        }

        return Members.Extra(row.Extra, wish.Others).Map(extra => row with
        {
            Description = wish.Description.Or(row.Description) ?? "",
            ParentRegionId = wish.ParentRegionId.Or(row.ParentRegionId),
            Extra = extra,
        });
    }
}
