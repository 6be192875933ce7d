using System.Globalization;

namespace Sovereign.Node.Machine;

/// <summary>How long this machine is up and how busy it is, in the one line that clients know from the program uptime.</summary>
internal static class Uptime
{
    public static string Text(DateTimeOffset now)
    {
        var up = TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
        var load = File.ReadAllText("/proc/loadavg").Split(' ');
        return string.Create(
            CultureInfo.InvariantCulture,
            $" {now:HH:mm:ss} up {(int)up.TotalDays} days, {up.Hours:00}:{up.Minutes:00},  0 users,  load average: {load[0]}, {load[1]}, {load[2]}");
    }
}
