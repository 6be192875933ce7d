using System.Diagnostics;
using System.Text;

namespace Sovereign.Launcher;

/// <summary>How a program ended, and what it said.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Errors)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>What to show a person: the last line that says something.</summary>
    public string Reason => $"{Errors}\n{Output}"
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
        ?? $"exit code {ExitCode}";
}

/// <summary>Runs programs by argument list (never through a shell), with a time limit.</summary>
internal static class Programs
{
    private const int OutputCharactersMax = 256 * 1024;
    private static readonly string[] places = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>
    /// The program's path, looked for where packages put programs and not in the caller's PATH; null when it is not installed.
    /// </summary>
    public static string? Find(string name) => places.Select(place => $"{place}/{name}").FirstOrDefault(File.Exists);

    public static async Task<ProgramResult> Run(
        string name, IEnumerable<string> arguments, TimeSpan limit, CancellationToken stop, Action<string>? onLine = null)
    {
        var path = Path.IsPathRooted(name) ? name : Find(name) ?? throw new FileNotFoundException($"The program {name} is not installed.");
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timed.CancelAfter(limit);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start.");
        process.StandardInput.Close();
        try
        {
            var output = Read(process.StandardOutput, onLine, timed.Token);
            var errors = Read(process.StandardError, null, timed.Token);
            await process.WaitForExitAsync(timed.Token);
            return new ProgramResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{name} did not end within {limit.TotalSeconds:0} s.");
        }
    }

    private static async Task<string> Read(StreamReader reader, Action<string>? onLine, CancellationToken stop)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            onLine?.Invoke(line);
            if (text.Length + line.Length < OutputCharactersMax) text.Append(line).Append('\n');
        }
        return text.ToString();
    }
}
