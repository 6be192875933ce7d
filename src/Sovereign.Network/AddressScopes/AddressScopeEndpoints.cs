using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressScopes;

internal sealed class AddressScopeEndpoints(KernelServices kernel, AddressScopeService scopes)
{
    private static readonly Envelope<AddressScopeBody, AddressScopeWish> envelope = new(
        NetworkJson.Wire.AddressScopeBody, body => (body.AddressScope, body.AddressScopes));

    public void Map(Routes api) => new RoomRoutes<AddressScopeRow, AddressScopeView>(api, kernel, AddressScopeService.Room)
        .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, AddressScopeService.Room))
        .Show().Create(envelope, scopes.Create).Update(envelope, scopes.Update).Delete(scopes.Delete);
}
