using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal sealed class NetworkEndpoints(KernelServices kernel, NetworkService networks)
{
    private static readonly Envelope<NetworkBody, NetworkWish> envelope = new(
        NetworkJson.Wire.NetworkBody, body => (body.Network, body.Networks));

    public void Map(Routes api) => new RoomRoutes<NetworkRow, NetworkView>(api, kernel, NetworkService.Room)
        .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, NetworkService.Room))
        .Show().Create(envelope, networks.Create).Update(envelope, networks.Update).Delete(networks.Delete);
}
