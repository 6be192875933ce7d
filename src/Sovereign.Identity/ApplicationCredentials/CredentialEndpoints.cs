using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.ApplicationCredentials;

internal sealed class CredentialEndpoints(House house, CredentialService credentials, AccessRuleService rules)
{
    public void Map(Routes api)
    {
        api.Get("/users/{user_id}/application_credentials", "identity:list_application_credentials", List);
        api.Post("/users/{user_id}/application_credentials", "identity:create_application_credential", Create);
        api.Get("/users/{user_id}/application_credentials/{id}", "identity:get_application_credential", Show);
        api.Delete("/users/{user_id}/application_credentials/{id}", "identity:delete_application_credential", Delete);
        api.Get("/users/{user_id}/access_rules", "identity:list_access_rules", ListRules);
        api.Get("/users/{user_id}/access_rules/{id}", "identity:get_access_rule", ShowRule);
        api.Delete("/users/{user_id}/access_rules/{id}", "identity:delete_access_rule", DeleteRule);
    }

    private Task<Answer> List(Call call)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, CredentialStore.Shape)
            .Then(request => credentials.List(call.Access, call.Route("user_id"), request).Map(rows => (request, rows)));
        return Task.FromResult(Answer.Of(page, found => Answer.Json(
            200,
            new CredentialList(
                [.. found.rows.Items.Select(shown => CredentialView.From(shown, house))],
                CollectionLinks.Of(call, found.request, found.rows, shown => shown.Row.Id)),
            CredentialJson.Wire.CredentialList)));
    }

    private Task<Answer> Show(Call call) =>
        Task.FromResult(Answer.Of(credentials.Show(call.Access, call.Route("user_id"), call.Route("id")), shown => One(200, shown)));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(CredentialJson.Wire.CredentialBody);
        return body.Fault
            ?? Answer.Of(await credentials.Create(call.Access, call.Route("user_id"), body.Value.ApplicationCredential, call.Stop), shown => One(201, shown));
    }

    private async Task<Answer> Delete(Call call) =>
        Answer.Of(await credentials.Delete(call.Access, call.Route("user_id"), call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Task<Answer> ListRules(Call call)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, AccessRuleStore.Shape)
            .Then(request => rules.List(call.Access, call.Route("user_id"), request).Map(rows => (request, rows)));
        return Task.FromResult(Answer.Of(page, found => Answer.Json(
            200,
            new AccessRuleList(
                [.. found.rows.Items.Select(row => AccessRuleView.From(row, house))], CollectionLinks.Of(call, found.request, found.rows, row => row.Id)),
            CredentialJson.Wire.AccessRuleList)));
    }

    private Task<Answer> ShowRule(Call call) => Task.FromResult(Answer.Of(
        rules.Show(call.Access, call.Route("user_id"), call.Route("id")),
        row => Answer.Json(200, new AccessRuleAnswer(AccessRuleView.From(row, house)), CredentialJson.Wire.AccessRuleAnswer)));

    private async Task<Answer> DeleteRule(Call call) =>
        Answer.Of(await rules.Delete(call.Access, call.Route("user_id"), call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private Answer One(int status, CredentialShown shown) => Answer.Json(
        status, new CredentialAnswer(CredentialView.From(shown, house)), CredentialJson.Wire.CredentialAnswer);
}
