using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.IdentityProviders;

internal sealed class IdentityProviderEndpoints(House house, IdentityProviderService providers)
{
    private static readonly Envelope<IdentityProviderBody, IdentityProviderWrite> envelope = new(
        IdentityProviderJson.Wire.IdentityProviderBody, body => body.IdentityProvider);

    public void Map(Routes api) => new RoomRoutes<IdentityProviderRow, IdentityProviderView>(api, house, IdentityProviderService.Room)
        .List((_, request) => IdentityProviderService.Room.Page(house, request)).Show((_, id) => providers.Show(id))
        .Put(envelope, providers.Create).Update(envelope, providers.Update).Delete(providers.Delete);
}
