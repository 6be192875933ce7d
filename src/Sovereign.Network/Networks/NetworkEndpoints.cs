using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Networks;

internal sealed class NetworkEndpoints(KernelServices kernel, NetworkService networks, bool dns)
{
    private readonly Envelope<NetworkBody, NetworkWish> envelope = new(NetworkJson.Wire.NetworkBody, body => (body.Network, body.Networks))
    {
        Unknown = wish => dns ? null : NetworkFaults.Unrecognized(("dns_domain", wish.DnsDomain.Given)),
    };

    public void Map(Routes api) => new RoomRoutes<NetworkRow, NetworkView>(api, kernel, NetworkService.Room, dns)
        .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, NetworkService.Room))
        .Show().Create(envelope, networks.Create, AsMade).Update(envelope, networks.Update).Delete(networks.Delete);

    /// <summary>A creation's answer says of every network whether it is the default one, as the original does there only.</summary>
    private static NetworkView AsMade(NetworkView view) => view with { IsDefault = view.IsDefault ?? false };
}
