using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Sovereign.Placement.Names;

/// <summary>Names that every cloud knows: resource classes of os-resource-classes, and the traits of os-traits that our nodes can have.</summary>
internal static partial class StandardNames
{
    public static readonly FrozenSet<string> Classes = FrozenSet.Create(
        StringComparer.Ordinal,
        "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD", "NUMA_MEMORY_MB", "IPV4_ADDRESS", "VGPU",
        "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC", "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
        "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC", "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC");

    public static readonly FrozenSet<string> Traits = FrozenSet.Create(
        StringComparer.Ordinal,
        "COMPUTE_NODE", "COMPUTE_STATUS_DISABLED", "COMPUTE_ACCELERATORS", "COMPUTE_DEVICE_TAGGING", "COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW",
        "COMPUTE_NET_ATTACH_INTERFACE", "COMPUTE_RESCUE_BFV", "COMPUTE_SECURITY_TPM_1_2", "COMPUTE_SECURITY_TPM_2_0", "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
        "COMPUTE_SOCKET_PCI_NUMA_AFFINITY", "COMPUTE_TRUSTED_CERTS", "COMPUTE_VOLUME_ATTACH_WITH_TAG", "COMPUTE_VOLUME_EXTEND", "COMPUTE_VOLUME_MULTI_ATTACH",
        "HW_ARCH_AARCH64", "HW_ARCH_X86_64", "HW_CPU_HYPERTHREADING", "HW_CPU_X86_AESNI", "HW_CPU_X86_AVX", "HW_CPU_X86_AVX2", "HW_CPU_X86_AVX512F",
        "HW_CPU_X86_SVM", "HW_CPU_X86_VMX", "HW_NIC_SRIOV", "HW_NUMA_ROOT", "MISC_SHARES_VIA_AGGREGATE", "STORAGE_DISK_HDD", "STORAGE_DISK_SSD");

    /// <summary>CUSTOM_ and upper-case letters, digits, underscores; at most 255 characters.</summary>
    public static bool IsCustom(string name) => name.Length <= 255 && Custom().IsMatch(name);

    [GeneratedRegex("^CUSTOM_[A-Z0-9_]+\\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Custom();
}
