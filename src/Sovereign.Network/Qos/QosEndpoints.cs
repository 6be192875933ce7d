using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Qos;

internal sealed class QosEndpoints(KernelServices kernel, QosPolicyService policies)
{
    private const string Singular = "bandwidth_limit_rule";
    private const string Rules = "/v2.0/qos/policies/{policy}/bandwidth_limit_rules";

    private static readonly Envelope<QosPolicyBody, QosPolicyWish> envelope = new(NetworkJson.Wire.QosPolicyBody, body => (body.Policy, body.Policies));

    public void Map(Routes api)
    {
        new RoomRoutes<QosPolicyRow, QosPolicyView>(api, kernel, QosPolicyService.Room)
            .List(["shared"], (call, request) => Rbac.SharedFilter.Narrow(call, request, QosPolicyService.Room))
            .Show().Create(envelope, policies.Create).Update(envelope, policies.Update).Delete(policies.Delete);
        api.Get(Rules, "network:bandwidth_limit_rules:list", List);
        api.Get(Rules + "/{id}", "network:bandwidth_limit_rules:show", Show);
        api.Post(Rules, "network:bandwidth_limit_rules:create", Create);
        api.Put(Rules + "/{id}", "network:bandwidth_limit_rules:update", Update);
        api.Delete(Rules + "/{id}", "network:bandwidth_limit_rules:delete", Delete);
        api.Get("/v2.0/qos/rule-types", "network:qos_rule_types:list", _ => Task.FromResult(Answer.Json(
            200, new QosRuleTypesAnswer([new QosRuleTypeView(QosRuleTypes.BandwidthLimit)]), NetworkJson.Wire.QosRuleTypesAnswer)));
        api.Get("/v2.0/qos/rule-types/{type}", "network:qos_rule_types:show", RuleType);
    }

    private Task<Answer> List(Call call) => Task.FromResult(kernel.Database.Read<Answer>(session =>
    {
        var policy = QosPolicyService.Room.Visible(session, call.Access, call.Route("policy"));
        if (policy.Fault is { } missing) return missing;
        var parsed = ListRequest.Parse(call.Http.Request.Query, QosStore.LimitShape);
        if (parsed.Fault is { } wrong) return wrong;
        parsed.Value.Where("w.policy_id = @value", policy.Value.Id);
        return Answer.Of(ListSql.Page<BandwidthLimitRow>(session, parsed.Value, "w.*"), page => NeutronAnswers.Many(
            200, Singular + "s", page.Items.Select(row => row.ToView()), NetworkJson.Wire.BandwidthLimitView));
    }));

    private Task<Answer> Show(Call call) => Task.FromResult(One(call, 200, kernel.Database.Read(session =>
        QosPolicyService.Room.Visible(session, call.Access, call.Route("policy")).Then(policy => Find(session, policy, call.Route("id"))))));

    private async Task<Answer> Create(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.BandwidthLimitBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 201, await Write<BandwidthLimitRow>(call, "create", (tx, policy) => policies.AddLimit(tx, policy, body.Value.BandwidthLimitRule)));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.BandwidthLimitBody);
        if (body.Fault is { } wrong) return wrong;
        return One(call, 200, await Write<BandwidthLimitRow>(call, "update", (tx, policy) =>
            Find(tx, policy, call.Route("id")).Then(row => policies.ChangeLimit(tx, policy, row, body.Value.BandwidthLimitRule))));
    }

    private async Task<Answer> Delete(Call call) => Answer.Of(
        await Write<Done>(call, "delete", (tx, policy) => Find(tx, policy, call.Route("id")).Then(row => policies.RemoveLimit(tx, policy, row))),
        _ => Answer.Empty(204));

    private Task<Outcome<T>> Write<T>(Call call, string name, Func<Tx, QosPolicyRow, Outcome<T>> change) => kernel.Queue.Write<T>(
        Singular + "." + name,
        call.Origin,
        tx => QosPolicyService.Room.Owned(tx, call.Access, call.Route("policy"), "update_policy").Then(policy => change(tx, policy)),
        call.Stop);

    private static Outcome<BandwidthLimitRow> Find(Session session, QosPolicyRow policy, string id) =>
        QosStore.FindLimit(session, policy.Id, id) is { } row
            ? row : NetworkFaults.Missing("QosRuleNotFound", $"QoS rule of type {QosRuleTypes.BandwidthLimit} for QoS policy {policy.Id} could not be found.");

    private static Answer One(Call call, int status, Outcome<BandwidthLimitRow> outcome) =>
        Answer.Of(outcome, row => NeutronAnswers.One(call, status, Singular, row.ToView(), NetworkJson.Wire.BandwidthLimitView));

    private static Task<Answer> RuleType(Call call)
    {
        if (call.Route("type") != QosRuleTypes.BandwidthLimit)
        {
            return Task.FromResult<Answer>(NetworkFaults.Missing("QosRuleTypeNotFound", $"Rule type {call.Route("type")} could not be found."));
        }

        var range = new QosRange(0, QosPolicyService.KbpsMax);
        var detail = new QosRuleTypeDetail(
            QosRuleTypes.BandwidthLimit,
            [new QosDriver("sovereign", [new QosParameter("max_kbps", "range", range), new QosParameter("max_burst_kbps", "range", range)])]);
        return Task.FromResult(Answer.Json(200, new QosRuleTypeAnswer(detail), NetworkJson.Wire.QosRuleTypeAnswer));
    }
}
