using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Metering;

internal sealed class MeteringEndpoints(KernelServices kernel, MeteringService metering)
{
    private static readonly Envelope<MeteringLabelBody, MeteringLabelWish> label = new(
        NetworkJson.Wire.MeteringLabelBody, body => (body.MeteringLabel, body.MeteringLabels));

    private static readonly Envelope<MeteringRuleBody, MeteringRuleWish> rule = new(
        NetworkJson.Wire.MeteringRuleBody, body => (body.MeteringLabelRule, body.MeteringLabelRules));

    public void Map(Routes api)
    {
        new RoomRoutes<MeteringLabelRow, MeteringLabelView>(api, kernel, MeteringService.Labels)
            .List().Show().Create(label, metering.CreateLabel).Delete(metering.DeleteLabel);
        new RoomRoutes<MeteringRuleRow, MeteringRuleView>(api, kernel, MeteringService.Rules)
            .List().Show().Create(rule, metering.CreateRule).Delete(metering.DeleteRule);
    }
}
