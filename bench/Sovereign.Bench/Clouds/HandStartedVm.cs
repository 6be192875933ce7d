using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Sovereign.Bench.Clouds;

/// <summary>QEMU started by hand with the arguments of a running server's process: other paths, a tap of its own, nothing else different.</summary>
internal sealed partial class HandStartedVm : IDisposable
{
    private const string Tap = "svbenchtap";
    private static readonly TimeSpan runTimeMax = TimeSpan.FromSeconds(60);
    private readonly string program;
    private readonly List<string> arguments;
    private readonly string monitor;
    private Process? process;

    /// <summary>The file with what its guest says.</summary>
    public string Console { get; }

    public int ProcessId => process!.Id;

    /// <summary>The same of the server that it is a twin of.</summary>
    public string OriginalConsole { get; }

    public int OriginalProcessId { get; }

    /// <summary>Reads the arguments of the server's process and copies its files; the process itself is left alone.</summary>
    public HandStartedVm(string serverId, string directory)
    {
        (OriginalProcessId, var original) = Find(serverId);
        program = original[0];
        var pidFile = original[original.IndexOf("-pidfile") + 1];
        var home = Path.GetDirectoryName(Path.GetDirectoryName(pidFile))!;
        var disk = home.Replace("/domains/", "/disks/", StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(directory, "run"));
        foreach (var source in (string[])[home, disk]) Run("cp", "--sparse=always", "-r", "--no-preserve=ownership", source + "/.", directory);
        var volumes = VolumeDirectory().Matches(string.Join(' ', original)).Select(match => match.Value).Distinct().ToList();
        foreach (var volume in volumes)
        {
            Directory.CreateDirectory(Of(volume, directory));
            Run("cp", "--sparse=always", "-r", "--no-preserve=ownership", volume + "/.", Of(volume, directory));
        }

        foreach (var socket in Directory.EnumerateFiles(Path.Combine(directory, "run"))) File.Delete(socket);
        arguments = [.. original.Skip(1).Select(argument => TapDescriptor().Replace(
            volumes.Aggregate(argument.Replace(home, directory, StringComparison.Ordinal).Replace(disk, directory, StringComparison.Ordinal),
                (changed, volume) => changed.Replace(volume, Of(volume, directory), StringComparison.Ordinal)), $"ifname={Tap},script=no,downscript=no"))];
        Console = Path.Combine(directory, "console.log");
        OriginalConsole = Path.Combine(home, "console.log");
        monitor = Path.Combine(directory, "run", Path.GetFileName(MonitorPath().Match(string.Join(' ', original)).Groups[1].Value));
        Run("ip", "tuntap", "add", Tap, "mode", "tap");
    }

    /// <summary>Starts it.</summary>
    /// <returns>Milliseconds until its monitor says that the guest runs.</returns>
    public double Start()
    {
        var begun = Stopwatch.GetTimestamp();
        var start = new ProcessStartInfo(program);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        while (!File.Exists(monitor) || !Running())
        {
            if (process.HasExited) throw new BenchFailedException($"QEMU by hand ended with {process.ExitCode}; its reason is above.");
            if (Stopwatch.GetElapsedTime(begun) > runTimeMax) throw new BenchFailedException("QEMU by hand does not run after a minute.");
        }

        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    public void Stop()
    {
        if (process is not { HasExited: false }) return;
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        Stop();
        process?.Dispose();
        Run("ip", "link", "delete", Tap);
    }

    private bool Running()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(monitor));
            using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            reader.ReadLine();
            stream.Write(Encoding.ASCII.GetBytes("{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"query-status\"}\n"));
            while (reader.ReadLine() is { } line)
            {
                if (line.Contains("\"running\":", StringComparison.Ordinal)) return line.Contains("\"running\": true", StringComparison.Ordinal);
            }

            return false;
        }
        catch (SocketException)
        {
            return false;   // The file is there, nobody listens yet.
        }
    }

    private static string Of(string volume, string directory) => Path.Combine(directory, "volume-" + Path.GetFileName(volume));

    private static (int Process, List<string> Line) Find(string serverId)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var line = File.ReadAllText(Path.Combine(directory, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries).ToList();
                if (line.Count > 0 && line[0].Contains("qemu-system", StringComparison.Ordinal) && line.Contains(serverId))
                    return (int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture), line);
            }
            catch (IOException)
            {
                // A process that just ended.
            }
        }

        throw new BenchFailedException($"There is no QEMU process for server {serverId}.");
    }

    private static void Run(string command, params string[] words)
    {
        using var run = Process.Start(command, words);
        run.WaitForExit();
        if (run.ExitCode != 0) throw new BenchFailedException($"{command} {string.Join(' ', words)} ended with {run.ExitCode}; its reason is above.");
    }

    [GeneratedRegex(@"\bfd=\d+")]
    private static partial Regex TapDescriptor();

    [GeneratedRegex(@"/[^""]*/volumes/[0-9a-f-]{36}(?=/)")]
    private static partial Regex VolumeDirectory();

    [GeneratedRegex(@"id=monitor,path=([^, ]+)")]
    private static partial Regex MonitorPath();
}
