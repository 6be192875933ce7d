using Sovereign.Kernel.Outcomes;

namespace Sovereign.Network.Wire;

/// <summary>Faults in Neutron's own words and with its exception names, which clients look at.</summary>
internal static class NetworkFaults
{
    public static Fault NetworkMissing(string id) => Missing("NetworkNotFound", $"Network {id} could not be found.");

    public static Fault SubnetMissing(string id) => Missing("SubnetNotFound", $"Subnet {id} could not be found.");

    public static Fault PortMissing(string id) => Missing("PortNotFound", $"Port {id} could not be found.");

    public static Fault RouterMissing(string id) => Missing("RouterNotFound", $"Router {id} could not be found");

    public static Fault FloatingIpMissing(string id) => Missing("FloatingIPNotFound", $"Floating IP {id} could not be found");

    public static Fault GroupMissing(string id) => Missing("SecurityGroupNotFound", $"Security group {id} does not exist");

    public static Fault RuleMissing(string id) => Missing("SecurityGroupRuleNotFound", $"Security group rule {id} does not exist");

    public static Fault Missing(string type, string message) => new Fault.NotFound("", "") { Message = message, Type = type };

    public static Fault Conflict(string type, string message) => new Fault.Conflict(message) { Type = type };

    /// <summary>400 with one of Neutron's exception names.</summary>
    public static Fault Refused(string type, string message) => new Fault.Invalid("", message) { Type = type };

    /// <summary>400 as the validation of attributes words it.</summary>
    public static Fault Attribute(string name, string reason) => new Fault.Invalid(name, $"Invalid input for {name}. Reason: {reason}.");

    /// <summary>400 as the plugins word it.</summary>
    public static Fault Input(string message) => Refused("InvalidInput", $"Invalid input for operation: {message}.");

    /// <summary>As for a member that no extension of this cloud knows.</summary>
    public static Fault? Unrecognized(params ReadOnlySpan<(string Name, bool Given)> attributes)
    {
        foreach (var (name, given) in attributes)
        {
            if (given) return new Fault.Invalid(name, $"Unrecognized attribute(s) '{name}'");
        }

        return null;
    }

    public static Fault BadRequest(string resource, string message) => Refused("BadRequest", $"Bad {resource} request: {message}.");

    public static Fault NotAuthorized(string rule) => new Fault.Forbidden($"rule:{rule} is disallowed by policy") { Type = "PolicyNotAuthorized" };

    /// <summary>403 for one attribute that needs more rights than the call itself.</summary>
    public static Fault NotAuthorized(string rule, string attribute) =>
        new Fault.Forbidden($"(rule:{rule} and rule:{rule}:{attribute}) is disallowed by policy") { Type = "PolicyNotAuthorized" };

    public static Fault VniTaken(long vni) => Conflict("TunnelIdInUse", $"Unable to create the network. The tunnel ID {vni} is in use.");

    /// <summary>409 for what needs a network that has its segment.</summary>
    public static Fault NoSegment(string networkId) => Conflict("NetworkWithoutSegment", $"Network {networkId} has no segment: make one first.");

    public static Fault OverQuota(string resource) => Conflict("OverQuota", $"Quota exceeded for resources: ['{resource}'].");

    public static Fault AddressTaken(string address, string subnetId) =>
        Conflict("IpAddressAlreadyAllocated", $"IP address {address} already allocated in subnet {subnetId}");

    public static Fault NoAddressLeft(string networkId) =>
        Conflict("IpAddressGenerationFailure", $"No more IP addresses available on network {networkId}.");
}
