using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Hypervisor;

/// <summary>One connection to a QEMU's monitor (QMP): commands with a time limit, events as they come, and a word when it ends.</summary>
internal sealed class QmpConnection : IDisposable
{
    /// <summary>Limit of one command's answer.</summary>
    public static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(10);

    /// <summary>How the message of an error answer begins.</summary>
    public const string Refusal = "QEMU refused: ";

    private const int MessageBytesMax = 4 * 1024 * 1024;
    private readonly Socket socket;
    private readonly NetworkStream stream;
    private readonly TimeProvider clock;
    private readonly SemaphoreSlim sending = new(1, 1);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> pending = new();
    private readonly TaskCompletionSource greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string, JsonElement> onEvent;
    private long next;
    private volatile bool isOver;

    private QmpConnection(Socket socket, TimeProvider clock, Action<string, JsonElement> onEvent)
    {
        this.socket = socket;
        this.clock = clock;
        this.onEvent = onEvent;
        stream = new NetworkStream(socket, ownsSocket: true);
        Ended = Read();
    }

    /// <summary>Completes when QEMU closed the connection, which it does when it ends.</summary>
    public Task Ended { get; }

    /// <summary>True as soon as whoever waits for an answer is told that none will come.</summary>
    public bool IsOver => isOver;

    public static async Task<QmpConnection> Connect(string path, TimeProvider clock, Action<string, JsonElement> onEvent,
        CancellationToken stop)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
        }
        catch (SocketException cause)
        {
            socket.Dispose();
            throw new NodeException($"QEMU's monitor {path} can't be reached: {cause.Message}.", cause);
        }
        var connection = new QmpConnection(socket, clock, onEvent);
        try
        {
            await connection.greeted.Task.WaitAsync(CommandLimit, clock, stop);
            await connection.Command("qmp_capabilities", null, stop);
            return connection;
        }
        catch (Exception cause)
        {
            connection.Dispose();
            if (cause is TimeoutException) throw new NodeException($"QEMU's monitor {path} did not greet within {CommandLimit.TotalSeconds} s.", cause);
            throw;
        }
    }

    /// <summary>Runs a command; arguments are JSON text made by us.</summary>
    public Task<JsonElement> Command(string name, string? arguments, CancellationToken stop) => Command(name, arguments, null, stop);

    /// <summary>Gives QEMU a descriptor of ours under a name that later commands use; ours stays open.</summary>
    public Task PassDescriptor(string name, int descriptor, CancellationToken stop) =>
        Command("getfd", $"{{\"fdname\":\"{name}\"}}", descriptor, stop);

    private async Task<JsonElement> Command(string name, string? arguments, int? descriptor, CancellationToken stop)
    {
        var id = Interlocked.Increment(ref next).ToString(null, null);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        pending[id] = answer;
        try
        {
            var text = $"{{\"execute\":\"{name}\",\"id\":\"{id}\"{(arguments is null ? "" : ",\"arguments\":" + arguments)}}}\n";
            await sending.WaitAsync(stop);
            try
            {
                var bytes = System.Text.Encoding.UTF8.GetBytes(text);
                if (descriptor is { } passed) Native.SendDescriptor(socket.SafeHandle, bytes, passed);
                else await stream.WriteAsync(bytes, stop);
            }
            finally { sending.Release(); }
            return await answer.Task.WaitAsync(CommandLimit, clock, stop);
        }
        catch (TimeoutException cause)
        {
            throw new NodeException($"QEMU did not answer {name} within {CommandLimit.TotalSeconds} s.",
            cause);
        }
        catch (IOException cause)
        {
            isOver = true;
            throw new NodeException($"QEMU ended while it was asked for {name}.", cause);
        }
        finally { pending.TryRemove(id, out _); }
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
        sending.Dispose();
    }

    private async Task Read()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(65536);
        var line = new ArrayBufferWriter<byte>();
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                var chunk = buffer.AsMemory(0, read);
                for (int end; (end = chunk.Span.IndexOf((byte)'\n')) >= 0; chunk = chunk[(end + 1)..])
                {
                    line.Write(chunk.Span[..end]);
                    if (line.WrittenCount > 1) Take(JsonDocument.Parse(line.WrittenMemory.ToArray()).RootElement);
                    line.Clear();
                }
                line.Write(chunk.Span);
                if (line.WrittenCount > MessageBytesMax) break;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException or JsonException)
        { /* the end,
            however it came */
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
        isOver = true;
        greeted.TrySetException(new NodeException("QEMU closed its monitor."));
        foreach (var waiting in pending.Values) waiting.TrySetException(new NodeException("QEMU ended before it answered."));
    }

    private void Take(JsonElement message)
    {
        if (message.TryGetProperty("QMP", out _)) greeted.TrySetResult();
        else if (message.TryGetProperty("event", out var name)) onEvent(name.GetString()!, message.TryGetProperty("data", out var data)
            ? data : default);
        else if (message.TryGetProperty("id", out var id) && pending.TryGetValue(id.GetString()!, out var waiting))
        {
            if (message.TryGetProperty("return", out var result)) waiting.TrySetResult(result);
            else waiting.TrySetException(new NodeException(Refusal + message.GetProperty("error").GetProperty("desc").GetString()));
        }
    }
}
