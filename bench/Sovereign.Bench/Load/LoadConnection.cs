using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sovereign.Bench.Load;

/// <summary>One keep-alive HTTP/1.1 connection on a blocking socket: sends ready bytes, reads one answer whole.</summary>
internal sealed class LoadConnection : IDisposable
{
    private const int AnswerTimeOutMs = 30_000;
    private const int AnswerBytesMax = 8 * 1024 * 1024;
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = AnswerTimeOutMs };
    private readonly byte[] buffer = new byte[AnswerBytesMax];

    public LoadConnection(int port) => socket.Connect(new IPEndPoint(IPAddress.Loopback, port));

    /// <summary>Sends one request and reads its answer.</summary>
    /// <returns>Status and length of the body, bytes.</returns>
    public (int Status, int BodyBytes) Ask(byte[] request)
    {
        socket.Send(request);
        var filled = 0;
        while (true)
        {
            var read = socket.Receive(buffer, filled, buffer.Length - filled, SocketFlags.None);
            if (read == 0) throw new IOException("The server closed the connection.");
            filled += read;
            var head = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (head < 0) continue;
            var headers = buffer.AsSpan(0, head);
            var length = Length(headers);
            var total = head + 4 + length;
            if (total > buffer.Length) throw new IOException($"An answer of {length} bytes is more than this client reads.");
            while (filled < total)
            {
                read = socket.Receive(buffer, filled, buffer.Length - filled, SocketFlags.None);
                if (read == 0) throw new IOException("The server closed the connection in the middle of an answer.");
                filled += read;
            }

            if (filled > total) throw new IOException($"The server sent {filled - total} bytes more than it announced.");
            return (int.Parse(headers[9..12], CultureInfo.InvariantCulture), length);
        }
    }

    /// <summary>Head and body of the latest answer, as text.</summary>
    public (string Head, byte[] Body) Latest(int bodyBytes)
    {
        var head = buffer.AsSpan().IndexOf("\r\n\r\n"u8);
        return (Encoding.ASCII.GetString(buffer, 0, head), buffer.AsSpan(head + 4, bodyBytes).ToArray());
    }

    public void Dispose() => socket.Dispose();

    private static int Length(ReadOnlySpan<byte> headers)
    {
        var at = headers.IndexOf("\r\nContent-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(headers[(at + 18)..], out int length, out _)
            ? length
            : throw new IOException($"An answer without Content-Length: {Encoding.ASCII.GetString(headers)}");
    }
}
