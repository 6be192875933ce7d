using System.Text;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.UserCredentials;

internal sealed class UserCredentialEndpoints(House house, UserCredentialService credentials)
{
    public void Map(Routes api)
    {
        api.Get("/credentials", "identity:list_credentials", List);
        api.Post("/credentials", "identity:create_credential", Create);
        api.Get("/credentials/{id}", "identity:get_credential", call =>
            Task.FromResult(One(200, credentials.Show(call.Access, "identity:get_credential", call.Route("id")))));
        api.Patch("/credentials/{id}", "identity:update_credential", Update);
        api.Delete("/credentials/{id}", "identity:delete_credential", async call =>
            Answer.Of(await credentials.Delete(call.Access, "identity:delete_credential", call.Route("id"), call.Stop), _ => Answer.Empty(204)));
        const string Pairs = "/users/{user_id}/credentials/OS-EC2";
        api.Get(Pairs, "identity:ec2_list_credentials", ListPairs);
        api.Post(Pairs, "identity:ec2_create_credential", CreatePair);
        api.Get(Pairs + "/{access}", "identity:ec2_get_credential", call =>
            Task.FromResult(Pair(200, Mine(call, "identity:ec2_get_credential"))));
        api.Delete(Pairs + "/{access}", "identity:ec2_delete_credential", DeletePair);
    }

    private Task<Answer> List(Call call)
    {
        var page = ListRequest.Parse(call.Http.Request.Query, UserCredentialStore.Shape)
            .Then(request => credentials.List(call.Access, request).Map(rows => (request, rows)));
        return Task.FromResult(Answer.Of(page, found => Answer.Json(
            200,
            new UserCredentialList(
                [.. found.rows.Items.Select(opened => UserCredentialView.From(opened, house))],
                CollectionLinks.Of(call, found.request, found.rows, opened => opened.Row.Id)),
            UserCredentialJson.Wire.UserCredentialList)));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(UserCredentialJson.Wire.UserCredentialBody);
        return body.Fault ?? One(201, await credentials.Create(call.Access, body.Value.Credential, call.Stop));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(UserCredentialJson.Wire.UserCredentialBody);
        return body.Fault ?? One(200, await credentials.Update(call.Access, call.Route("id"), body.Value.Credential, call.Stop));
    }

    private Task<Answer> ListPairs(Call call) => Task.FromResult(Answer.Of(credentials.Pairs(call.Access, call.Route("user_id")), pairs =>
        Answer.Json(200, new Ec2List([.. pairs.Select(View)], CollectionLinks.Of(call)), UserCredentialJson.Wire.Ec2List)));

    private async Task<Answer> CreatePair(Call call)
    {
        var body = await call.Body(UserCredentialJson.Wire.Ec2Body);
        return body.Fault ?? Pair(201, await credentials.CreatePair(call.Access, call.Route("user_id"), body.Value.TenantId, call.Stop));
    }

    private async Task<Answer> DeletePair(Call call)
    {
        var found = Mine(call, "identity:ec2_delete_credential");
        return found.Fault ?? Answer.Of(
            await credentials.Delete(call.Access, "identity:ec2_delete_credential", found.Value.Row.Id, call.Stop), _ => Answer.Empty(204));
    }

    /// <summary>The key pair of the path, if it is that user's; who may see this user's learns that it is not there.</summary>
    private Outcome<OpenedCredential> Mine(Call call, string rule)
    {
        var (userId, access) = (call.Route("user_id"), call.Route("access"));
        if (!call.Access.Covers(null, null, userId)) return Guard.Refusal(rule);
        var found = credentials.Show(call.Access, rule, UserCredentialRow.IdOfAccess(access));
        return found.Ok && found.Value.Row.UserId == userId && found.Value.Row.Type == UserCredentialRow.Ec2
            ? found : new Fault.NotFound("credential", access);
    }

    private Answer One(int status, Outcome<OpenedCredential> outcome) => Answer.Of(outcome, opened =>
        Answer.Json(status, new UserCredentialAnswer(UserCredentialView.From(opened, house)), UserCredentialJson.Wire.UserCredentialAnswer));

    private Answer Pair(int status, Outcome<OpenedCredential> outcome) =>
        Answer.Of(outcome, opened => Answer.Json(status, new Ec2Answer(View(opened)), UserCredentialJson.Wire.Ec2Answer));

    private Ec2View View(OpenedCredential opened)
    {
        var pair = Call.Parse(Encoding.UTF8.GetBytes(opened.Blob), UserCredentialJson.Wire.Ec2Blob).Value;
        var (row, access) = (opened.Row, pair.Access ?? "");
        return new Ec2View(
            access, pair.Secret ?? "", row.UserId, row.ProjectId, row.TrustId, new(house.Link($"/users/{row.UserId}/credentials/OS-EC2/{access}")));
    }
}
