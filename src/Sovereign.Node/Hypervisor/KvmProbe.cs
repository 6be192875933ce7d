using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>Finds out whether KVM really runs guests, by booting one: a /dev/kvm that exists may still hang. The answer is kept for this
/// kernel.</summary>
internal sealed class KvmProbe(ProcessRunner runner, string stateDir)
{
    /// <summary>A guest that KVM runs ends within a fraction of this.</summary>
    private static readonly TimeSpan bootLimit = TimeSpan.FromSeconds(2);

    // Boot sector: out 0xf4, 0x10 (the exit device ends QEMU with code 2*0x10+1); then halt.
    private static readonly byte[] bootCode = [0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd];
    private const int exitCode = 33;
    private const int sectorBytes = 512;
    private const int floppyBytes = 1_474_560;

    public async Task<string> Accelerator(CancellationToken stop)
    {
        if (!File.Exists("/dev/kvm")) return "tcg";
        var kernel = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", stop)).Trim();
        var cache = Path.Combine(stateDir, "accelerator");
        if (File.Exists(cache) && (await File.ReadAllTextAsync(cache, stop)).Split('\n') is [var forKernel, var known, ..]
            && forKernel == kernel) return known;
        var answer = await Boots(stop) ? "kvm" : "tcg";
        await File.WriteAllTextAsync(cache, $"{kernel}\n{answer}\n", stop);
        return answer;
    }

    private async Task<bool> Boots(CancellationToken stop)
    {
        var image = Path.Combine(stateDir, "probe.img");
        var bytes = new byte[floppyBytes];
        bootCode.CopyTo(bytes, 0);
        (bytes[sectorBytes - 2], bytes[sectorBytes - 1]) = (0x55, 0xaa);
        await File.WriteAllBytesAsync(image, bytes, stop);
        try
        {
            var result = await runner.Run("qemu-system-x86_64",
            [
                "-accel", "kvm", "-cpu", "host", "-machine", "pc", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none",
                "-drive", $"if=floppy,format=raw,readonly=on,file={image}", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
            ], stop, limit: bootLimit);
            return result.ExitCode == exitCode;
        }
        catch (NodeException) { return false; }
        finally { File.Delete(image); }
    }
}
