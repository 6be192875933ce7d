using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal sealed class SubnetEndpoints(KernelServices kernel, SubnetService subnets, bool dns)
{
    private readonly Envelope<SubnetBody, SubnetWish> envelope = new(NetworkJson.Wire.SubnetBody, body => (body.Subnet, body.Subnets))
    {
        Unknown = wish => dns ? null : NetworkFaults.Unrecognized(("dns_publish_fixed_ip", wish.DnsPublishFixedIp.Given)),
    };

    public void Map(Routes api) => new RoomRoutes<SubnetRow, SubnetView>(api, kernel, SubnetService.Room, dns)
        .List(["router:external", "shared"], OfNetworks)
        .Show().Create(envelope, subnets.Create).Update(envelope, subnets.Update).Delete(subnets.Delete);

    /// <summary>Filters by what the subnet's network is.</summary>
    private static Fault? OfNetworks(Call call, ListRequest request)
    {
        foreach (var (name, column) in new[] { ("router:external", "external"), ("shared", "shared") })
        {
            if (call.Query(name) is not { } value) continue;
            var truth = value.Equals("true", StringComparison.OrdinalIgnoreCase) || value == "1" ? 1 : 0;
            request.Where($"s.network_id IN (SELECT id FROM networks WHERE {column} = {truth})");
        }

        return null;
    }
}
