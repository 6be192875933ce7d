using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Balancers;

/// <summary>One row of HAProxy's statistics: a frontend, a backend or a server.</summary>
internal sealed record HaproxyRow(string Proxy, string Service, string Status, long BytesIn, long BytesOut, long Active, long Total, long RequestErrors);

/// <summary>Speaks with a HAProxy process on its socket.</summary>
internal static class HaproxyStats
{
    private const int AnswerBytesMax = 16 * 1024 * 1024;

    /// <summary>Null when nobody answers there.</summary>
    public static async Task<string?> Ask(string socket, string command, CancellationToken stop)
    {
        try
        {
            using var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await line.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
            await line.SendAsync(Encoding.ASCII.GetBytes(command + "\n"), stop);
            var answer = new MemoryStream();
            var buffer = new byte[65536];
            for (int read; answer.Length < AnswerBytesMax && (read = await line.ReceiveAsync(buffer, stop)) > 0;) answer.Write(buffer, 0, read);
            return Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
        }
        catch (SocketException) { return null; }
    }

    /// <summary>Reads "show stat", whose first line names its columns.</summary>
    public static IReadOnlyList<HaproxyRow> Rows(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !lines[0].StartsWith("# ", StringComparison.Ordinal)) return [];
        var columns = lines[0][2..].Split(',').Select((name, i) => (name, i)).DistinctBy(c => c.name).ToDictionary(c => c.name, c => c.i, StringComparer.Ordinal);
        return lines.Skip(1).Select(line => line.Split(',')).Where(fields => fields.Length > columns["status"]).Select(fields => new HaproxyRow(
            fields[columns["pxname"]], fields[columns["svname"]], fields[columns["status"]], Number(fields, "bin"), Number(fields, "bout"), Number(fields, "scur"),
            Number(fields, "stot"), Number(fields, "ereq"))).ToList();

        long Number(string[] fields, string name) =>
            columns.TryGetValue(name, out var i) && long.TryParse(fields[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    /// <summary>Members that a monitor found down in one of their pool's backends.</summary>
    public static BalancerSight Sight(IEnumerable<HaproxyRow> rows) => new(rows
        .Where(row => row.Service is not ("FRONTEND" or "BACKEND") && row.Status.StartsWith("DOWN", StringComparison.Ordinal))
        .Select(row => row.Service).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList());

    public static IReadOnlyList<ListenerCounters> Counters(IEnumerable<HaproxyRow> rows) => rows.Where(row => row.Service == "FRONTEND")
        .Select(row => new ListenerCounters(row.Proxy, row.BytesIn, row.BytesOut, row.Active, row.Total, row.RequestErrors)).ToList();
}
