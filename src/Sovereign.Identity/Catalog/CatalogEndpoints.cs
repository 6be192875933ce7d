using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Catalog;

internal sealed class CatalogEndpoints(House house, CatalogService catalog)
{
    private static readonly Envelope<ServiceBody, ServiceWrite> service = new(CatalogJson.Wire.ServiceBody, body => body.Service);
    private static readonly Envelope<EndpointBody, EndpointWrite> endpoint = new(CatalogJson.Wire.EndpointBody, body => body.Endpoint);
    private static readonly Envelope<RegionBody, RegionWrite> region = new(CatalogJson.Wire.RegionBody, body => body.Region);

    public void Map(Routes api)
    {
        Operators(api, CatalogService.Services)
            .Create(service, catalog.CreateService).Update(service, catalog.UpdateService).Delete(catalog.DeleteService);
        Operators(api, catalog.Endpoints)
            .Create(endpoint, catalog.CreateEndpoint).Update(endpoint, catalog.UpdateEndpoint).Delete(catalog.DeleteEndpoint);
        Operators(api, CatalogService.Regions)
            .Create(region, catalog.CreateRegion).Update(region, catalog.UpdateRegion).Delete(catalog.DeleteRegion);
        api.Put("/regions/{id}", "identity:create_region", PutRegion);
    }

    /// <summary>Makes a region whose id the path says.</summary>
    private async Task<Answer> PutRegion(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.RegionBody);
        if (body.Fault is { } wrong) return wrong;
        var wish = body.Value.Region with { Id = call.Route("id") };
        return Answer.Of(await catalog.CreateRegion(call.Access, wish, call.Stop), row => CatalogService.Regions.One(house, 201, row));
    }

    /// <summary>Who the rule lets in sees all of them: they belong to no domain.</summary>
    private RoomRoutes<TRow, TView> Operators<TRow, TView>(Routes api, Room<TRow, TView> room)
        where TRow : class, IRow => new RoomRoutes<TRow, TView>(api, house, room)
            .List((_, request) => room.Page(house, request))
            .Show((_, id) => house.Kernel.Database.Read(session => room.Found(session, id)));
}
