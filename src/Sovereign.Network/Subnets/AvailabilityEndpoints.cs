using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Networks;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Subnets;

internal sealed record SubnetAvailability(string SubnetId, long IpVersion, string Cidr, string SubnetName, long UsedIps, UInt128 TotalIps);

internal sealed record NetworkAvailability(
    string NetworkId, string NetworkName, string TenantId, string ProjectId, IReadOnlyList<SubnetAvailability> SubnetIpAvailability, long UsedIps, UInt128 TotalIps);

internal sealed record NetworkAvailabilityAnswer(NetworkAvailability NetworkIpAvailability);

internal sealed record NetworkAvailabilitiesAnswer(IReadOnlyList<NetworkAvailability> NetworkIpAvailabilities);

/// <summary>How many addresses are in use and how many there are, for operators.</summary>
internal sealed class AvailabilityEndpoints(KernelServices kernel)
{
    public void Map(Routes api)
    {
        api.Get("/v2.0/network-ip-availabilities", "network:network_ip_availabilities:list", List);
        api.Get("/v2.0/network-ip-availabilities/{id}", "network:network_ip_availabilities:show", Show);
    }

    private Task<Answer> List(Call call)
    {
        string[] handled = ["ip_version", "network_id", "network_name"];
        var parsed = ListRequest.Parse(call.Http.Request.Query, NetworkStore.Shape, handled);
        if (parsed.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        if (call.Query("network_id") is { } id) parsed.Value.Where("n.id = @value", id);
        if (call.Query("network_name") is { } name) parsed.Value.Where("n.name = @value", name);
        var version = call.Query("ip_version");
        if (version is not (null or "4" or "6")) return Task.FromResult<Answer>(NetworkFaults.Attribute("ip_version", $"'{version}' is not in [4, 6]"));
        return Task.FromResult(kernel.Database.Read(session => Answer.Of(
            ListSql.Page<NetworkRow>(session, parsed.Value, "n.*"),
            page => Answer.Json(
                200,
                new NetworkAvailabilitiesAnswer(page.Items.Select(row => Of(session, row, version)).ToList()),
                NetworkJson.Wire.NetworkAvailabilitiesAnswer))));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(kernel.Database.Read<Answer>(session => NetworkStore.Find(session, call.Route("id")) is { } row
        ? Answer.Json(200, new NetworkAvailabilityAnswer(Of(session, row, null)), NetworkJson.Wire.NetworkAvailabilityAnswer)
        : NetworkFaults.NetworkMissing(call.Route("id"))));

    private static UInt128 Sum(IEnumerable<UInt128> numbers) => numbers.Aggregate(UInt128.Zero, (sum, number) => sum + number);

    private static NetworkAvailability Of(Session session, NetworkRow network, string? version)
    {
        var wanted = SubnetStore.OfNetwork(session, network.Id).FindAll(subnet => version is null || version == (subnet.IpVersion == 4 ? "4" : "6"));
        var subnets = wanted.ConvertAll(subnet => new SubnetAvailability(
            subnet.Id, subnet.IpVersion, subnet.Cidr, subnet.Name,
            session.Scalar<long>("SELECT COUNT(*) FROM fixed_addresses WHERE subnet_id = @Id", new { subnet.Id }),
            Sum(subnet.PoolRanges.Select(pool => pool.Size))));
        return new NetworkAvailability(
            network.Id, network.Name, network.ProjectId, network.ProjectId, subnets, subnets.Sum(s => s.UsedIps), Sum(subnets.Select(s => s.TotalIps)));
    }
}
