using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.ServiceProviders;

internal sealed class ServiceProviderEndpoints(House house, ServiceProviderService providers)
{
    private static readonly Envelope<ServiceProviderBody, ServiceProviderWrite> envelope = new(
        ServiceProviderJson.Wire.ServiceProviderBody, body => body.ServiceProvider);

    public void Map(Routes api) => new RoomRoutes<ServiceProviderRow, ServiceProviderView>(api, house, ServiceProviderService.Room)
        .List((_, request) => ServiceProviderService.Room.Page(house, request)).Show((_, id) => providers.Show(id))
        .Put(envelope, providers.Create).Update(envelope, providers.Update).Delete(providers.Delete);
}
