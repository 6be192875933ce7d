using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Roles;

internal sealed class RoleEndpoints(House house, RoleService roles)
{
    private static readonly Envelope<RoleBody, RoleWrite> envelope = new(RoleJson.Wire.RoleBody, body => body.Role);

    public void Map(Routes api)
    {
        new RoomRoutes<RoleRow, RoleView>(api, house, RoleService.Room)
            .List((call, request) => roles.List(request, ofDomain: !string.IsNullOrEmpty(call.Query("domain_id"))))
            .Show(roles.Show).Create(envelope, roles.Create).Update(envelope, roles.Update).Delete(roles.Delete);
        api.Get("/role_inferences", "identity:list_role_inference_rules", Inferences);
        api.Get("/roles/{id}/implies", "identity:list_implied_roles", Implied);
        api.Get("/roles/{id}/implies/{implied_id}", "identity:get_implied_role", ShowInference);
        api.Head("/roles/{id}/implies/{implied_id}", "identity:check_implied_role", CheckInference);
        api.Put("/roles/{id}/implies/{implied_id}", "identity:create_implied_role", Imply);
        api.Delete("/roles/{id}/implies/{implied_id}", "identity:delete_implied_role", Unimply);
    }

    private Task<Answer> Inferences(Call call) =>
        Task.FromResult(Answer.Json(200, new InferenceList([.. Grouped(_ => true)]), RoleJson.Wire.InferenceList));

    private Task<Answer> Implied(Call call)
    {
        var id = call.Route("id");
        if (house.Model.Roles.Find(id) is not { } role) return Task.FromResult<Answer>(new Fault.NotFound("role", id));
        var view = Grouped(prior => prior == id).FirstOrDefault() ?? new InferencesView(RoleReference.From(role, house), []);
        return Task.FromResult(Answer.Json(200, new InferencesAnswer(view, new(house.Link($"/roles/{id}/implies"))), RoleJson.Wire.InferencesAnswer));
    }

    private Task<Answer> ShowInference(Call call) => Task.FromResult(Inference(call, 200));

    private Task<Answer> CheckInference(Call call)
    {
        var found = Inference(call, 204);
        return Task.FromResult(found.Fault is null ? Answer.Empty(204) : found);
    }

    private async Task<Answer> Imply(Call call)
    {
        var done = await roles.Imply(call.Access, call.Route("id"), call.Route("implied_id"), call.Stop);
        return Answer.Of(done, _ => Inference(call, 201));
    }

    private async Task<Answer> Unimply(Call call) =>
        Answer.Of(await roles.Unimply(call.Access, call.Route("id"), call.Route("implied_id"), call.Stop), _ => Answer.Empty(204));

    private Answer Inference(Call call, int status)
    {
        var (prior, implied) = (call.Route("id"), call.Route("implied_id"));
        var graph = house.Model.Roles;
        var exists = roles.Inferences().Exists(row => row.PriorRoleId == prior && row.ImpliedRoleId == implied);
        if (!exists || graph.Find(prior) is not { } from || graph.Find(implied) is not { } to) return new Fault.NotFound("implied role", $"{prior} implies {implied}");
        return Answer.Json(
            status,
            new InferenceAnswer(new(RoleReference.From(from, house), RoleReference.From(to, house)), new(house.Link($"/roles/{prior}/implies/{implied}"))),
            RoleJson.Wire.InferenceAnswer);
    }

    private IEnumerable<InferencesView> Grouped(Func<string, bool> wanted)
    {
        var graph = house.Model.Roles;
        return from row in roles.Inferences()
               where wanted(row.PriorRoleId)
               group row by row.PriorRoleId into prior
               let role = graph.Find(prior.Key)
               where role is not null
               select new InferencesView(
                   RoleReference.From(role, house),
                   [.. prior.Select(row => graph.Find(row.ImpliedRoleId)).OfType<Model.RoleEntry>().Select(implied => RoleReference.From(implied, house))]);
    }
}
