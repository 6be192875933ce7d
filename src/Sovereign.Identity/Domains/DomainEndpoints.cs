using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Domains;

internal sealed class DomainEndpoints(House house, DomainService domains)
{
    public void Map(Routes api)
    {
        api.Get("/domains", "identity:list_domains", List);
        api.Post("/domains", "identity:create_domain", Create);
        api.Get("/domains/{id}", "identity:get_domain", Show);
        api.Patch("/domains/{id}", "identity:update_domain", Update);
        api.Delete("/domains/{id}", "identity:delete_domain", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, DomainStore.Shape).Then(request => domains.List(call.Access, request).Map(rows => (request, rows)));
        return Task.FromResult(Answer.Of(page, found => Answer.Json(
            200,
            new DomainList([.. found.rows.Items.Select(row => DomainView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            DomainJson.Wire.DomainList)));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(domains.Show(call.Access, call.Route("id")), row => One(200, row)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(DomainJson.Wire.DomainBody);
        return body.Fault ?? Answer.Of(await domains.Create(call.Access, body.Value.Domain, call.Stop), row => One(201, row));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(DomainJson.Wire.DomainBody);
        return body.Fault ?? Answer.Of(await domains.Update(call.Access, call.Route("id"), body.Value.Domain, call.Stop), row => One(200, row, inside: true));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await domains.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Answer One(int status, DomainRow row, bool inside = false) =>
        Answer.Json(status, new DomainAnswer(DomainView.From(row, house, inside)), DomainJson.Wire.DomainAnswer);
}
