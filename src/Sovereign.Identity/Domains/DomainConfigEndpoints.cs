using System.Text.Json;
using System.Text.Json.Nodes;
using Sovereign.Identity.Wire;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Domains;

internal sealed class DomainConfigEndpoints(DomainConfigService configs, PasswordRules rules)
{
    public void Map(Routes api)
    {
        // The literal ones stand for no domain.
        api.Get("/domains/config/default", "identity:get_domain_config_default", call => Default(call));
        api.Get("/domains/config/{group}/default", "identity:get_domain_config_default", call => Default(call, call.Route("group")));
        api.Get("/domains/config/{group}/{option}/default", "identity:get_domain_config_default", call => Default(call, call.Route("group"), call.Route("option")));
        const string Whole = "/domains/{id}/config";
        api.Get(Whole, "identity:get_domain_config", call => Show(call));
        api.Put(Whole, "identity:create_domain_config", Replace);
        api.Patch(Whole, "identity:update_domain_config", call => Update(call));
        api.Delete(Whole, "identity:delete_domain_config", call => Delete(call));
        const string Compliance = Whole + "/" + DomainConfigService.Compliance;
        api.Get(Compliance, "identity:get_security_compliance_domain_config", _ => Task.FromResult(Config(200, new JsonObject
        {
            [DomainConfigService.Compliance] = RulesOf(),
        })));
        api.Get(Compliance + "/{option}", "identity:get_security_compliance_domain_config", RuleOf);
        const string Group = Whole + "/{group}";
        api.Get(Group, "identity:get_domain_config", call => Show(call, call.Route("group")));
        api.Patch(Group, "identity:update_domain_config", call => Update(call, call.Route("group")));
        api.Delete(Group, "identity:delete_domain_config", call => Delete(call, call.Route("group")));
        const string Option = Group + "/{option}";
        api.Get(Option, "identity:get_domain_config", call => Show(call, call.Route("group"), call.Route("option")));
        api.Patch(Option, "identity:update_domain_config", call => Update(call, call.Route("group"), call.Route("option")));
        api.Delete(Option, "identity:delete_domain_config", call => Delete(call, call.Route("group"), call.Route("option")));
    }

    private static Task<Answer> Default(Call call, string? group = null, string? option = null) =>
        Task.FromResult(Answer.Of(DomainConfigService.Default(group, option), config => Config(200, config)));

    private Task<Answer> Show(Call call, string? group = null, string? option = null) =>
        Task.FromResult(Answer.Of(configs.Show(call.Route("id"), group, option), config => Config(200, config)));

    private async Task<Answer> Replace(Call call)
    {
        var body = await call.Body(DomainJson.Wire.DomainConfigBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(await configs.Replace(call.Access, call.Route("id"), body.Value.Config, call.Stop), saved => Config(saved.IsNew ? 201 : 200, saved.Config));
    }

    private async Task<Answer> Update(Call call, string? group = null, string? option = null)
    {
        var body = await call.Body(DomainJson.Wire.DomainConfigBody);
        if (body.Fault is { } wrong) return wrong;
        return Answer.Of(
            await configs.Update(call.Access, call.Route("id"), group, option, body.Value.Config, call.Stop), config => Config(200, config));
    }

    private async Task<Answer> Delete(Call call, string? group = null, string? option = null) =>
        Answer.Of(await configs.Delete(call.Access, call.Route("id"), group, option, call.Stop), _ => Answer.Empty(204));

    private Task<Answer> RuleOf(Call call)
    {
        var option = call.Route("option");
        return Task.FromResult(RulesOf().TryGetPropertyValue(option, out var value)
            ? Config(200, new JsonObject { [option] = value?.DeepClone() })
            : new Fault.Forbidden($"Option {option} in group {DomainConfigService.Compliance} is not supported for domain specific configurations."));
    }

    private JsonObject RulesOf() => new() { ["password_regex"] = rules.Regex, ["password_regex_description"] = rules.RegexDescription };

    private static Answer Config(int status, JsonObject config) => Answer.Json(
        status, new DomainConfigBody(Members.Parse(config.ToJsonString())), DomainJson.Wire.DomainConfigBody);
}

/// <summary>Groups of options; for a single option the option alone.</summary>
internal sealed record DomainConfigBody(JsonElement Config);
