using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.FloatingIps;

internal sealed class FloatingIpEndpoints(KernelServices kernel, FloatingIpService floatingIps)
{
    private static readonly Envelope<FloatingIpBody, FloatingIpWish> envelope = new(
        NetworkJson.Wire.FloatingIpBody, body => (body.Floatingip, body.Floatingips));

    public void Map(Routes api) => new RoomRoutes<FloatingIpRow, FloatingIpView>(api, kernel, FloatingIpService.Room)
        .List().Show().Create(envelope, floatingIps.Create).Update(envelope, floatingIps.Update).Delete(floatingIps.Delete);
}
