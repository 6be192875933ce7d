using System.Runtime.InteropServices;

namespace Sovereign.Kernel.Store;

/// <summary>Makes a rename durable: the directory is a file of its own, and .NET opens no directories.</summary>
public static partial class DirectorySync
{
    private const int ReadOnlyDirectory = 0x10000;

    /// <summary>Gives a file that is written to its end its name, for good: a power cut leaves what had the name before, or the whole file, never a part of it.</summary>
    /// <param name="to">In the same file system; what is there goes.</param>
    public static void Rename(string from, string to)
    {
        using (var file = File.OpenHandle(from)) RandomAccess.FlushToDisk(file);
        File.Move(from, to, overwrite: true);
        Flush(Path.GetDirectoryName(to)!);
    }

    /// <exception cref="IOException">The directory is not there, or its file system can't write.</exception>
    public static void Flush(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        var descriptor = Open(directory, ReadOnlyDirectory);
        if (descriptor < 0) throw new IOException($"The directory {directory} can't be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        try
        {
            if (Sync(descriptor) != 0) throw new IOException($"The directory {directory} can't be flushed: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
