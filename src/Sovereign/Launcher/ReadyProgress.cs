namespace Sovereign.Launcher;

/// <summary>Waits until the cloud is ready and says on the way what it waits for.</summary>
internal sealed class ReadyProgress(CloudOptions options, CloudProcesses processes, TimeProvider clock)
{
    private static readonly TimeSpan limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan glance = TimeSpan.FromMilliseconds(50);
    private const int StartsMax = 4;          // of one process, before it is called broken
    private const int LogLinesShown = 12;
    private readonly HashSet<int> controls = [];
    private readonly HashSet<int> agents = [];
    private string said = "";

    /// <summary>False after saying why the cloud is not ready.</summary>
    public async Task<bool> Wait(CancellationToken stop)
    {
        var begun = clock.GetTimestamp();
        using var client = new StatusClient(options);
        var answered = false;
        while (clock.GetElapsedTime(begun) < limit)
        {
            // The agents' socket is made with the API's: until then each question would only cost an exception.
            var status = File.Exists(options.Directory.NodeSocket) ? await client.Ask(stop) : null;
            if (status is not null && !answered)
            {
                answered = true;
                Say($"The API answers at {options.PublicUrl}", begun);
            }
            if (status is { Ready: true })
            {
                Say("The cloud is ready", begun);
                return true;
            }
            if (status?.Message is { Length: > 0 } message) Say(message, begun);
            if (Broken() is { } log) return Fail("keeps ending", log);
            if (processes.Watcher is null) return Fail("was stopped", options.Directory.WatchLog);
            await Task.Delay(glance, clock, stop);
        }
        return Fail($"is not ready after {limit.TotalMinutes:0} minutes",
            answered ? options.Directory.NodeLog : options.Directory.ControlLog);
    }

    /// <summary>The log of the process that was started too often, or null.</summary>
    private string? Broken()
    {
        if (processes.Control is { } control && controls.Add(control) && controls.Count > StartsMax) return options.Directory.ControlLog;
        return processes.Agent is { } agent && agents.Add(agent) && agents.Count > StartsMax ? options.Directory.NodeLog : null;
    }

    private void Say(string text, long begun)
    {
        if (text == said) return;
        said = text;
        Console.WriteLine($"[{clock.GetElapsedTime(begun).TotalSeconds,5:0.0} s] {text}");
    }

    private bool Fail(string how, string log)
    {
        Console.Error.WriteLine($"The cloud in {options.Data} {how}. The end of {log}:");
        foreach (var line in File.Exists(log) ? File.ReadLines(log).TakeLast(LogLinesShown) : []) Console.Error.WriteLine($"  {line}");
        Console.Error.WriteLine(
            $"It goes on trying; see: sovereign status --data {options.Data}. Stop it: sovereign down --data {options.Data}");
        return false;
    }
}
