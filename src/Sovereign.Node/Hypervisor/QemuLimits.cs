using System.Globalization;

namespace Sovereign.Node.Hypervisor;

/// <summary>Memory, CPU weight and process limits of a QEMU by cgroup v2 or v1, whichever this machine lets us write; none where neither
/// can be.</summary>
internal sealed class QemuLimits(string group)
{
    /// <summary>What QEMU itself needs beside the guest's memory: translation cache, devices, display.</summary>
    private const long OverheadMib = 768;
    private const int ThreadsMax = 512;
    private const string Root = "/sys/fs/cgroup";

    public void Apply(string id, int pid, int vcpus, int memoryMib)
    {
        var bytes = ((memoryMib + OverheadMib) * 1024 * 1024).ToString(CultureInfo.InvariantCulture);
        if (File.Exists(Root + "/cgroup.subtree_control"))
        {
            Try(Root + "/cgroup.subtree_control", "+memory +cpu +pids");
            Directory.CreateDirectory($"{Root}/{group}");
            Try($"{Root}/{group}/cgroup.subtree_control", "+memory +cpu +pids");
            Join($"{Root}/{group}/{id}", pid, ("memory.max", bytes), ("cpu.weight", Weight(vcpus, 100)), ("pids.max", $"{ThreadsMax}"));
            return;
        }
        Join($"{Root}/memory/{group}/{id}", pid, ("memory.limit_in_bytes", bytes));
        Join($"{Root}/cpu/{group}/{id}", pid, ("cpu.shares", Weight(vcpus, 1024)));
        Join($"{Root}/pids/{group}/{id}", pid, ("pids.max", $"{ThreadsMax}"));
    }

    public void Remove(string? id)
    {
        foreach (var controller in (string[])["", "/memory", "/cpu", "/pids"])
        {
            var path = $"{Root}{controller}/{group}{(id is null ? "" : "/" + id)}";
            try { if (Directory.Exists(path)) Directory.Delete(path); }
            catch (IOException) { /* still emptying, or a mount of another kind: an empty group costs nothing */ }
            catch (UnauthorizedAccessException) { /* not ours to write */ }
        }
    }

    private static void Join(string path, int pid, params (string File, string Value)[] limits)
    {
        try { if (Directory.Exists(Path.GetDirectoryName(Path.GetDirectoryName(path)))) Directory.CreateDirectory(path); }
        catch (IOException) { return; }
        catch (UnauthorizedAccessException) { return; }
        if (!Directory.Exists(path)) return;
        foreach (var (file, value) in limits) Try(Path.Combine(path, file), value);
        Try(Path.Combine(path, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));
    }

    private static void Try(string path, string value)
    {
        try { if (File.Exists(path)) File.WriteAllText(path, value); }
        catch (IOException) { /* a controller that is not there limits nothing */ }
        catch (UnauthorizedAccessException) { /* not ours to write */ }
    }

    private static string Weight(int vcpus, int each) => Math.Min(10000, vcpus * each).ToString(CultureInfo.InvariantCulture);
}
