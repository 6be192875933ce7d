using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sovereign.Node.Machine;

/// <summary>What an external program answered.</summary>
public sealed record RunResult(int ExitCode, string Output, string Error);

/// <summary>The only place that starts external programs: argument lists (never a shell), a time limit, bounded output, killed on
/// cancel.</summary>
public sealed class ProcessRunner(TimeProvider clock)
{
    /// <summary>Output kept of a program; more is read and dropped.</summary>
    public const int OutputCharsMax = 64 * 1024 * 1024;

    /// <summary>Time limit of a program unless the caller names one.</summary>
    public static readonly TimeSpan LimitDefault = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan drainLimit = TimeSpan.FromSeconds(1);
    private static readonly Lock spawnGate = new();

    public TimeProvider Clock => clock;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="inherit">Opens a descriptor that the child inherits and returns its number; no other child is started
    /// meanwhile.</param>
    public async Task<RunResult> Run(
        string program, IReadOnlyList<string> arguments, CancellationToken stop, string? input = null, TimeSpan? limit = null,
            Func<SpawnFds>? inherit = null)
    {
        using var expiry = new CancellationTokenSource(limit ?? LimitDefault, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, expiry.Token);
        using var process = Start(program, arguments, input is not null, inherit);
        var output = Drain(process.StandardOutput, either.Token);
        var error = Drain(process.StandardError, either.Token);
        try
        {
            if (input is not null) await Feed(process, input, either.Token);
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            stop.ThrowIfCancellationRequested();
            throw new NodeException($"{program} {Join(arguments)} did not end within {(limit ?? LimitDefault).TotalSeconds:0.#} s and "
                + "was killed.");
        }
        // A daemon may keep our pipe open after its parent exited: what is there now is all that is waited for.
        return new RunResult(process.ExitCode, await Bounded(output), await Bounded(error));
    }

    /// <summary>Runs a program that must succeed; its error text becomes the failure's message.</summary>
    public async Task<string> Must(
        string program, IReadOnlyList<string> arguments, CancellationToken stop, string? input = null, TimeSpan? limit = null,
            Func<SpawnFds>? inherit = null)
    {
        var result = await Run(program, arguments, stop, input, limit, inherit);
        if (result.ExitCode == 0) return result.Output;
        var said = result.Error.Length > 0 ? result.Error : result.Output;
        throw new NodeException($"{program} {Join(arguments)} ended with code {result.ExitCode}: {Short(said.Trim())}");
    }

    /// <summary>Starts a program that is to outlive us: in a session of its own, with its output read only while it is held.</summary>
    public static SpawnedProcess Spawn(string program, IReadOnlyList<string> arguments, Func<SpawnFds>? inherit)
    {
        var process = Start("setsid", [program, .. arguments], false, inherit);
        return new SpawnedProcess(process, Drain(process.StandardError, CancellationToken.None));
    }

    private static Process Start(string program, IReadOnlyList<string> arguments, bool input, Func<SpawnFds>? inherit)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            WorkingDirectory = "/",
        };
        info.Environment.Clear();
        info.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        info.Environment["LC_ALL"] = "C";
        try
        {
            // Inherited descriptors must reach one child only, so children start one at a time.
            lock (spawnGate)
            {
                using var fds = inherit?.Invoke();
                foreach (var argument in arguments) info.ArgumentList.Add(argument);
                foreach (var argument in fds?.Arguments ?? []) info.ArgumentList.Add(argument);
                var process = Process.Start(info) ?? throw new NodeException($"{program} could not be started.");
                if (!input) process.StandardInput.Close();
                return process;
            }
        }
        catch (Win32Exception cause)
        {
            throw new NodeException($"{program} could not be started ({cause.Message}). Install the package that brings it.", cause);
        }
    }

    private static async Task Feed(Process process, string input, CancellationToken stop)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), stop);
            process.StandardInput.Close();
        }
        catch (IOException) { /* it ended before it read everything: its exit code says why */ }
    }

    private static async Task<string> Drain(StreamReader reader, CancellationToken stop)
    {
        var text = new StringBuilder();
        var buffer = new char[16384];
        try
        {
            for (int read; (read = await reader.ReadAsync(buffer, stop)) > 0;)
                text.Append(buffer, 0, Math.Min(read, OutputCharsMax - text.Length));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException) { /* what came is kept */ }
        return text.ToString();
    }

    private async Task<string> Bounded(Task<string> drain)
    {
        try { return await drain.WaitAsync(drainLimit, clock); } catch (TimeoutException) { return ""; }
    }

    private static string Join(IReadOnlyList<string> arguments) => Short(string.Join(' ', arguments));

    private static string Short(string text) => text.Length <= 600 ? text : text[..600] + "…";
}

/// <summary>A child on its way to outlive us; disposing lets it go.</summary>
public sealed class SpawnedProcess(Process process, Task<string> error) : IDisposable
{
    private static readonly TimeSpan errorLimit = TimeSpan.FromSeconds(1);

    public bool Ended => process.HasExited;

    /// <summary>What it said on its error output, after it ended.</summary>
    public async Task<string> Said(TimeProvider clock)
    {
        try { return (await error.WaitAsync(errorLimit, clock)).Trim(); } catch (TimeoutException) { return ""; }
    }

    public void Kill() => process.Kill(entireProcessTree: true);

    public void Dispose() => process.Dispose();
}

/// <summary>Descriptors that one child inherits, and the arguments that name them; closed here once the child runs.</summary>
public sealed class SpawnFds(IReadOnlyList<int> fds, IReadOnlyList<string> arguments) : IDisposable
{
    public IReadOnlyList<string> Arguments => arguments;

    public void Dispose()
    {
        foreach (var fd in fds) Native.Close(fd);
    }
}
