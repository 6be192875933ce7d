using Sovereign.Identity.Model;
using Sovereign.Identity.Roles;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Assignments;

/// <summary>The same five routes for each pair of target (project, domain, system) and actor (user, group), and again for what is inherited.</summary>
internal sealed class GrantEndpoints(House house, GrantService grants)
{
    private const string InheritedEnding = "/inherited_to_projects";

    public void Map(Routes api)
    {
        foreach (var actor in new[] { AssignmentRow.User, AssignmentRow.Group })
        {
            MapPair(api, new("project", actor), "/projects/{target_id}", "grant");
            MapPair(api, new("domain", actor), "/domains/{target_id}", "grant");
            MapPair(api, new("system", actor), "/system", $"system_grant_for_{actor}");
            MapPair(api, new("project", actor, Inherited: true), "/OS-INHERIT/projects/{target_id}", "grant");
            MapPair(api, new("domain", actor, Inherited: true), "/OS-INHERIT/domains/{target_id}", "grant");
        }
    }

    private void MapPair(Routes api, Pair pair, string prefix, string one)
    {
        var ending = pair.Inherited ? InheritedEnding : "";
        var path = $"{prefix}/{pair.Actor}s/{{actor_id}}/roles";
        var many = one.Replace("grant", "grants", StringComparison.Ordinal);
        // The original lists what is inherited on domains only.
        if (!pair.Inherited || pair.Target == "domain") api.Get(path + ending, $"identity:list_{many}", call => List(call, $"identity:list_{many}", pair));
        path += "/{role_id}" + ending;
        api.Put(path, $"identity:create_{one}", async call =>
            Empty(await grants.Give(call.Access, $"identity:create_{one}", Wish(call, pair), call.Stop)));
        api.Delete(path, $"identity:revoke_{one}", async call =>
            Empty(await grants.Take(call.Access, $"identity:revoke_{one}", Wish(call, pair), call.Stop)));
        api.Get(path, $"identity:check_{one}", call => Check(call, $"identity:check_{one}", pair));
        api.Head(path, $"identity:check_{one}", call => Check(call, $"identity:check_{one}", pair));
    }

    private Task<Answer> Check(Call call, string rule, Pair pair) => Task.FromResult(Empty(grants.Has(call.Access, rule, Wish(call, pair))));

    private Task<Answer> List(Call call, string rule, Pair pair) => Task.FromResult(Answer.Of(
        grants.List(call.Access, rule, Wish(call, pair)), rows => RoleService.Room.Many(house, rows, CollectionLinks.Of(call))));

    private static Answer Empty(Outcome<Done> outcome) => Answer.Of(outcome, _ => Answer.Empty(204));

    private static AssignmentRow Wish(Call call, Pair pair) => new()
    {
        TargetKind = pair.Target, TargetId = pair.Target == "system" ? IdentityModel.System : call.Route("target_id"), ActorKind = pair.Actor,
        ActorId = call.Route("actor_id"), RoleId = call.Http.Request.RouteValues.TryGetValue("role_id", out var role) ? (string)role! : "",
        Inherited = pair.Inherited,
    };

    private readonly record struct Pair(string Target, string Actor, bool Inherited = false);
}
