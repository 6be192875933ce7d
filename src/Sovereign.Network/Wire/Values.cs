using Sovereign.Kernel.Sources;

namespace Sovereign.Network.Wire;

internal static class Times
{
    public static string Of(long micros) => Micros.ToSecondsZ(micros);
}

/// <summary>The one availability zone; the name that Nova and Neutron give theirs.</summary>
internal static class Zones
{
    public const string Default = "nova";
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
}

/// <summary>Who a port belongs to, as device_owner has it.</summary>
internal static class Owners
{
    public const string Dhcp = "network:dhcp";
    public const string RouterInterface = "network:router_interface";
    public const string RouterGateway = "network:router_gateway";
    public const string FloatingIp = "network:floatingip";
    public const string Compute = "compute:";

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
