using Sovereign.Identity.Wire;
using Sovereign.Kernel.Wire;

namespace Sovereign.Identity.Mappings;

internal sealed class MappingEndpoints(House house, MappingService mappings)
{
    private static readonly Envelope<MappingBody, MappingWrite> envelope = new(MappingJson.Wire.MappingBody, body => body.Mapping);

    public void Map(Routes api) => new RoomRoutes<MappingRow, MappingView>(api, house, MappingService.Room)
        .List((_, request) => MappingService.Room.Page(house, request)).Show((_, id) => mappings.Show(id))
        .Put(envelope, mappings.Create).Update(envelope, mappings.Update).Delete(mappings.Delete);
}
