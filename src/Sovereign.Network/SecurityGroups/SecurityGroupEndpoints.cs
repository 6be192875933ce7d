using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Tags;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed class SecurityGroupEndpoints(SecurityGroupService groups)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/security-groups", "network:security_groups:list", List);
        api.Post("/v2.0/security-groups", "network:security_groups:create", Create);
        api.Get("/v2.0/security-groups/{id}", "network:security_groups:show", Show);
        api.Put("/v2.0/security-groups/{id}", "network:security_groups:update", Update);
        api.Delete("/v2.0/security-groups/{id}", "network:security_groups:delete", Delete);
        api.Get("/v2.0/security-group-rules", "network:security_group_rules:list", ListRules);
        api.Post("/v2.0/security-group-rules", "network:security_group_rules:create", CreateRules);
        api.Get("/v2.0/security-group-rules/{id}", "network:security_group_rules:show", ShowRule);
        api.Delete("/v2.0/security-group-rules/{id}", "network:security_group_rules:delete", DeleteRule);
    }

    private async Task<Answer> List(Call call)
    {
        await groups.EnsureDefault(call.Access, call.Stop);
        var parsed = ListRequest.Parse(call.Http.Request.Query, GroupStore.Shape, TagStore.Filters);
        if (parsed.Fault is { } wrong) return wrong;
        TagStore.Filter(parsed.Value, call.Http.Request.Query, Kinds.Group);
        return Answer.Of(
            groups.List(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "security_groups", page, view => view.Id, NetworkJson.Wire.GroupView));
    }

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.GroupBody);
        var wishes = body.Then(b => Bulk.Wishes("security_group", b.SecurityGroup, b.SecurityGroups));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await groups.Create(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(call, made, body.Value.SecurityGroup is not null, "security_group", "security_groups", NetworkJson.Wire.GroupView);
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Answer.Of(
        groups.Show(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "security_group", view, NetworkJson.Wire.GroupView)));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.GroupBody);
        var wish = body.Then(b => Bulk.Wish("security_group", b.SecurityGroup));
        if (wish.Fault is { } wrong) return wrong;
        var updated = await groups.Update(call.Access, call.Route("id"), wish.Value, call.Stop);
        return Answer.Of(updated, view => NeutronAnswers.One(call, 200, "security_group", view, NetworkJson.Wire.GroupView));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(await groups.Delete(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));

    private async Task<Answer> ListRules(Call call)
    {
        await groups.EnsureDefault(call.Access, call.Stop);
        var parsed = ListRequest.Parse(call.Http.Request.Query, GroupStore.RuleShape, [.. TagStore.Filters, "remote_address_group_id"]);
        if (parsed.Fault is { } wrong) return wrong;
        return Answer.Of(
            groups.ListRules(call.Access, parsed.Value),
            page => NeutronAnswers.Page(call, parsed.Value, "security_group_rules", page, view => view.Id, NetworkJson.Wire.RuleView));
    }

    private async Task<Answer> CreateRules(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.RuleBody);
        var wishes = body.Then(b => Bulk.Wishes("security_group_rule", b.SecurityGroupRule, b.SecurityGroupRules));
        if (wishes.Fault is { } wrong) return wrong;
        var made = await groups.CreateRules(call.Access, wishes.Value, call.Stop);
        return Bulk.Created(
            call, made, body.Value.SecurityGroupRule is not null, "security_group_rule", "security_group_rules", NetworkJson.Wire.RuleView);
    }

    private Task<Answer> ShowRule(Call call) => Task.FromResult(Answer.Of(
        groups.ShowRule(call.Access, call.Route("id")), view => NeutronAnswers.One(call, 200, "security_group_rule", view, NetworkJson.Wire.RuleView)));

    private async Task<Answer> DeleteRule(Call call) =>
        Answer.Of(await groups.DeleteRule(call.Access, call.Route("id"), call.Stop), _ => Answer.Empty(204));
}
