using System.Globalization;
using Sovereign.Launcher;

namespace Sovereign.Commands;

/// <summary>What to type next.</summary>
internal static class Usage
{
    public static void Print(CloudOptions options) => Console.WriteLine(
        $"""

        Use it with any OpenStack client (apt-get install python3-openstackclient):

          export OS_CLIENT_CONFIG_FILE={ClientConfig(options.Directory)} OS_CLOUD=sovereign
          openstack image list
          openstack flavor list

        Administrator:  --os-cloud sovereign-admin      Endpoint:  {options.PublicUrl}
        How it is:      sovereign status{DataArgument(options)}      Stop:  sovereign down{DataArgument(options)}

        """);

    public static string DataArgument(CloudOptions options) => options.Data == CloudDirectory.Default ? "" : $" --data {options.Data}";

    /// <summary>The operator's clouds.yaml. Who came through sudo gets a copy of their own, since the original is closed to them.</summary>
    private static string ClientConfig(CloudDirectory cloud)
    {
        if (!uint.TryParse(Environment.GetEnvironmentVariable("SUDO_UID"), CultureInfo.InvariantCulture, out var user) || user == 0)
            return cloud.Clouds;
        _ = uint.TryParse(Environment.GetEnvironmentVariable("SUDO_GID"), CultureInfo.InvariantCulture, out var group);
        var copy = $"{cloud.Path}/clouds.{user}.yaml";
        File.Delete(copy);
        using (var file = new FileStream(copy, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        using (var original = File.OpenRead(cloud.Clouds)) original.CopyTo(file);
        SystemUsers.Own(copy, new UserId(user, group));
        return copy;
    }
}
