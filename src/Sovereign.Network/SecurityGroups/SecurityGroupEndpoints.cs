using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SecurityGroups;

internal sealed class SecurityGroupEndpoints(KernelServices kernel, SecurityGroupService groups, RuleService rules, DefaultRuleService defaults)
{
    private static readonly Envelope<GroupBody, GroupWish> envelope = new(
        NetworkJson.Wire.GroupBody, body => (body.SecurityGroup, body.SecurityGroups));

    private static readonly Envelope<RuleBody, RuleWish> ruleEnvelope = new(
        NetworkJson.Wire.RuleBody, body => (body.SecurityGroupRule, body.SecurityGroupRules));

    private static readonly Envelope<DefaultRuleBody, DefaultRuleWish> defaultEnvelope = new(
        NetworkJson.Wire.DefaultRuleBody, body => (body.DefaultSecurityGroupRule, body.DefaultSecurityGroupRules));

    public void Map(Routes api)
    {
        new RoomRoutes<GroupRow, GroupView>(api, kernel, SecurityGroupService.Room)
            .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, SecurityGroupService.Room), call => groups.EnsureDefault(call.Access, call.Stop))
            .Show().Create(envelope, groups.Create).Update(envelope, groups.Update).Delete(groups.Delete);
        new RoomRoutes<RuleRow, RuleView>(api, kernel, RuleService.Room)
            .List(before: call => groups.EnsureDefault(call.Access, call.Stop))
            .Show().Create(ruleEnvelope, rules.Create).Delete(rules.Delete);
        new RoomRoutes<DefaultRuleRow, DefaultRuleView>(api, kernel, DefaultRuleService.Room)
            .List().Show().Create(defaultEnvelope, defaults.Create).Delete(defaults.Delete);
    }
}
