namespace Sovereign.Launcher;

/// <summary>The data directories on this machine, one a line, so that the users which all clouds share go with the last of them.</summary>
internal static class KnownClouds
{
    private const string Register = "/var/lib/sovereign.clouds";

    public static void Add(CloudDirectory cloud)
    {
        var known = Read();
        if (!known.Contains(cloud.Path)) File.WriteAllLines(Register, [.. known, cloud.Path]);
    }

    /// <summary>True when no other cloud is left.</summary>
    public static bool Remove(CloudDirectory cloud)
    {
        var others = Read().Where(path => path != cloud.Path && new CloudDirectory(path) is { IsCloud: true } or { IsJoined: true }).ToArray();
        if (others.Length > 0) File.WriteAllLines(Register, others);
        else File.Delete(Register);
        return others.Length == 0;
    }

    private static string[] Read() => File.Exists(Register) ? File.ReadAllLines(Register) : [];
}
