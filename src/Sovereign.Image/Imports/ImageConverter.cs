using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Sovereign.Image.Content;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Image.Imports;

/// <summary>Converts a disk that was inspected before, by a program of its own that has neither privileges nor more memory, time and disk than it needs.</summary>
internal static class ImageConverter
{
    private const long MemoryBytesMax = 2L << 30;
    private const int FilesMax = 64;
    private const int MessageCharactersMax = 400;
    private static readonly TimeSpan timeMax = TimeSpan.FromHours(2);

    /// <summary>Kernels and ramdisks are no disks, and a CD stays one.</summary>
    public static bool Converts(string diskFormat, string containerFormat, string? wanted) =>
        wanted is not null && wanted != diskFormat && containerFormat == "bare" && diskFormat is "raw" or "qcow2" or "vmdk" or "vhd" or "vhdx" or "vdi";

    /// <param name="format">The format that the source was found to have: the program guesses nothing.</param>
    public static async Task<Outcome<Done>> Convert(string source, string format, string target, string wanted, TimeProvider clock, CancellationToken stop)
    {
        using var timer = new CancellationTokenSource(timeMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        using var process = Start(source, format, target, wanted);
        if (process is null) return new Fault.Unavailable("Images can't be converted: qemu-img, setpriv or prlimit is not installed.");
        var errors = process.StandardError.ReadToEndAsync(either.Token);
        var output = process.StandardOutput.ReadToEndAsync(either.Token);
        try
        {
            await process.WaitForExitAsync(either.Token);
            var said = await errors + await output;
            return process.ExitCode == 0
                ? Done.Value
                : new Fault.Invalid("file", $"The image could not be converted from {format} to {wanted}: {Short(said.Replace(source, "it", StringComparison.Ordinal))}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new Fault.Invalid("file", $"Converting the image took longer than {timeMax.TotalHours:F0} hours.");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process? Start(string source, string format, string target, string wanted)
    {
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C";
        string[] arguments =
        [
            "--no-new-privs", "--inh-caps=-all", "--", "prlimit", Limit("as", MemoryBytesMax), Limit("cpu", (long)timeMax.TotalSeconds),
            Limit("fsize", UploadService.BytesMax), Limit("nofile", FilesMax), Limit("core", 0), "--",
            "qemu-img", "convert", "-q", "-f", Word(format), "-O", Word(wanted), source, target,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        try
        {
            var process = Process.Start(start);
            process?.StandardInput.Close();
            return process;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string Limit(string name, long most) => string.Create(CultureInfo.InvariantCulture, $"--{name}={most}");

    /// <summary>The converter's name of a format.</summary>
    private static string Word(string format) => format == "vhd" ? "vpc" : format;

    private static string Short(string text) => text.Length > MessageCharactersMax ? text[..MessageCharactersMax] : text.Trim();
}
