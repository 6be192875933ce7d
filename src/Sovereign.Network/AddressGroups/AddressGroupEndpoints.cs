using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressGroups;

internal sealed class AddressGroupEndpoints(KernelServices kernel, AddressGroupService groups)
{
    private static readonly Envelope<AddressGroupBody, AddressGroupWish> envelope = new(
        NetworkJson.Wire.AddressGroupBody, body => (body.AddressGroup, body.AddressGroups));

    public void Map(Routes api) => new RoomRoutes<AddressGroupRow, AddressGroupView>(api, kernel, AddressGroupService.Room)
        .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, AddressGroupService.Room))
        .Show().Create(envelope, groups.Create).Update(envelope, groups.Update).Delete(groups.Delete)
        .Action("add_addresses", envelope, groups.AddAddresses).Action("remove_addresses", envelope, groups.RemoveAddresses);
}
