using System.Buffers.Binary;

namespace Sovereign.Image.Inspection;

/// <summary>Tells formats by their magic. What passes for raw must look like none of them: a guest's disk is later opened by its claimed format only.</summary>
internal static class ForeignFormats
{
    private const int VdiMagicOffset = 0x40;
    private const uint VdiMagic = 0xBEDA107F;
    private const int IsoMagicOffset = 0x8001;

    /// <returns>"qcow2", "vmdk", …; null for none.</returns>
    public static string? Detect(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (head.StartsWith("QFI\xfb"u8[..3]) && head.Length > 3 && head[3] == 0xfb) return "qcow2";
        if (head.StartsWith("QED\0"u8)) return "qed";
        if (head.StartsWith("KDMV"u8) || head.StartsWith("COWD"u8) || head.StartsWith("# Disk DescriptorFile"u8)) return "vmdk";
        if (head.StartsWith("vhdxfile"u8)) return "vhdx";
        if (head.StartsWith("conectix"u8) || tail.StartsWith("conectix"u8)) return "vhd";
        if (head.StartsWith("LUKS"u8) && head.Length > 5 && head[4] == 0xba && head[5] == 0xbe) return "luks";
        if (head.StartsWith("WithoutFreeSpace"u8) || head.StartsWith("WithouFreSpacExt"u8)) return "ploop";
        if (head.Length >= VdiMagicOffset + 4 && BinaryPrimitives.ReadUInt32LittleEndian(head[VdiMagicOffset..]) == VdiMagic) return "vdi";
        return head.Length >= IsoMagicOffset + 5 && head[IsoMagicOffset..].StartsWith("CD001"u8) ? "iso" : null;
    }
}
