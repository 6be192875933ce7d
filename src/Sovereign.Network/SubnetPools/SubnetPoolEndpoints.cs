using System.Text.Json.Serialization.Metadata;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Rbac;
using Sovereign.Network.Wire;

namespace Sovereign.Network.SubnetPools;

internal sealed class SubnetPoolEndpoints(KernelServices kernel, SubnetPoolService pools)
{
    private static readonly Envelope<SubnetPoolBody, SubnetPoolWish> envelope = new(
        NetworkJson.Wire.SubnetPoolBody, body => (body.Subnetpool, body.Subnetpools));

    public void Map(Routes api)
    {
        new RoomRoutes<SubnetPoolRow, SubnetPoolView>(api, kernel, SubnetPoolService.Room)
            .List(["shared"], (call, request) => SharedFilter.Narrow(call, request, SubnetPoolService.Room))
            .Show().Create(envelope, pools.Create).Update(envelope, pools.Update).Delete(pools.Delete);
        Put(api, "add_prefixes", NetworkJson.Wire.PrefixesBody, (tx, access, row, body) => pools.AddPrefixes(tx, access, row, body.Prefixes));
        Put(api, "remove_prefixes", NetworkJson.Wire.PrefixesBody, (tx, access, row, body) => pools.RemovePrefixes(tx, access, row, body.Prefixes));
        Put(api, "onboard_network_subnets", NetworkJson.Wire.OnboardBody, (tx, access, row, body) => pools.Onboard(tx, access, row, body.NetworkId));
    }

    /// <summary>These calls have bodies of their own and answer with the pool's prefixes.</summary>
    private void Put<TBody>(
        Routes api, string name, JsonTypeInfo<TBody> type, Func<Tx, AccessGrant, SubnetPoolRow, TBody, Outcome<SubnetPoolRow>> change) =>
        api.Put("/v2.0/subnetpools/{id}/" + name, "network:subnetpools:" + name, async call =>
        {
            var body = await call.Body(type);
            if (body.Fault is { } wrong) return wrong;
            var done = await kernel.Queue.Write<SubnetPoolRow>(
                "subnetpool." + name,
                call.Origin,
                tx => SubnetPoolService.Room.Owned(tx, call.Access, call.Route("id"), "update_subnetpool").Then(row => change(tx, call.Access, row, body.Value)),
                call.Stop);
            return Answer.Of(done, row => Answer.Json(200, new PrefixesBody(row.PrefixList), NetworkJson.Wire.PrefixesBody));
        });
}
