using System.Globalization;
using Sovereign.Node.Contract;
using Sovereign.Volume.Volumes;

namespace Sovereign.Volume.Services;

/// <summary>What a backend says that it can, and whether that is what the extra specs of a volume type ask for (Cinder, "capabilities filter").</summary>
internal static class Capabilities
{
    public const string Vendor = "Sovereign";
    public const string DriverVersion = "1.0";
    private const string Scope = "capabilities:";

    public static string Protocol(VolumePlace place) => place.Backend.Driver == "rbd" ? "ceph" : "file";

    /// <summary>Several servers may write a volume at once: a file has one writer, for what it is made of is in that writer's memory.</summary>
    public static bool Multiattach(BackendFacts backend) => backend.Shared;

    /// <summary>Specs of another scope ("key:…") ask something of others than the scheduler.</summary>
    public static bool Fit(VolumePlace place, IReadOnlyDictionary<string, string> specs) => specs.All(spec =>
        spec.Key.Contains(':', StringComparison.Ordinal) && !spec.Key.StartsWith(Scope, StringComparison.Ordinal)
        || Matches(Of(place, spec.Key.StartsWith(Scope, StringComparison.Ordinal) ? spec.Key[Scope.Length..] : spec.Key), spec.Value));

    private static string? Of(VolumePlace place, string name) => name switch
    {
        "volume_backend_name" or "pool_name" => place.Backend.Name,
        "vendor_name" => Vendor,
        "driver_version" => DriverVersion,
        "storage_protocol" => Protocol(place),
        "QoS_support" or "thin_provisioning_support" => "True",
        "multiattach" => Multiattach(place.Backend) ? "True" : "False",
        "replication_enabled" or "thick_provisioning_support" => "False",
        "reserved_percentage" => "0",
        "total_capacity_gb" => place.Backend.TotalGib.ToString(CultureInfo.InvariantCulture),
        "free_capacity_gb" => place.Backend.FreeGib.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static bool Matches(string? has, string asked)
    {
        if (has is null) return false;
        var words = asked.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var value = words.Length > 1 ? words[1] : "";
        return words.FirstOrDefault() switch
        {
            "<or>" => words.Where((_, index) => index % 2 == 1).Contains(has),
            "<is>" => Truth(has) == Truth(value),
            "<in>" => has.Contains(value, StringComparison.Ordinal),
            "s==" => has == value,
            "s!=" => has != value,
            "s<" => string.CompareOrdinal(has, value) < 0,
            "s<=" => string.CompareOrdinal(has, value) <= 0,
            "s>" => string.CompareOrdinal(has, value) > 0,
            "s>=" => string.CompareOrdinal(has, value) >= 0,
            "==" => Numbers(has, value, (left, right) => left == right),
            "!=" => Numbers(has, value, (left, right) => left != right),
            "<=" => Numbers(has, value, (left, right) => left <= right),
            "=" or ">=" => Numbers(has, value, (left, right) => left >= right),
            _ => string.Equals(has, asked, has is "True" or "False" ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal),
        };
    }

    private static bool Truth(string text) => text.ToLowerInvariant() is "1" or "t" or "true" or "on" or "y" or "yes";

    private static bool Numbers(string has, string asked, Func<double, double, bool> compare) =>
        double.TryParse(has, NumberStyles.Float, CultureInfo.InvariantCulture, out var left)
        && double.TryParse(asked, NumberStyles.Float, CultureInfo.InvariantCulture, out var right) && compare(left, right);
}
