using Sovereign.Kernel.Sources;

namespace Sovereign.LoadBalancer.Wire;

/// <summary>Provisioning states, in Octavia's words: whether what is wanted is what is.</summary>
internal static class Provisioning
{
    public const string Active = "ACTIVE";
    public const string PendingCreate = "PENDING_CREATE";
    public const string PendingUpdate = "PENDING_UPDATE";
    public const string PendingDelete = "PENDING_DELETE";
    public const string Error = "ERROR";

    public static bool Pending(string status) => status is PendingCreate or PendingUpdate or PendingDelete;
}

/// <summary>Operating states: whether it works.</summary>
internal static class Operating
{
    public const string Online = "ONLINE";
    public const string Offline = "OFFLINE";
    public const string Draining = "DRAINING";
    public const string Degraded = "DEGRADED";
    public const string Error = "ERROR";
    public const string NoMonitor = "NO_MONITOR";
}

/// <summary>Kinds of parts, by their names in the API.</summary>
internal static class Kinds
{
    public const string Balancer = "loadbalancer";
    public const string Listener = "listener";
    public const string Pool = "pool";
    public const string Member = "member";
    public const string Monitor = "healthmonitor";
    public const string Policy = "l7policy";
    public const string Rule = "l7rule";
    public const string Flavor = "flavor";
    public const string FlavorProfile = "flavorprofile";

    /// <summary>How Octavia's messages call them.</summary>
    public static string Shown(string kind) => kind switch
    {
        Balancer => "Load Balancer",
        Listener => "Listener",
        Pool => "Pool",
        Member => "Member",
        Monitor => "Health Monitor",
        Policy => "L7Policy",
        Rule => "L7Rule",
        Flavor => "Flavor",
        _ => "Flavor profile",
    };
}

internal static class Times
{
    /// <summary>As Octavia writes it: without a zone.</summary>
    public static string Of(long micros) => Micros.ToSecondsZ(micros)[..^1];

    public static string? Of(long? micros) => micros is { } known ? Of(known) : null;
}
