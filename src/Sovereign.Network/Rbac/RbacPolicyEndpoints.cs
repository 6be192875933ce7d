using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Rbac;

internal sealed class RbacPolicyEndpoints(KernelServices kernel, RbacPolicyService policies)
{
    private static readonly Envelope<RbacPolicyBody, RbacPolicyWish> envelope = new(
        NetworkJson.Wire.RbacPolicyBody, body => (body.RbacPolicy, body.RbacPolicies));

    public void Map(Routes api) => new RoomRoutes<RbacPolicyRow, RbacPolicyView>(api, kernel, RbacPolicyService.Room)
        .List().Show().Create(envelope, policies.Create).Update(envelope, policies.Update).Delete(policies.Delete);
}
