using System.Diagnostics;
using System.Text.Json;

namespace Sovereign.Bench.Servers;

/// <summary>A child process in server mode, so that its CPU seconds are the server's alone. It ends with its standard input, and so with us.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan endTimeMax = TimeSpan.FromSeconds(20);
    private readonly Process process;

    private ServerProcess(Process process, ServerReady ready) => (this.process, Ready) = (process, ready);

    public ServerReady Ready { get; }

    public int Port => Ready.Port;

    public string Value(string name) => Ready.Values[name];

    /// <param name="kind">One of <see cref="ServerKinds"/>.</param>
    public static ServerProcess Start(string kind, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // With the dotnet host the first argument is our assembly.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet") start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        foreach (var argument in (string[])["--server", kind, .. arguments]) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        if (line is null || JsonSerializer.Deserialize(line, ServerJson.Default.ServerReady) is not { } ready)
        {
            process.WaitForExit(endTimeMax);
            process.Dispose();
            throw new BenchFailedException($"The server process '{kind}' ended before it was ready; its reason is above.");
        }

        return new ServerProcess(process, ready);
    }

    public ServerStats Stats() => JsonSerializer.Deserialize(Ask("stats"), ServerJson.Default.ServerStats)!;

    /// <summary>Sentences about books that don't agree; empty when all do.</summary>
    public IReadOnlyList<string> Verify() => JsonSerializer.Deserialize(Ask("verify"), ServerJson.Default.IReadOnlyListString)!;

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(endTimeMax)) process.Kill();
        process.Dispose();
    }

    private string Ask(string question)
    {
        process.StandardInput.WriteLine(question);
        process.StandardInput.Flush();
        return process.StandardOutput.ReadLine() ?? throw new BenchFailedException("The server process ended; its reason is above.");
    }
}
