using Sovereign.Kernel;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.AddressGroups;

internal sealed class AddressGroupEndpoints(KernelServices kernel, AddressGroupService groups)
{
    private static readonly Envelope<AddressGroupBody, AddressGroupWish> envelope = new(
        NetworkJson.Wire.AddressGroupBody, body => (body.AddressGroup, body.AddressGroups));

    private static readonly Envelope<AddressesBody, AddressGroupWish> addresses = new(
        NetworkJson.Wire.AddressesBody, body => (body.AddressGroup ?? (body.Addresses is { } bare ? new() { Addresses = new(true, bare) } : null), null));

    public void Map(Routes api) => new RoomRoutes<AddressGroupRow, AddressGroupView>(api, kernel, AddressGroupService.Room)
        .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, AddressGroupService.Room))
        .Show().Create(envelope, groups.Create).Update(envelope, groups.Update).Delete(groups.Delete)
        .Action("add_addresses", addresses, groups.AddAddresses).Action("remove_addresses", addresses, groups.RemoveAddresses);
}
