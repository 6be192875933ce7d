using Sovereign.Node.Volumes;

namespace Sovereign.Launcher;

/// <summary>A pool of a Ceph cluster for volumes, as settings and "node join" name it.</summary>
internal static class CephSettings
{
    public const string UserDefault = "sovereign", ConfDefault = "/etc/ceph/ceph.conf";

    /// <summary>Name of the backend; a volume type asks for it by volume_backend_name.</summary>
    private const string BackendName = "ceph";

    public static RbdOptions? From(WrittenSettings settings, List<string> faults) => From(
        settings[SettingNames.CephPool], settings[SettingNames.CephUser], settings[SettingNames.CephConf], settings[SettingNames.CephKeyring], name => name, faults);

    /// <param name="shown">How a setting's name is shown.</param>
    public static RbdOptions? From(string? pool, string? user, string? conf, string? keyring, Func<string, string> shown, List<string> faults)
    {
        if (pool is null)
        {
            if ((user ?? conf ?? keyring) is not null) faults.Add($"{shown(SettingNames.CephPool)}: must be set where the other settings of Ceph are.");
            return null;
        }
        user ??= UserDefault;
        conf ??= ConfDefault;
        keyring ??= $"/etc/ceph/ceph.client.{user}.keyring";
        foreach (var (name, value) in new[] { (SettingNames.CephPool, pool), (SettingNames.CephUser, user) })
            if (!IsName(value)) faults.Add($"{shown(name)}: '{value}' may have only letters, digits, '-', '_' and '.'.");
        foreach (var (name, value) in new[] { (SettingNames.CephConf, conf), (SettingNames.CephKeyring, keyring) })
            if (!Path.IsPathFullyQualified(value)) faults.Add($"{shown(name)}: '{value}' must be an absolute path.");
        return new RbdOptions(BackendName, pool, user, conf, keyring);
    }

    // They become part of QEMU's options.
    private static bool IsName(string text) => text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
