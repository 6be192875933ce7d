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
    }

    /// <summary>Who the rule lets in sees all of them: they belong to no domain.</summary>
    private RoomRoutes<TRow, TView> Operators<TRow, TView>(Routes api, Room<TRow, TView> room)
        where TRow : class, IRow => new RoomRoutes<TRow, TView>(api, house, room)
            .List((_, request) => room.Page(house, request))
            .Show((_, id) => house.Kernel.Database.Read(session => room.Found(session, id)));
}
