using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Catalog;

internal sealed class CatalogEndpoints(House house, CatalogService catalog, CatalogRenderer renderer)
{
    public void Map(Routes api)
    {
        api.Get("/services", "identity:list_services", ListServices);
        api.Post("/services", "identity:create_service", CreateService);
        api.Get("/services/{id}", "identity:get_service", ShowService);
        api.Patch("/services/{id}", "identity:update_service", UpdateService);
        api.Delete("/services/{id}", "identity:delete_service", async call =>
            Answer.Of(await catalog.DeleteService(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204)));
        api.Get("/endpoints", "identity:list_endpoints", ListEndpoints);
        api.Post("/endpoints", "identity:create_endpoint", CreateEndpoint);
        api.Get("/endpoints/{id}", "identity:get_endpoint", ShowEndpoint);
        api.Patch("/endpoints/{id}", "identity:update_endpoint", UpdateEndpoint);
        api.Delete("/endpoints/{id}", "identity:delete_endpoint", async call =>
            Answer.Of(await catalog.DeleteEndpoint(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204)));
        api.Get("/regions", "identity:list_regions", ListRegions);
        api.Post("/regions", "identity:create_region", CreateRegion);
        api.Get("/regions/{id}", "identity:get_region", ShowRegion);
        api.Patch("/regions/{id}", "identity:update_region", UpdateRegion);
        api.Delete("/regions/{id}", "identity:delete_region", async call =>
            Answer.Of(await catalog.DeleteRegion(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204)));
    }

    private Task<Answer> ListServices(Call call) => Task.FromResult(Answer.Of(Page<ServiceRow>(call, CatalogStore.Services, "s.*"), found => Answer.Json(
        200,
        new ServiceList([.. found.Rows.Items.Select(row => ServiceView.From(row, house))], CollectionLinks.Of(call, found.Request, found.Rows, row => row.Id)),
        CatalogJson.Wire.ServiceList)));

    private Task<Answer> ShowService(Call call)
    {
        var id = call.Route("id");
        return Task.FromResult(house.Kernel.Database.Read(session => CatalogStore.Service(session, id)) is { } row ? One(200, row) : new Fault.NotFound("service", id));
    }

    private async Task<Answer> CreateService(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.ServiceBody);
        return body.Fault ?? Answer.Of(await catalog.CreateService(call.Access, body.Value.Service, call.Stop), row => One(201, row));
    }

    private async Task<Answer> UpdateService(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.ServiceBody);
        return body.Fault ?? Answer.Of(await catalog.UpdateService(call.Access, call.Route("id"), body.Value.Service, call.Stop), row => One(200, row));
    }

    private Task<Answer> ListEndpoints(Call call) => Task.FromResult(Answer.Of(Page<EndpointRow>(call, CatalogStore.Endpoints, "e.*"), found => Answer.Json(
        200,
        new EndpointList(
            [.. found.Rows.Items.Select(row => EndpointView.From(row, house, renderer))], CollectionLinks.Of(call, found.Request, found.Rows, row => row.Id)),
        CatalogJson.Wire.EndpointList)));

    private Task<Answer> ShowEndpoint(Call call)
    {
        var id = call.Route("id");
        return Task.FromResult(house.Kernel.Database.Read(session => CatalogStore.Endpoint(session, id)) is { } row ? One(200, row) : new Fault.NotFound("endpoint", id));
    }

    private async Task<Answer> CreateEndpoint(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.EndpointBody);
        return body.Fault ?? Answer.Of(await catalog.CreateEndpoint(call.Access, body.Value.Endpoint, call.Stop), row => One(201, row));
    }

    private async Task<Answer> UpdateEndpoint(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.EndpointBody);
        return body.Fault ?? Answer.Of(await catalog.UpdateEndpoint(call.Access, call.Route("id"), body.Value.Endpoint, call.Stop), row => One(200, row));
    }

    private Task<Answer> ListRegions(Call call) => Task.FromResult(Answer.Of(Page<RegionRow>(call, CatalogStore.Regions, "r.*"), found => Answer.Json(
        200,
        new RegionList([.. found.Rows.Items.Select(row => RegionView.From(row, house))], CollectionLinks.Of(call, found.Request, found.Rows, row => row.Id)),
        CatalogJson.Wire.RegionList)));

    private Task<Answer> ShowRegion(Call call)
    {
        var id = call.Route("id");
        return Task.FromResult(house.Kernel.Database.Read(session => CatalogStore.Region(session, id)) is { } row ? One(200, row) : new Fault.NotFound("region", id));
    }

    private async Task<Answer> CreateRegion(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.RegionBody);
        return body.Fault ?? Answer.Of(await catalog.CreateRegion(call.Access, body.Value.Region, call.Stop), row => One(201, row));
    }

    private async Task<Answer> UpdateRegion(Call call)
    {
        var body = await call.Body(CatalogJson.Wire.RegionBody);
        return body.Fault ?? Answer.Of(await catalog.UpdateRegion(call.Access, call.Route("id"), body.Value.Region, call.Stop), row => One(200, row));
    }

    private Outcome<Found<T>> Page<T>(Call call, ListShape shape, string select) => ListRequest.Parse(call.Http.Request.Query, shape)
        .Then(request => house.Page<T>(request, select).Map(rows => new Found<T>(request, rows)));

    private Answer One(int status, ServiceRow row) => Answer.Json(status, new ServiceAnswer(ServiceView.From(row, house)), CatalogJson.Wire.ServiceAnswer);

    private Answer One(int status, EndpointRow row) =>
        Answer.Json(status, new EndpointAnswer(EndpointView.From(row, house, renderer)), CatalogJson.Wire.EndpointAnswer);

    private Answer One(int status, RegionRow row) => Answer.Json(status, new RegionAnswer(RegionView.From(row, house)), CatalogJson.Wire.RegionAnswer);

    private sealed record Found<T>(ListRequest Request, Page<T> Rows);
}
