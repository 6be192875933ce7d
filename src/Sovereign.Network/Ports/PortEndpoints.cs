using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Addressing;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

internal sealed class PortEndpoints(KernelServices kernel, PortService ports, bool dns)
{
    private readonly Envelope<PortBody, PortWish> envelope = new(NetworkJson.Wire.PortBody, body => (body.Port, body.Ports))
    {
        Unknown = wish => dns ? null : NetworkFaults.Unrecognized(("dns_name", wish.DnsName.Given), ("dns_domain", wish.DnsDomain.Given)),
    };

    public void Map(Routes api) => new RoomRoutes<PortRow, PortView>(api, kernel, PortService.Room, dns)
        .List(["fixed_ips", "security_groups", "security_groups[]"], Narrow)
        .Show().Create(envelope, ports.Create).Update(envelope, ports.Update).Delete(ports.Delete);

    private static Fault? Narrow(Call call, ListRequest request)
    {
        var query = call.Http.Request.Query;
        if (query.TryGetValue("security_groups", out var groups))
        {
            request.Where("p.id IN (SELECT port_id FROM port_groups WHERE group_id IN @value)", groups.Select(g => g ?? "").ToList());
        }

        return query.TryGetValue("fixed_ips", out var ips) ? FixedIps(request, ips) : null;
    }

    /// <summary>fixed_ips=subnet_id=…, fixed_ips=ip_address=…, repeated: any address and any subnet of those named.</summary>
    private static Fault? FixedIps(ListRequest request, IEnumerable<string?> filters)
    {
        var (subnets, addresses) = (new List<string>(), new List<string>());
        foreach (var filter in filters.SelectMany(f => (f ?? "").Split(',')))
        {
            var pieces = filter.Split('=', 2);
            switch (pieces[0].Trim())
            {
                case "subnet_id" when pieces.Length == 2:
                    subnets.Add(pieces[1]);
                    break;
                case "ip_address" when pieces.Length == 2:
                    addresses.Add(Ip.TryParse(pieces[1], out var address) ? address.Key : "");
                    break;
                default:
                    return NetworkFaults.Attribute("fixed_ips", $"'{filter}' is not subnet_id=… or ip_address=…");
            }
        }

        if (subnets.Count > 0) request.Where("p.id IN (SELECT port_id FROM fixed_addresses WHERE subnet_id IN @value)", subnets.ToList());
        if (addresses.Count > 0) request.Where("p.id IN (SELECT port_id FROM fixed_addresses WHERE address IN @value)", addresses.ToList());
        return null;
    }
}
