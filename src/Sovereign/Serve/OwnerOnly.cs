namespace Sovereign.Serve;

/// <summary>Files that only their owner may read: keys and passwords.</summary>
internal static class OwnerOnly
{
    /// <summary>Written beside, flushed to disk, renamed: never half a key.</summary>
    public static void Write(string path, string text)
    {
        var beside = path + ".new";
        using (var file = new FileStream(beside, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }
}
