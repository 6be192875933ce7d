using System.Globalization;

namespace Sovereign.Bench.Servers;

/// <summary>What this program can be in server mode.</summary>
internal static class ServerKinds
{
    public const string Bare = "bare";
    public const string Pipeline = "pipeline";
    public const string Cloud = "cloud";

    public static async Task<int> Run(string[] arguments)
    {
        switch (arguments)
        {
            case [Bare, var head, var body]:
                await BareServer.Run(head, body);
                return 0;
            case [Pipeline, var directory, var bytes]:
                await PipelineServer.Run(directory, int.Parse(bytes, CultureInfo.InvariantCulture));
                return 0;
            case [Cloud, var directory, var nodes]:
                await CloudServer.Run(directory, int.Parse(nodes, CultureInfo.InvariantCulture));
                return 0;
            default:
                await Console.Error.WriteLineAsync($"There is no such server: {string.Join(' ', arguments)}");
                return 2;
        }
    }
}
