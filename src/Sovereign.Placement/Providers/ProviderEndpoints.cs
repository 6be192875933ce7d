using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Placement.Candidates;

namespace Sovereign.Placement.Providers;

internal sealed class ProviderEndpoints(KernelServices kernel)
{
    private static readonly string[] queryNames = ["name", "uuid", "member_of", "resources", "required", "in_tree"];
    private readonly ProviderService service = new(kernel);

    public void Map(Routes api)
    {
        api.Get("/resource_providers", "placement:resource_providers:list", List);
        api.Post("/resource_providers", "placement:resource_providers:create", Create);
        api.Get("/resource_providers/{id}", "placement:resource_providers:show", Show);
        api.Put("/resource_providers/{id}", "placement:resource_providers:update", Update);
        api.Delete("/resource_providers/{id}", "placement:resource_providers:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var unknown = call.Http.Request.Query.Keys.FirstOrDefault(name => !queryNames.Contains(name));
        if (unknown is not null) return Task.FromResult<Answer>(new Fault.Invalid(unknown, $"Invalid query string parameters: '{unknown}' does not match any of the regexes."));
        var page = kernel.Database.Read(session => ListRequest.Parse(call.Http.Request.Query, ProviderStore.Shape, "member_of", "resources", "required", "in_tree")
            .Then(request => CandidateQuery.OfProviders(call.Http.Request.Query, call.Version).Then(query =>
            {
                query.Narrow(request);
                return ListSql.Page<Provider>(session, request, "p.*").Map(found => found.Items).Then(items => query.WithRoom(session, items, provider => provider.Id));
            })));
        return Task.FromResult(Answer.Of(page, items => Answer.Json(
            200, new ProviderList(items.Select(p => ProviderView.From(p, call.Version)).ToList()), ProviderJson.Wire.ProviderList)
            .Dated(call, items.Count == 0 ? null : items.Max(p => p.UpdatedAt))));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(ProviderJson.Wire.ProviderCreate);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.ParentProviderUuid is not null && call.Version < PlacementVersions.Tree)
        {
            return new Fault.Invalid("parent_provider_uuid", "JSON does not validate: Additional properties are not allowed ('parent_provider_uuid' was unexpected).");
        }

        var created = await service.Create(call.Origin, body.Value, call.Stop);
        return Answer.Of(created, provider =>
        {
            var answer = call.Version < PlacementVersions.CreatedBody ? Answer.Empty(201) : Answer.Json(200, ProviderView.From(provider, call.Version), ProviderJson.Wire.ProviderView);
            return answer.With("Location", call.Link("/resource_providers/" + provider.Id)).Dated(call, provider.UpdatedAt);
        });
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Render(call, kernel.Database.Read(session => ProviderStore.Need(session, call.Route("id")))));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(ProviderJson.Wire.ProviderUpdate);
        return body.Fault ?? Render(call, await service.Update(call.Origin, call.Route("id"), body.Value, call.Version, call.Stop));
    }

    private async Task<Answer> Delete(Call call) =>
        Answer.Of(await service.Delete(call.Origin, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private static Answer Render(Call call, Outcome<Provider> provider) => Answer.Of(provider, found =>
        Answer.Json(200, ProviderView.From(found, call.Version), ProviderJson.Wire.ProviderView).Dated(call, found.UpdatedAt));
}
