using System.Text.Json;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network.Addressing;
using Sovereign.Network.Networks;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>The rules of a port that need no I/O.</summary>
internal static class PortRules
{
    private const int AddressPairsMax = 10;

    public static Fault? Check(PortWish wish)
    {
        if (Attributes.Texts(
            ("name", wish.Name), ("description", wish.Description), ("device_id", wish.DeviceId), ("device_owner", wish.DeviceOwner),
            ("dns_name", wish.DnsName), ("dns_domain", wish.DnsDomain)) is { } text) return text;
        if (Attributes.Booleans(("admin_state_up", wish.AdminStateUp), ("port_security_enabled", wish.PortSecurityEnabled)) is { } boolean) return boolean;
        if (wish.VnicType.Or("normal") is not (null or "normal" or "virtio-forwarder" or "baremetal" or "macvtap" or "direct"))
        {
            return NetworkFaults.Attribute("binding:vnic_type", $"'{wish.VnicType.Value}' is not a known type");
        }

        if (wish.VnicType.Or("normal") is not (null or "normal")) return NetworkFaults.Input($"binding:vnic_type '{wish.VnicType.Value}' is not offered by this cloud");
        if (DhcpOptions.Check(wish.ExtraDhcpOpts.Or(null)) is { } option) return option;
        if ((DnsNames.Name(wish.DnsName.Or(null)) ?? DnsNames.Domain(wish.DnsDomain.Or(null))) is { } name) return name;
        if (wish.MacAddress is { Given: true, Value: { } mac } && Mac.Normalize(mac) is null)
        {
            return NetworkFaults.Attribute("mac_address", $"'{mac}' is not a valid MAC address");
        }

        return wish.DeviceOwner.Or("") is { } owner && Owners.IsService(owner)
            ? NetworkFaults.Input($"device_owner '{owner}' is given by the cloud alone")
            : null;
    }

    /// <summary>Attributes that only the network's owner or an admin may choose.</summary>
    public static Fault? Rights(AccessGrant access, NetworkRow network, PortWish wish, string rule)
    {
        if (access.Everything) return null;
        if (wish.HostId.Given && !string.IsNullOrEmpty(wish.HostId.Value)) return NetworkFaults.NotAuthorized(rule, "binding:host_id");
        if (wish.Profile.Given && wish.Profile.Value is not null) return NetworkFaults.NotAuthorized(rule, "binding:profile");
        if (rule == "update_port" && wish.MacAddress.Given) return NetworkFaults.NotAuthorized(rule, "mac_address");
        if (access.Covers(network.ProjectId)) return null;
        if (wish.MacAddress.Given) return NetworkFaults.NotAuthorized(rule, "mac_address");
        if (wish.FixedIps.Or(null)?.Any(ip => ip?.IpAddress is not null) == true) return NetworkFaults.NotAuthorized(rule, "fixed_ips:ip_address");
        if (wish.PortSecurityEnabled.Given) return NetworkFaults.NotAuthorized(rule, "port_security_enabled");
        if (wish.AllowedAddressPairs.Or(null) is { Count: > 0 }) return NetworkFaults.NotAuthorized(rule, "allowed_address_pairs");
        return wish.DeviceOwner.Or("") is { } owner && owner.StartsWith("network:", StringComparison.Ordinal)
            ? NetworkFaults.NotAuthorized(rule, "device_owner")
            : null;
    }

    public static Outcome<IReadOnlyList<AddressWish>> FixedIps(IReadOnlyList<FixedIpView> wished)
    {
        var wishes = new List<AddressWish>(wished.Count);
        foreach (var ip in wished)
        {
            if (ip is null || (ip.SubnetId is null && ip.IpAddress is null))
            {
                return NetworkFaults.Refused("InvalidInput", "Invalid input for operation: IP allocation requires subnet_id or ip_address.");
            }

            if (ip.IpAddress is not null && !Ip.TryParse(ip.IpAddress, out _)) return NetworkFaults.Attribute("fixed_ips", $"'{ip.IpAddress}' is not a valid IP address");
            wishes.Add(new AddressWish(ip.SubnetId, ip.IpAddress));
        }

        var named = wishes.Where(w => w.Address is not null).Select(w => w.Address).ToList();
        if (named.Distinct(StringComparer.Ordinal).Count() != named.Count) return NetworkFaults.Attribute("fixed_ips", "Duplicate IP address");
        return wishes;
    }

    /// <summary>The pairs in the form of the row, each with a MAC.</summary>
    public static Outcome<string> Pairs(IReadOnlyList<AddressPairView>? wished, string mac)
    {
        if (wished is null || wished.Count == 0) return "[]";
        if (wished.Count > AddressPairsMax)
        {
            return NetworkFaults.Refused("AllowedAddressPairExhausted", $"The number of allowed address pair exceeds the maximum {AddressPairsMax}.");
        }

        var pairs = new List<AddressPairView>(wished.Count);
        foreach (var pair in wished)
        {
            if (pair?.IpAddress is null) return NetworkFaults.Refused("AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address");
            if (!Cidr.TryParse(pair.IpAddress, out _, bare: true))
            {
                return NetworkFaults.Attribute("allowed_address_pairs", $"'{pair.IpAddress}' is not a valid IP address");
            }

            var own = pair.MacAddress is null ? mac : Mac.Normalize(pair.MacAddress);
            if (own is null) return NetworkFaults.Attribute("allowed_address_pairs", $"'{pair.MacAddress}' is not a valid MAC address");
            pairs.Add(new AddressPairView { IpAddress = pair.IpAddress, MacAddress = own });
        }

        if (pairs.Distinct().Count() != pairs.Count)
        {
            return NetworkFaults.Refused("DuplicateAddressPairInRequest", "Request contains duplicate address pair.");
        }

        return JsonSerializer.Serialize(pairs, NetworkJson.Wire.IReadOnlyListAddressPairView);
    }

    public static string Profile(IReadOnlyDictionary<string, JsonElement>? profile) =>
        JsonSerializer.Serialize(profile ?? new Dictionary<string, JsonElement>(), NetworkJson.Wire.IReadOnlyDictionaryStringJsonElement);

    /// <summary>Groups and address pairs need port security.</summary>
    public static Fault? Security(bool portSecurity, bool groups, bool pairs, bool creating)
    {
        if (portSecurity) return null;
        if (groups)
        {
            return creating
                ? NetworkFaults.Refused(
                    "PortSecurityAndIPRequiredForSecurityGroups", "Port security must be enabled and port must have an IP address in order to use security groups.")
                : NetworkFaults.Conflict(
                    "PortSecurityPortHasSecurityGroup",
                    "Port has security group associated. Cannot disable port security or IP address until security group is removed.");
        }

        return pairs
            ? NetworkFaults.Conflict("AddressPairAndPortSecurityRequired", "Port Security must be enabled in order to have allowed address pairs on a port.")
            : null;
    }
}
