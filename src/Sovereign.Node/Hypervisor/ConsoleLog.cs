namespace Sovereign.Node.Hypervisor;

/// <summary>A guest's console log: bounded, and read from its end.</summary>
internal static class ConsoleLog
{
    public static byte[] Tail(DomainFiles files, int bytesMax)
    {
        var now = Read(files.Console, bytesMax);
        return now.Length >= bytesMax ? now : [.. Read(files.ConsoleBefore, bytesMax - now.Length), .. now];
    }

    /// <summary>Moves what is there to the second file; QEMU appends, so it goes on at the new end.</summary>
    public static void Trim(DomainFiles files, int bytesMax)
    {
        var info = new FileInfo(files.Console);
        if (!info.Exists || info.Length <= bytesMax) return;
        File.WriteAllBytes(files.ConsoleBefore, Read(files.Console, bytesMax));
        using var file = new FileStream(files.Console, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }

    private static byte[] Read(string path, int bytesMax)
    {
        if (bytesMax <= 0 || !File.Exists(path)) return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var length = file.Length;
        file.Seek(Math.Max(0, length - bytesMax), SeekOrigin.Begin);
        var bytes = new byte[Math.Min(bytesMax, length)];
        var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..read];
    }
}
