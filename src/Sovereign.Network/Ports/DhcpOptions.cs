using System.Text.Json;
using Sovereign.Kernel.Outcomes;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Ports;

/// <summary>Options that DHCP gives one port alone.</summary>
internal static class DhcpOptions
{
    private const int OptionsMax = 32;
    private const int NameCharactersMax = 64;

    public static Fault? Check(IReadOnlyList<DhcpOptionView>? options)
    {
        if (options is null) return null;
        if (options.Count > OptionsMax) return NetworkFaults.Attribute("extra_dhcp_opts", $"More than {OptionsMax} options");
        foreach (var option in options)
        {
            if (option?.OptName is not { Length: > 0 and <= NameCharactersMax } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ':'))
            {
                return NetworkFaults.Attribute("extra_dhcp_opts", $"'{option?.OptName}' is not the name of an option");
            }

            // They become lines of a file.
            if (option.OptValue is { } value && (value.Length > Attributes.TextCharactersMax || value.Any(char.IsControl) || string.IsNullOrWhiteSpace(value)))
            {
                return NetworkFaults.Attribute("extra_dhcp_opts", $"The value of {name} is blank, too long, or holds control characters");
            }

            if (option.IpVersion is not (null or 4 or 6)) return NetworkFaults.Attribute("extra_dhcp_opts", $"'{option.IpVersion}' is not in [4, 6]");
        }

        return options.DistinctBy(option => (option.OptName, option.IpVersion ?? 4)).Count() == options.Count
            ? null : NetworkFaults.Attribute("extra_dhcp_opts", "An option is named twice");
    }

    /// <summary>The port's options after a change: named ones replace, those with a null value go, others stay.</summary>
    public static string Merged(PortRow port, IReadOnlyList<DhcpOptionView>? wished)
    {
        var changed = (wished ?? []).Select(option => option with { IpVersion = option.IpVersion ?? 4 }).ToList();
        var kept = port.Options.Where(known => !changed.Exists(option => option.OptName == known.OptName && option.IpVersion == known.IpVersion));
        return JsonSerializer.Serialize(kept.Concat(changed.Where(option => option.OptValue is not null)).ToList(), NetworkJson.Wire.IReadOnlyListDhcpOptionView);
    }
}
