using System.Runtime.InteropServices;

namespace Sovereign.Launcher;

/// <summary>A system user by number.</summary>
internal readonly record struct UserId(uint User, uint Group);

/// <summary>The two unprivileged users: sovereign runs the control plane, sovereign-qemu runs the virtual machines.</summary>
internal static partial class SystemUsers
{
    public const string Control = "sovereign";
    public const string Hypervisor = "sovereign-qemu";

    /// <summary>What userdel ends with then (userdel(8), exit values).</summary>
    private const int UserInUse = 8;

    private static readonly TimeSpan limit = TimeSpan.FromSeconds(30);

    public static UserId? Find(string name)
        => (from line in File.ReadLines("/etc/passwd")
            let fields = line.Split(':')
            where fields.Length > 3 && fields[0] == name
            select (UserId?)new UserId(uint.Parse(fields[2], null), uint.Parse(fields[3], null))).FirstOrDefault();

    /// <summary>Idempotent; true when a user had to be made.</summary>
    public static async Task<bool> Ensure(string name, CancellationToken stop)
    {
        if (Find(name) is not null) return false;
        var result = await Programs.Run("useradd",
            ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name],
            limit, stop);
        if (!result.Succeeded && Find(name) is null)
            throw new LauncherException($"The system user {name} could not be made: {result.Reason}");
        return true;
    }

    /// <summary>Absent is success; false when processes run as that user.</summary>
    public static async Task<bool> Remove(string name, CancellationToken stop)
    {
        if (Find(name) is null) return true;
        var result = await Programs.Run("userdel", [name], limit, stop);
        if (result.ExitCode == UserInUse) return false;
        if (!result.Succeeded && Find(name) is not null)
            throw new LauncherException($"The system user {name} could not be removed: {result.Reason}");
        return true;
    }

    public static void Own(string path, UserId owner)
    {
        if (Chown(path, owner.User, owner.Group) != 0)
            throw new LauncherException($"The owner of {path} could not be set: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    // lchown: a link in a directory that a service user writes to must not lead root elsewhere.
    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Chown(string path, uint user, uint group);
}
