using System.Buffers.Binary;

namespace Sovereign.Testing.Simulated;

/// <summary>Images that are as small as their format allows.</summary>
public static class SmallImages
{
    /// <summary>A qcow2 image of 32 MiB with empty tables.</summary>
    public static byte[] Qcow2 { get; } = Empty(32 << 20);

    /// <summary>A qcow2 image with empty tables.</summary>
    /// <param name="virtualBytes">Size of the disk that it describes.</param>
    public static byte[] Empty(long virtualBytes)
    {
        const int Cluster = 65_536;
        const long TableBytes = 512L << 20;
        var file = new byte[5 * Cluster];
        "QFI"u8.CopyTo(file);
        file[3] = 0xfb;
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(4), 3);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(20), 16);
        BinaryPrimitives.WriteInt64BigEndian(file.AsSpan(24), virtualBytes);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(36), (uint)((virtualBytes + TableBytes - 1) / TableBytes));
        BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(40), 3 * Cluster);
        BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(48), Cluster);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(56), 1);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(96), 4);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(100), 104);
        return file;
    }
}
