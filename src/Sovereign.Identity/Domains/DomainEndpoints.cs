using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Domains;

internal sealed class DomainEndpoints(House house, DomainService domains)
{
    private static readonly Envelope<DomainBody, DomainWrite> envelope = new(DomainJson.Wire.DomainBody, body => body.Domain);

    public void Map(Routes api) => new RoomRoutes<DomainRow, DomainView>(api, house, DomainService.Room)
        .List((call, request) => DomainService.Room.List(house, call.Access, request))
        .Show(domains.Show).Create(envelope, domains.Create).Update(envelope, domains.Update).Delete(domains.Delete);
}
