using System.Buffers.Binary;
using System.Diagnostics;

namespace Sovereign.Image.Tests;

/// <summary>Bytes of images, made by hand so that each field can be wrong.</summary>
internal static class TestImages
{
    private const int Cluster = 65_536;

    /// <summary>A qcow2 image of version 3 with empty tables; the change is applied to its first cluster.</summary>
    public static byte[] Qcow2(ulong virtualSize = 32 << 20, Action<byte[]>? change = null, uint version = 3)
    {
        var file = new byte[5 * Cluster];
        "QFI"u8.CopyTo(file);
        file[3] = 0xfb;
        Put32(file, 4, version);
        Put32(file, 20, 16);
        Put64(file, 24, virtualSize);
        Put32(file, 36, (uint)Math.Max(1, (virtualSize + (512UL << 20) - 1) / (512UL << 20)));
        Put64(file, 40, 3 * Cluster);
        Put64(file, 48, Cluster);
        Put32(file, 56, 1);
        if (version == 3)
        {
            Put32(file, 96, 4);
            Put32(file, 100, 104);
        }

        change?.Invoke(file);
        return file;
    }

    /// <summary>Made by the program that knows the format.</summary>
    public static async Task<byte[]> Make(string directory, string format, string options, int megabytes = 8)
    {
        var path = Path.Combine(directory, "made");
        File.Delete(path);
        var word = format == "vhd" ? "vpc" : format;
        using var process = Process.Start("qemu-img", ["create", "-q", "-f", word, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), path, $"{megabytes}M"]);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await File.ReadAllBytesAsync(path) : throw new InvalidOperationException($"qemu-img could not make a {format}.");
    }

    public static void Put32(byte[] file, int offset, uint value) => BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(offset), value);

    public static void Put64(byte[] file, int offset, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(offset), value);
}
