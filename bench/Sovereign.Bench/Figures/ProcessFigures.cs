using System.Globalization;

namespace Sovereign.Bench.Figures;

/// <summary>What the kernel knows of a process.</summary>
internal static class ProcessFigures
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds that it has used in all its threads.</summary>
    public static double CpuSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Bytes that it has read from files, sockets and pipes, those of its children that ended too.</summary>
    public static long BytesRead(int process) => Number($"/proc/{process}/io", "rchar:");

    /// <summary>The most resident memory that it had since <see cref="ForgetPeak"/>, MB.</summary>
    public static double PeakMegabytes(int process) => Number($"/proc/{process}/status", "VmHWM:") * 1024 / 1e6;

    public static void ForgetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    private static long Number(string file, string field) => long.Parse(
        File.ReadLines(file).First(line => line.StartsWith(field, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
