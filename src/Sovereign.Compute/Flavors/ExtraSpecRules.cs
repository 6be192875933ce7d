using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Compute.Flavors;

/// <summary>What extra specs may be: any key of the allowed form; from 2.86 on the known namespaces have known keys with checked values.</summary>
internal static partial class ExtraSpecRules
{
    private const int SpecsMax = 128;
    private const int TextLengthMax = 255;
    private const string Boolean = "boolean";
    private const string Number = "number";
    private const string Free = "text";

    /// <summary>Known keys by what their value is: a kind, or the allowed words.</summary>
    private static readonly FrozenDictionary<string, string> known = new Dictionary<string, string>
    {
        ["hide_hypervisor_id"] = Boolean, ["group_policy"] = "none|isolate", ["hw_rng:allowed"] = Boolean, ["hw_rng:rate_bytes"] = Number,
        ["hw_rng:rate_period"] = Number, ["hw_video:ram_max_mb"] = Number, ["hw:cpu_policy"] = "shared|dedicated|mixed",
        ["hw:cpu_thread_policy"] = "prefer|isolate|require", ["hw:emulator_threads_policy"] = "isolate|share", ["hw:cpu_dedicated_mask"] = Free,
        ["hw:cpu_realtime"] = Boolean, ["hw:cpu_realtime_mask"] = Free, ["hw:cpu_sockets"] = Number, ["hw:cpu_cores"] = Number,
        ["hw:cpu_threads"] = Number, ["hw:cpu_max_sockets"] = Number, ["hw:cpu_max_cores"] = Number, ["hw:cpu_max_threads"] = Number,
        ["hw:numa_nodes"] = Number, ["hw:mem_page_size"] = Free, ["hw:mem_encryption"] = Boolean, ["hw:boot_menu"] = Boolean,
        ["hw:hide_hypervisor_id"] = Boolean, ["hw:watchdog_action"] = "none|pause|poweroff|reset|disabled", ["hw:pmem"] = Free, ["hw:pmu"] = Boolean,
        ["hw:pci_numa_affinity_policy"] = "required|preferred|legacy|socket", ["hw:serial_port_count"] = Number, ["hw:vif_multiqueue_enabled"] = Boolean,
        ["hw:tpm_version"] = "1.2|2.0", ["hw:tpm_model"] = "tpm-tis|tpm-crb", ["hw:tpm_secret_security"] = "user|host|deployment", ["hw:viommu_model"] = Free,
        ["hw:locked_memory"] = Boolean, ["hw:virtio_packed_ring"] = Boolean, ["hw:maxphysaddr_mode"] = "passthrough|emulate", ["hw:maxphysaddr_bits"] = Number,
        ["hw:ephemeral_encryption"] = Boolean, ["hw:ephemeral_encryption_format"] = "luks|plain", ["os:secure_boot"] = "required|disabled|optional",
        ["quota:cpu_shares"] = Number, ["quota:cpu_period"] = Number, ["quota:cpu_quota"] = Number, ["quota:disk_read_bytes_sec"] = Number,
        ["quota:disk_read_iops_sec"] = Number, ["quota:disk_write_bytes_sec"] = Number, ["quota:disk_write_iops_sec"] = Number,
        ["quota:disk_total_bytes_sec"] = Number, ["quota:disk_total_iops_sec"] = Number, ["quota:vif_inbound_average"] = Number,
        ["quota:vif_inbound_burst"] = Number, ["quota:vif_inbound_peak"] = Number, ["quota:vif_outbound_average"] = Number,
        ["quota:vif_outbound_burst"] = Number, ["quota:vif_outbound_peak"] = Number, ["pci_passthrough:alias"] = Free, ["accel:device_profile"] = Free,
        ["hw:cpu_max_realtime"] = Boolean,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenSet<string> namespaces = FrozenSet.ToFrozenSet(["hw", "hw_rng", "hw_video", "os", "quota", "pci_passthrough", "accel"]);

    public static Outcome<Dictionary<string, string>> Read(Dictionary<string, JsonElement> asked, bool validate)
    {
        if (asked.Count > SpecsMax) return new Fault.Invalid("extra_specs", $"A request has at most {SpecsMax} extra specs.");
        var specs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, element) in asked)
        {
            if (!KeyForm().IsMatch(key)) return new Fault.Invalid(key, "Extra spec keys have 1 to 255 letters, digits, '-', '_', ':', '.' and spaces.");
            if (element.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            {
                return new Fault.Invalid(key, $"The value of {key} must be a text or a number.");
            }
            var value = element.ToString();
            if (value.Length > TextLengthMax) return new Fault.Invalid(key, $"The value of {key} is longer than {TextLengthMax} characters.");
            if (validate && Wrong(key, value) is { } wrong) return wrong;
            specs[key] = value;
        }

        return specs;
    }

    private static Fault.Invalid? Wrong(string key, string value)
    {
        if (!known.TryGetValue(NodeNumber().Replace(key, ""), out var kind))
        {
            // hw:numa_cpus.N and hw:numa_mem.N carry a node's number; keys outside the known namespaces are the operator's own.
            if (key.StartsWith("hw:numa_cpus.", StringComparison.Ordinal) || key.StartsWith("hw:numa_mem.", StringComparison.Ordinal)) return null;
            var colon = key.IndexOf(':', StringComparison.Ordinal);
            return colon > 0 && namespaces.Contains(key[..colon])
                ? new Fault.Invalid(key, $"Validation failed; extra spec '{key}' does not appear to be a valid extra spec.")
                : null;
        }

        var right = kind switch
        {
            Boolean => Wire.Truth(value) is not null,
            Number => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            Free => value.Length > 0,
            _ => kind.Split('|').Contains(value),
        };
        return right ? null : new Fault.Invalid(key, $"Validation failed; '{value}' is not a valid value of the extra spec '{key}' ({kind.Replace('|', ',')}).");
    }

    [GeneratedRegex(@"^[a-zA-Z0-9\-_:. ]{1,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyForm();

    [GeneratedRegex(@"\.[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex NodeNumber();
}
