using System.Net.Sockets;
using System.Text;

namespace Sovereign.Node.Balancers;

/// <summary>Hears what a HAProxy says: a line that a server went down or came up calls back at once, so that nobody asks again and again.</summary>
internal sealed class HaproxyLog : IDisposable
{
    private const int LineBytesMax = 2048;
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();

    public HaproxyLog(string path, Action changed)
    {
        // A former agent left its end of it.
        File.Delete(path);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, (UnixFileMode)0x1B6);   // 0666: the directory is HAProxy's user's alone
        _ = Listen(changed);
    }

    public void Dispose()
    {
        stop.Cancel();
        socket.Dispose();
        stop.Dispose();
    }

    private async Task Listen(Action changed)
    {
        var buffer = new byte[LineBytesMax];
        try
        {
            while (true)
            {
                var line = Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, stop.Token));
                if (line.Contains(" is DOWN", StringComparison.Ordinal) || line.Contains(" is UP", StringComparison.Ordinal)) changed();
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException) { /* it is over */ }
    }
}
