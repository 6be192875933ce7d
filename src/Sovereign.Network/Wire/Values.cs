using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Network.Wire;

internal static class Times
{
    public static string Of(long micros) => Micros.ToSecondsZ(micros);
}

/// <summary>The one availability zone; the name that Nova and Neutron give theirs.</summary>
internal static class Zones
{
    public const string Default = "nova";
    private const int HintsMax = 10;

    /// <summary>Hints can only name zones that are there.</summary>
    public static Fault? Check(Optional<IReadOnlyList<string>> hints)
    {
        if (hints.Or(null) is not { } names) return null;
        if (names.Count > HintsMax) return NetworkFaults.Attribute("availability_zone_hints", $"More than {HintsMax} hints");
        return names.FirstOrDefault(name => name != Default) is { } unknown
            ? NetworkFaults.Missing("AvailabilityZoneNotFound", $"AvailabilityZone {unknown} could not be found.") : null;
    }

    public static string Written(Optional<IReadOnlyList<string>> hints) =>
        JsonSerializer.Serialize(hints.Or(null) ?? [], NetworkJson.Wire.IReadOnlyListString);
}

/// <summary>Kinds of resources in the journal, in due work and in tags.</summary>
internal static class Kinds
{
    public const string Network = "network";
    public const string Subnet = "subnet";
    public const string Port = "port";
    public const string Router = "router";
    public const string FloatingIp = "floatingip";
    public const string Group = "security_group";
    public const string Rule = "security_group_rule";
    public const string RbacPolicy = "rbac_policy";
    public const string AddressScope = "address_scope";
    public const string SubnetPool = "subnetpool";
    public const string AddressGroup = "address_group";
    public const string QosPolicy = "qos_policy";
    public const string Flavor = "flavor";
    public const string ServiceProfile = "service_profile";
    public const string Segment = "segment";
    public const string SegmentRange = "network_segment_range";
    public const string DefaultRule = "default_security_group_rule";
    public const string MeteringLabel = "metering_label";
    public const string MeteringRule = "metering_label_rule";
    public const string Log = "log";
}

/// <summary>Who a port belongs to, as device_owner has it.</summary>
internal static class Owners
{
    public const string Dhcp = "network:dhcp";
    public const string RouterInterface = "network:router_interface";
    public const string RouterGateway = "network:router_gateway";
    public const string FloatingIp = "network:floatingip";
    public const string Compute = "compute:";

    /// <summary>Of load balancers, under the name of the original.</summary>
    public const string Balancer = "Octavia";

    /// <summary>Owned by the cloud: never changed through the port API.</summary>
    public static bool IsService(string owner) => owner is RouterInterface or RouterGateway or FloatingIp;
}

/// <summary>Port and floating IP states on the wire.</summary>
internal static class Status
{
    public const string Active = "ACTIVE";
    public const string Down = "DOWN";
    public const string Build = "BUILD";
    public const string Error = "ERROR";
}
