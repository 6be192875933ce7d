using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Fabric;

/// <summary>Reads what the switching namespace logs of packets (nfnetlink_log) and writes a line for each into a file of bounded size.</summary>
internal sealed class PacketLog(string netns, string path, TimeProvider clock) : IDisposable
{
    /// <summary>The group of nfnetlink_log that the rules speak to.</summary>
    public const int Group = 4711;

    /// <summary>More are counted, not written.</summary>
    public const int LinesPerSecondMax = 1000;

    private const int NetlinkNetfilter = 12;
    private const int ReadBytes = 128 * 1024;
    private const int CopyBytes = 128;
    private static readonly TimeSpan answerLimit = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<int, PortSpec> ports = new();
    private readonly CancellationTokenSource ended = new();
    private readonly BoundedFile file = new(path);
    private Socket? socket;
    private (long Second, int Lines, long Unwritten) pace;

    /// <summary>What is logged of the port with this number from now on; the first one starts the reader.</summary>
    public void Set(int number, PortSpec port)
    {
        if (port.Logs is not { Count: > 0 })
        {
            Forget(number);
            return;
        }
        ports[number] = port;
        if (socket is not null) return;
        socket = Open();
        _ = Read(socket);
    }

    public void Forget(int number) => ports.TryRemove(number, out _);

    public void Dispose()
    {
        ended.Cancel();
        socket?.Dispose();
        ended.Dispose();
        file.Dispose();
    }

    private Socket Open()
    {
        var opened = Netns.Within(netns, () => new Socket(new SafeSocketHandle(Native.OpenNetlink(NetlinkNetfilter), ownsHandle: true)));
        opened.ReceiveTimeout = (int)answerLimit.TotalMilliseconds;
        try
        {
            Configure(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static void Configure(Socket opened)
    {
        // Bind this group; then copies of the beginnings of packets, together when many come, but no later than after a tenth of a second.
        Order(opened, [5, 0, 1, 0, 1, 0, 0, 0]);
        var how = new byte[28];
        byte[] mode = [10, 0, 2, 0, 0, 0, 0, CopyBytes, 2, 0, 0, 0];
        mode.CopyTo(how, 0);
        byte[] timeout = [8, 0, 4, 0, 0, 0, 0, 10];
        timeout.CopyTo(how, mode.Length);
        byte[] threshold = [8, 0, 5, 0, 0, 0, 0, 32];
        threshold.CopyTo(how, mode.Length + timeout.Length);
        Order(opened, how);
    }

    private static void Order(Socket to, ReadOnlySpan<byte> attributes)
    {
        const int headerBytes = 20, config = (4 << 8) | 1, requestAndAnswer = 5, error = 2;
        var message = new byte[headerBytes + attributes.Length];
        BitConverter.TryWriteBytes(message, message.Length);
        BitConverter.TryWriteBytes(message.AsSpan(4), (ushort)config);
        BitConverter.TryWriteBytes(message.AsSpan(6), (ushort)requestAndAnswer);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(18), Group);
        attributes.CopyTo(message.AsSpan(headerBytes));
        to.Send(message);
        var answer = new byte[ReadBytes];
        // Packets may come before the answer.
        while (true)
        {
            var read = to.Receive(answer);
            if (read < headerBytes || BitConverter.ToUInt16(answer.AsSpan(4)) != error) continue;
            if (BitConverter.ToInt32(answer.AsSpan(16)) is not 0 and var code)
                throw new NodeException($"The kernel refused to log packets (error {-code}): does it have nfnetlink_log?");
            return;
        }
    }

    private async Task Read(Socket from)
    {
        var buffer = new byte[ReadBytes];
        var lines = new StringBuilder();
        while (!ended.IsCancellationRequested)
        {
            try
            {
                var read = await from.ReceiveAsync(buffer, ended.Token).ConfigureAwait(false);
                foreach (var packet in LoggedPacket.Read(buffer.AsMemory(0, read))) Add(lines, packet);
                if (lines.Length > 0) file.Append(lines.ToString());
            }
            catch (SocketException full) when (full.SocketErrorCode == SocketError.NoBufferSpaceAvailable) { /* more came than was read: they are lost */ }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException) { return; }
            catch (SocketException)
            {
                // The next port that is logged opens another.
                from.Dispose();
                socket = null;
                return;
            }
            catch (IOException) { /* the disk is full: packets go on, their lines do not */ }
            lines.Clear();
        }
    }

    private void Add(StringBuilder lines, LoggedPacket packet)
    {
        if (!ports.TryGetValue(PacketLine.Port(packet), out var port)) return;
        var now = clock.GetUtcNow();
        if (PacketLine.Of(packet, port, now) is not { } line) return;
        if (now.ToUnixTimeSeconds() != pace.Second)
        {
            if (pace.Unwritten > 0) lines.Append(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}Z unwritten={pace.Unwritten}\n");
            pace = (now.ToUnixTimeSeconds(), 0, 0);
        }
        if (pace.Lines == LinesPerSecondMax) pace.Unwritten++;
        else
        {
            pace.Lines++;
            lines.Append(line);
        }
    }
}

/// <summary>A file that root reads and that keeps its newest lines: when it is full it becomes FILE.1, and the oldest goes.</summary>
internal sealed class BoundedFile(string path, long bytesMax = BoundedFile.BytesMax) : IDisposable
{
    public const long BytesMax = 8 * 1024 * 1024;

    /// <summary>Full files that are kept.</summary>
    public const int KeptMax = 4;

    private FileStream? file;

    public void Append(string lines)
    {
        file ??= new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.ASCII.GetBytes(lines));
        file.Flush();
        if (file.Length < bytesMax) return;
        file.Dispose();
        file = null;
        for (var i = KeptMax; i > 0; i--)
        {
            var newer = i == 1 ? path : $"{path}.{i - 1}";
            if (File.Exists(newer)) File.Move(newer, $"{path}.{i}", overwrite: true);
        }
    }

    public void Dispose() => file?.Dispose();
}
