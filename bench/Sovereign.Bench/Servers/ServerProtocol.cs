using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sovereign.Bench.Servers;

/// <summary>First line of a server process: where it listens and what a client needs to know.</summary>
internal sealed record ServerReady(int Port, IReadOnlyDictionary<string, string> Values);

/// <summary>What a server process says of itself when asked with a line "stats".</summary>
/// <param name="CpuSeconds">User and system time of the process so far.</param>
internal sealed record ServerStats(double CpuSeconds, long AllocatedBytes, int Collections);

[JsonSerializable(typeof(ServerReady))]
[JsonSerializable(typeof(ServerStats))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class ServerJson : JsonSerializerContext;

/// <summary>The inside of a server process: says that it is ready, answers questions on its standard input, ends with it.</summary>
internal static class ServerSide
{
    /// <param name="verify">Checks the books; each difference is a sentence. Asked with a line "verify".</param>
    public static void Serve(int port, IReadOnlyDictionary<string, string> values, Func<IReadOnlyList<string>>? verify = null)
    {
        Console.WriteLine(JsonSerializer.Serialize(new ServerReady(port, values), ServerJson.Default.ServerReady));
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(line switch
            {
                "stats" => JsonSerializer.Serialize(Now(), ServerJson.Default.ServerStats),
                "verify" => JsonSerializer.Serialize(verify?.Invoke() ?? [], ServerJson.Default.IReadOnlyListString),
                _ => throw new InvalidOperationException($"Nobody asks '{line}'."),
            });
        }
    }

    private static ServerStats Now() =>
        new(Environment.CpuUsage.TotalTime.TotalSeconds, GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0));
}
