using System.Globalization;
using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Limits;

/// <summary>Limits as a request asks for them, and which of them a version knows.</summary>
/// <param name="Force">True: also below what is used, and above the project's limit.</param>
internal sealed record QuotaWish(Dictionary<string, long> Limits, bool Force)
{
    private const long LimitMax = int.MaxValue;

    /// <summary>Kept for old clients: networks are limited by the network service.</summary>
    private static readonly string[] networks = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];

    public static bool InSets(string name, Microversion version) =>
        !(version.Has(57) && name.StartsWith("injected_", StringComparison.Ordinal)) && !(version.Has(36) && networks.Contains(name));

    /// <summary>Sets of classes changed later than those of projects, and had no server groups at first.</summary>
    public static bool InClasses(string name, Microversion version) =>
        !(version.Has(57) && name.StartsWith("injected_", StringComparison.Ordinal)) && !(version.Has(50) && networks.Contains(name))
        && (version.Has(50) || name is not ("server_groups" or "server_group_members"));

    /// <param name="shown">Which names the negotiated version has.</param>
    public static Outcome<QuotaWish> Read(Dictionary<string, JsonElement> asked, IReadOnlyList<QuotaResource> known, Func<string, bool> shown, bool forceable)
    {
        var limits = new Dictionary<string, long>(StringComparer.Ordinal);
        var force = false;
        foreach (var (name, element) in asked)
        {
            if (name == "force" && forceable)
            {
                if (Wire.Truth(element, false) is not { } truth) return new Fault.Invalid(name, "force is a boolean.");
                force = truth;
                continue;
            }

            if (known.All(resource => resource.Name != name) || !shown(name)) return Wire.Unexpected(name);
            if (element.ValueKind is not (JsonValueKind.Number or JsonValueKind.String)
                || !long.TryParse(element.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit) || limit is < -1 or > LimitMax)
            {
                return new Fault.Invalid(name, $"Invalid input for field/attribute {name}. Quota limit must be -1 or a number that is not negative.");
            }

            limits[name] = limit;
        }

        return new QuotaWish(limits, force);
    }

    /// <summary>Why a limit can't be set; null when it can. -1 is unlimited.</summary>
    /// <param name="max">The project's limit where a user's is set.</param>
    public static Fault.Invalid? Wrong(string name, long limit, long used, long max)
    {
        if (limit >= 0 && limit < used)
        {
            return new Fault.Invalid(name, $"Quota limit {limit} for {name} must be greater than or equal to already used and reserved {used}.");
        }

        return max >= 0 && (limit < 0 || limit > max)
            ? new Fault.Invalid(name, $"Quota limit {limit} for {name} must be less than or equal to {max}.")
            : null;
    }
}
