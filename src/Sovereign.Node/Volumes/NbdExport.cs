using System.Buffers.Binary;
using System.Net.Sockets;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Volumes;

/// <summary>A disk that no guest runs on, opened through a qemu-nbd of its own, which ends with this: any format and encryption is read and written as plain
/// bytes.</summary>
internal sealed class NbdExport : IAsyncDisposable
{
    /// <summary>Bytes that one request may read or write.</summary>
    public const int RequestBytesMax = 4 * 1024 * 1024;

    private const ulong HandshakeMagic = 0x4e42444d41474943, OptionMagic = 0x49484156454f5054, OptionReplyMagic = 0x3e889045565a9;
    private const uint RequestMagic = 0x25609513, ReplyMagic = 0x67446698;
    private const uint FixedNewStyle = 1, NoZeroes = 2, OptionGo = 7, ReplyAck = 1, ReplyInfo = 3;
    private const ushort Read_ = 0, Write_ = 1, Disconnect = 2, Flush_ = 3, WriteZeroes = 6;
    private static readonly TimeSpan lookAgain = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan lifeLimit = TimeSpan.FromHours(6);
    private readonly CancellationTokenSource end;
    private readonly string path;
    private NetworkStream? stream;
    private Task<RunResult>? server;
    private bool written;

    private NbdExport(string path, CancellationToken stop)
    {
        this.path = path;
        end = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    public long SizeBytes { get; private set; }

    /// <param name="image">JSON ("json:{…}") of the block node.</param>
    /// <param name="secret">Id and pass phrase of its secret; null: it needs none.</param>
    /// <param name="socketPath">Where the socket is made.</param>
    public static async Task<NbdExport> Open(
        ProcessRunner runner, string image, (string Id, string Phrase)? secret, bool writable, string socketPath, CancellationToken stop)
    {
        File.Delete(socketPath);
        var export = new NbdExport(socketPath, stop);
        List<string> arguments = ["--socket=" + socketPath, "--shared=1"];
        arguments.AddRange(writable ? ["--discard=unmap", "--cache=writeback"] : ["--read-only"]);
        if (secret is { } known) arguments.AddRange(["--object", $"secret,id={known.Id},file=/dev/stdin"]);
        export.server = runner.Run("qemu-nbd", [.. arguments, image], export.end.Token, secret?.Phrase, lifeLimit);
        try
        {
            await export.Connect(runner.Clock, stop).ConfigureAwait(false);
            return export;
        }
        catch
        {
            await export.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task Read(long offset, Memory<byte> bytes, CancellationToken stop) => Request(Read_, offset, bytes.Length, default, bytes, stop);

    public Task Write(long offset, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        written = true;
        return Request(Write_, offset, bytes.Length, bytes, default, stop);
    }

    public async Task Zero(long offset, long length, CancellationToken stop)
    {
        const int most = 1 << 30;
        written = true;
        for (var done = 0L; done < length; done += most)
            await Request(WriteZeroes, offset + done, (int)Math.Min(most, length - done), default, default, stop).ConfigureAwait(false);
    }

    /// <summary>Returns when all that was written is on the disk for good.</summary>
    public Task Flush(CancellationToken stop)
    {
        written = false;
        return Request(Flush_, 0, 0, default, default, stop);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (stream is not null && !end.IsCancellationRequested)
            {
                await stream.WriteAsync(Head(Disconnect, 0, 0), CancellationToken.None).ConfigureAwait(false);
                await stream.DisposeAsync().ConfigureAwait(false);
                if (server is not null && !written) await server.ConfigureAwait(false);
            }
        }
        catch (Exception cause) when (cause is IOException or NodeException or OperationCanceledException) { /* it ended by itself */ }
        await end.CancelAsync().ConfigureAwait(false);
        try { if (server is not null) await server.ConfigureAwait(false); }
        catch (Exception cause) when (cause is NodeException or OperationCanceledException) { /* killed */ }
        if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
        File.Delete(path);
        end.Dispose();
    }

    private async Task Connect(TimeProvider clock, CancellationToken stop)
    {
        while (true)
        {
            if (server!.IsCompleted) throw new NodeException("The disk can't be opened: " + (await server.ConfigureAwait(false)).Error.Trim());
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop).ConfigureAwait(false);
                stream = new NetworkStream(socket, ownsSocket: true);
                break;
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(lookAgain, clock, stop).ConfigureAwait(false);
            }
        }
        await Handshake(stop).ConfigureAwait(false);
    }

    private async Task Handshake(CancellationToken stop)
    {
        var hello = await Take(18, stop).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt64BigEndian(hello) != HandshakeMagic || BinaryPrimitives.ReadUInt64BigEndian(hello.AsSpan(8)) != OptionMagic)
            throw new NodeException("qemu-nbd does not speak NBD's new style.");
        var answer = new byte[4 + 16 + 6];
        BinaryPrimitives.WriteUInt32BigEndian(answer, FixedNewStyle | NoZeroes);
        BinaryPrimitives.WriteUInt64BigEndian(answer.AsSpan(4), OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(12), OptionGo);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(16), 6);   // an empty name and no questions
        await stream!.WriteAsync(answer, stop).ConfigureAwait(false);
        while (true)
        {
            var reply = await Take(20, stop).ConfigureAwait(false);
            var (magic, type) = (BinaryPrimitives.ReadUInt64BigEndian(reply), BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(12)));
            var data = await Take((int)BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(16)), stop).ConfigureAwait(false);
            if (magic != OptionReplyMagic || type is not (ReplyAck or ReplyInfo)) throw new NodeException("qemu-nbd refused the disk.");
            if (type == ReplyInfo && data.Length >= 12 && BinaryPrimitives.ReadUInt16BigEndian(data) == 0)
                SizeBytes = (long)BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(2));
            if (type == ReplyAck) return;
        }
    }

    private async Task Request(ushort command, long offset, int length, ReadOnlyMemory<byte> data, Memory<byte> into, CancellationToken stop)
    {
        await stream!.WriteAsync(Head(command, offset, length), stop).ConfigureAwait(false);
        if (!data.IsEmpty) await stream.WriteAsync(data, stop).ConfigureAwait(false);
        var reply = await Take(16, stop).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt32BigEndian(reply) != ReplyMagic) throw new NodeException("qemu-nbd answered out of turn.");
        if (BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(4)) is not 0 and var error)
            throw new NodeException($"The disk could not be {(into.IsEmpty ? "written" : "read")} at {offset} (error {error}): its file system may be full or broken.");
        if (!into.IsEmpty) await stream.ReadExactlyAsync(into, stop).ConfigureAwait(false);
    }

    private static byte[] Head(ushort command, long offset, int length)
    {
        var head = new byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(head, RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(6), command);
        BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(16), offset);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(24), length);
        return head;
    }

    private async Task<byte[]> Take(int count, CancellationToken stop)
    {
        var bytes = new byte[count];
        await stream!.ReadExactlyAsync(bytes, stop).ConfigureAwait(false);
        return bytes;
    }
}
