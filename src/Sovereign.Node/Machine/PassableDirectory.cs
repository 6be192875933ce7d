namespace Sovereign.Node.Machine;

/// <summary>Directories of root that QEMU's and dnsmasq's users may pass through to their own files, but not look around in, whatever the umask.</summary>
internal static class PassableDirectory
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes the last part (its parent is there) and gives it the mode also when it was there.</summary>
    public static string Ensure(string path)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, Mode);
        return path;
    }
}
