namespace Sovereign.Launcher;

/// <summary>What the cloud needs of Debian or Ubuntu, and how it gets there.</summary>
internal static class OsPackages
{
    /// <summary>Program (or the path of a file) and the package that brings it: the one list.</summary>
    public static readonly IReadOnlyList<(string Program, string Package)> Needed =
    [
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("qemu-img", "qemu-utils"),
        ("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf"),
        ("swtpm", "swtpm"),
        ("ip", "iproute2"),
        ("bridge", "iproute2"),
        ("nft", "nftables"),
        ("dnsmasq", "dnsmasq-base"),
        ("haproxy", "haproxy"),
        ("conntrack", "conntrack"),
        ("setpriv", "util-linux"),
        ("setsid", "util-linux"),
        ("mkswap", "util-linux"),
        ("mkfs.ext4", "e2fsprogs"),
        ("useradd", "passwd"),
        ("ps", "procps"),
    ];

    private static readonly TimeSpan installLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan updateLimit = TimeSpan.FromMinutes(5);
    private const string LockSeconds = "DPkg::Lock::Timeout=600";

    /// <summary>Packages whose program is not there; looks at paths only, so that a start with everything in place costs nothing.</summary>
    public static IReadOnlyList<string> Missing()
        => [.. Needed.Where(need => Find(need.Program) is null).Select(need => need.Package).Distinct()];

    private static string? Find(string program) => !program.StartsWith('/') ? Programs.Find(program) : File.Exists(program) ? program : null;

    public static string Command(IEnumerable<string> packages)
        => $"apt-get update && apt-get install -y --no-install-recommends {string.Join(' ', packages)}";

    public static async Task Install(IReadOnlyList<string> packages, Action<string> say, CancellationToken stop)
    {
        if (Programs.Find("apt-get") is null)
            throw new LauncherException($"This machine lacks {string.Join(", ", packages)} and has no apt-get. Install these programs: "
                + string.Join(", ", Needed.Where(need => packages.Contains(need.Package)).Select(need => need.Program)) + ".");
        say($"Installing {packages.Count} OS packages: {string.Join(' ', packages)}");
        var result = await AptInstall(packages, say, stop);
        if (!result.Succeeded)
        {
            say("Fetching the list of packages, since the known one does not serve");
            await Programs.Run("apt-get", ["-o", LockSeconds, "-q", "update"], updateLimit, stop);
            result = await AptInstall(packages, say, stop);
        }
        if (!result.Succeeded || Missing() is { Count: > 0 })
            throw new LauncherException($"The OS packages could not be installed: {result.Reason}\n"
                + $"Run this and start again:\n  {Command(packages)}");
    }

    private static Task<ProgramResult> AptInstall(IReadOnlyList<string> packages, Action<string> say, CancellationToken stop)
        => Programs.Run("apt-get",
            ["-o", LockSeconds, "-o", "Dpkg::Use-Pty=0", "-q", "-y", "--no-install-recommends", "install", .. packages],
            installLimit, stop, line =>
            {
                if (Step(line) is { } step) say(step);
            });

    /// <summary>The lines of apt that tell a waiting person something.</summary>
    public static string? Step(string line)
        => line.StartsWith("Need to get ", StringComparison.Ordinal) || line.StartsWith("Setting up ", StringComparison.Ordinal)
            || line.StartsWith("Fetched ", StringComparison.Ordinal) ? "  " + line.TrimEnd('.', ' ') : null;
}
