using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Network.Addressing;
using Sovereign.Network.Subnets;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>Which addresses a port gets.</summary>
internal static class PortAddresses
{
    private const int FixedIpsMax = 5;

    /// <summary>Do ports of this owner get the addresses that hosts make themselves? Legs of routers have those that they are given.</summary>
    public static bool Automatic(string deviceOwner) => !Owners.IsService(deviceOwner);

    /// <summary>Gives the port the wished addresses, or one of each IP version; and those that its host makes itself.</summary>
    public static Outcome<Done> Take(Tx tx, PortRow port, IReadOnlyList<AddressWish>? wishes)
    {
        var subnets = SubnetStore.OfNetwork(tx, port.NetworkId);
        var taken = wishes is null ? Choose(tx, port, Serving(subnets, port.DeviceOwner)) : Named(tx, port, subnets, wishes);
        if (!taken.Ok || !Automatic(port.DeviceOwner)) return taken;
        var known = AddressStore.OfPort(tx, port.Id);
        foreach (var subnet in subnets.Where(subnet => subnet.Automatic && !known.Exists(address => address.SubnetId == subnet.Id)))
        {
            var address = subnet.Range.Slaac(port.Mac);
            if (!AddressStore.Take(tx, subnet, address, port.Id, known.Count + 1)) return NetworkFaults.AddressTaken(address.ToString(), subnet.Id);
        }

        return Done.Value;
    }

    /// <summary>Subnets for ports of this owner: those that name it; where none does, those that name nobody.</summary>
    private static List<SubnetRow> Serving(List<SubnetRow> subnets, string owner)
    {
        var named = subnets.FindAll(subnet => owner.Length > 0 && subnet.ServiceTypeList.Contains(owner));
        return named.Count > 0 ? named : subnets.FindAll(subnet => subnet.ServiceTypeList.Count == 0);
    }

    private static Outcome<Done> Choose(Tx tx, PortRow port, List<SubnetRow> subnets)
    {
        var position = 0;
        foreach (var version in new[] { 4, 6 })
        {
            // Only an IPv4 address can be translated to another one.
            if (version == 6 && port.DeviceOwner == Owners.FloatingIp) break;
            var group = subnets.FindAll(subnet => subnet.IpVersion == version && !(subnet.Automatic && Automatic(port.DeviceOwner)));
            if (group.Count == 0) continue;
            if (!group.Exists(subnet => AddressStore.TakeNext(tx, subnet, port.Id, position) is not null)) return NetworkFaults.NoAddressLeft(port.NetworkId);
            position++;
        }

        return Done.Value;
    }

    private static Outcome<Done> Named(Tx tx, PortRow port, List<SubnetRow> subnets, IReadOnlyList<AddressWish> wishes)
    {
        if (wishes.Count > FixedIpsMax) return NetworkFaults.Attribute("fixed_ips", "Exceeded maximum amount of fixed ips per port");
        // Named addresses first: an address of our choice must not take one that is named behind it.
        foreach (var (wish, position) in wishes.Select((wish, i) => (wish, i)).OrderBy(w => w.wish.Address is null))
        {
            if (Take(tx, port, subnets, wish, position) is { } fault) return fault;
        }

        return Done.Value;
    }

    private static Fault? Take(Tx tx, PortRow port, List<SubnetRow> subnets, AddressWish wish, int position)
    {
        var subnet = wish.SubnetId is null ? null : subnets.Find(s => s.Id == wish.SubnetId);
        if (wish.SubnetId is not null && subnet is null)
        {
            return SubnetStore.Find(tx, wish.SubnetId) is null
                ? NetworkFaults.SubnetMissing(wish.SubnetId)
                : NetworkFaults.Input($"Failed to create port on network {port.NetworkId}, because fixed_ips included invalid subnet {wish.SubnetId}");
        }

        var automatic = Automatic(port.DeviceOwner);
        if (wish.Address is null)
        {
            if (!subnet!.Automatic || !automatic)
            {
                return AddressStore.TakeNext(tx, subnet, port.Id, position) is null ? NetworkFaults.NoAddressLeft(port.NetworkId) : null;
            }

            var own = subnet.Range.Slaac(port.Mac);
            return AddressStore.Take(tx, subnet, own, port.Id, position) ? null : NetworkFaults.AddressTaken(own.ToString(), subnet.Id);
        }

        if (!Ip.TryParse(wish.Address, out var address)) return NetworkFaults.Attribute("fixed_ips", $"'{wish.Address}' is not a valid IP address");
        subnet ??= subnets.Find(s => s.Range.Contains(address));
        if (subnet is null)
        {
            return NetworkFaults.Refused("InvalidIpForNetwork", $"IP address {wish.Address} is not a valid IP for any of the subnets on the specified network.");
        }

        if (!subnet.Range.ContainsHost(address))
        {
            return NetworkFaults.Refused("InvalidIpForSubnet", $"IP address {wish.Address} is not a valid IP for the specified subnet.");
        }

        if (subnet.Automatic && automatic && address != subnet.Range.Slaac(port.Mac))
        {
            return NetworkFaults.Refused(
                "AllocationOnAutoAddressSubnet",
                $"IPv6 address {wish.Address} cannot be directly assigned to a port on subnet {subnet.Id} as the subnet is configured for automatic addresses");
        }

        return AddressStore.Take(tx, subnet, address, port.Id, position) ? null : NetworkFaults.AddressTaken(wish.Address, subnet.Id);
    }
}
