using Sovereign.Identity.Model;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

/// <summary>The same five routes for each pair of target (project, domain, system) and actor (user, group).</summary>
internal sealed class GrantEndpoints(House house, GrantService grants)
{
    public void Map(Routes api)
    {
        foreach (var actor in new[] { AssignmentRow.User, AssignmentRow.Group })
        {
            MapPair(api, "project", "/projects/{target_id}", actor, "grant", "grant", "grants");
            MapPair(api, "domain", "/domains/{target_id}", actor, "grant", "grant", "grants");
            MapPair(api, "system", "/system", actor, $"system_grant_for_{actor}", $"system_grant_for_{actor}", $"system_grants_for_{actor}");
        }
    }

    private void MapPair(Routes api, string target, string prefix, string actor, string one, string revoked, string many)
    {
        var path = $"{prefix}/{actor}s/{{actor_id}}/roles";
        api.Get(path, $"identity:list_{many}", call => List(call, $"identity:list_{many}", target, actor));
        path += "/{role_id}";
        api.Put(path, $"identity:create_{one}", async call =>
            Empty(await grants.Give(call.Access, $"identity:create_{one}", Wish(call, target, actor), call.Stop)));
        api.Delete(path, $"identity:revoke_{revoked}", async call =>
            Empty(await grants.Take(call.Access, $"identity:revoke_{revoked}", Wish(call, target, actor), call.Stop)));
        api.Get(path, $"identity:check_{one}", call => Check(call, $"identity:check_{one}", target, actor));
        api.Head(path, $"identity:check_{one}", call => Check(call, $"identity:check_{one}", target, actor));
    }

    private Task<Answer> Check(Call call, string rule, string target, string actor) =>
        Task.FromResult(Empty(grants.Has(call.Access, rule, Wish(call, target, actor))));

    private Task<Answer> List(Call call, string rule, string target, string actor)
    {
        var wish = Wish(call, target, actor);
        return Task.FromResult(Answer.Of(grants.List(call.Access, rule, wish), rows =>
            RoleService.Room.Many(house, rows, CollectionLinks.Of(call))));
    }

    private static Answer Empty(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(204));

    private static AssignmentRow Wish(Call call, string target, string actor) => new()
    {
        TargetKind = target, TargetId = target == "system" ? IdentityModel.System : call.Route("target_id"), ActorKind = actor, ActorId = call.Route("actor_id"),
        RoleId = call.Http.Request.RouteValues.TryGetValue("role_id", out var role) ? (string)role! : "",
    };
}
