using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Sovereign.Node.Agent;
using Sovereign.Node.Contract;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Metadata;

/// <summary>The metadata service of all networks of this node: its sockets listen inside the networks' namespaces, and the namespace a
/// connection
/// came by says on which networks its guest may be. HTTP of its own, small: Kestrel gives up a client that closes its sending side after
/// the
/// request, as guests that ask with netcat do.</summary>
public sealed class MetadataServer(GuestDirectory guests, IControlPlane control, TimeProvider clock, ILogger log) : IMetadataDoors, IDisposable
{
    /// <summary>Connections of one namespace at a time; more wait in the kernel's queue.</summary>
    public const int ConnectionsMax = 64;

    /// <summary>Request line and headers together; only a password has a body.</summary>
    public const int RequestBytesMax = 16 * 1024;

    /// <summary>Of a password that a guest leaves for its owner, as in the original.</summary>
    public const int PasswordBytesMax = 255;

    private const string PasswordPath = "/openstack/2013-10-17/password";
    private const string Address = "169.254.169.254";
    private const int Port = 80;
    private const int Backlog = 128;
    private static readonly TimeSpan requestLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan failurePause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, Door> doors = new();

    public void Open(string netns, IReadOnlyList<string> networkIds)
    {
        if (doors.TryGetValue(netns, out var door))
        {
            door.Networks = networkIds;
            return;
        }
        Listen(netns, netns, 0, () => IPAddress.Parse(Address), networkIds);
    }

    public void OpenLink(string netns, string link, string networkId)
    {
        var key = LinkKey(netns, link);
        var index = Netns.Within(netns, () => Native.LinkIndex(link));
        // A link that was made anew under the same name is another one.
        if (doors.TryGetValue(key, out var door) && door.Link == index) return;
        CloseDoor(key);
        Listen(key, netns, index, () => new IPAddress(IPAddress.Parse(Ipv6Rules.MetadataAddress).GetAddressBytes(), index), [networkId]);
    }

    public void CloseLink(string netns, string link) => CloseDoor(LinkKey(netns, link));

    public void Close(string netns)
    {
        foreach (var key in doors.Keys.Where(key => key == netns || key.StartsWith(LinkKey(netns, ""), StringComparison.Ordinal))) CloseDoor(key);
    }

    private static string LinkKey(string netns, string link) => netns + "/" + link;

    private void CloseDoor(string key)
    {
        if (doors.TryRemove(key, out var door)) door.Socket.Dispose();
    }

    private void Listen(string key, string netns, uint link, Func<IPAddress> address, IReadOnlyList<string> networkIds)
    {
        var socket = Netns.Within(netns, () =>
        {
            var at = address();
            var listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(at, Port));
            listener.Listen(Backlog);
            return listener;
        });
        var door = new Door(socket, link) { Networks = networkIds };
        doors[key] = door;
        // On the pool, not on the agent's one-at-a-time context: a guest's request waits for no other work.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = Accept(key, door), null);
    }

    public void Dispose()
    {
        foreach (var key in doors.Keys) CloseDoor(key);
    }

    private async Task Accept(string netns, Door door)
    {
        while (IsOpen())
        {
            try
            {
                await door.Free.WaitAsync();
                _ = Serve(netns, door, await door.Socket.AcceptAsync());
            }
            catch (ObjectDisposedException) { return; }
            catch (SocketException failure)
            {
                door.Free.Release();
                if (!IsOpen()) return;
                log.LogWarning(4601, "A metadata connection in {Netns} failed: {Reason}", netns, failure.Message);
                await Task.Delay(failurePause, clock);
            }
        }

        bool IsOpen() => doors.TryGetValue(netns, out var open) && open == door;
    }

    private async Task Serve(string netns, Door door, Socket peer)
    {
        try
        {
            using (peer)
            using (var expiry = new CancellationTokenSource(requestLimit, clock))
            {
                // Without the link that a link-local address was seen on.
                var from = new IPAddress(((IPEndPoint)peer.RemoteEndPoint!).Address.GetAddressBytes()).ToString();
                var (head, body) = await ReadHead(peer, expiry.Token);
                var answer = head is null ? Answer(400, null, true)
                    : head.StartsWith("POST ", StringComparison.Ordinal) ? Answer(await Take(peer, door, from, head, body, expiry.Token), null, true)
                    : Respond(door, from, head);
                await SendAll(peer, answer, expiry.Token);
                peer.Shutdown(SocketShutdown.Send);
                // Its last words are read, so that the answer is not cut by a reset.
                var rest = new byte[1024];
                for (var read = 0; read < RequestBytesMax;)
                {
                    var got = await peer.ReceiveAsync(rest, expiry.Token);
                    if (got == 0) break;
                    read += got;
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException) { /* it went away */ }
        catch (Exception failure) { log.LogError(4602, "A metadata request in {Netns} failed: {Reason}", netns, failure.Message); }
        finally { door.Free.Release(); }
    }

    private byte[] Respond(Door door, string from, string head)
    {
        var parts = head[..head.IndexOf('\n')].TrimEnd('\r').Split(' ');
        if (parts.Length < 2 || parts[1].Length == 0 || parts[1][0] != '/') return Answer(400, null, true);
        if (parts[0] is not ("GET" or "HEAD")) return Answer(405, null, true);
        var path = Uri.UnescapeDataString(parts[1].Split('?', '#')[0]);
        var document = guests.Find(door.Networks, from) is { } guest
            ? MetadataTree.Find(guest, guests.Ipv4Of(door.Networks, from), guests.PublicOf(door.Networks, from), path) : null;
        return Answer(document is null ? 404 : 200, document, parts[0] == "GET");
    }

    /// <summary>The one thing that a guest may leave: a password for its owner, once.</summary>
    private async Task<int> Take(Socket peer, Door door, string from, string head, byte[] begun, CancellationToken stop)
    {
        var path = head.Split(' ')[1].TrimEnd('/');
        if (path != PasswordPath && path != PasswordPath.Replace("2013-10-17", "latest", StringComparison.Ordinal)) return 405;
        if (guests.DomainOf(door.Networks, from) is not { } domain) return 404;
        var length = head.Split('\n').Select(line => line.Split(':', 2)).Where(header => header.Length == 2)
            .FirstOrDefault(header => header[0].Trim().Equals("Content-Length", StringComparison.OrdinalIgnoreCase))?[1];
        if (!int.TryParse(length, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var count)) return 400;
        if (count is <= 0 or > PasswordBytesMax) return 400;
        var body = new byte[count];
        var got = Math.Min(begun.Length, count);
        begun.AsSpan(0, got).CopyTo(body);
        while (got < count)
        {
            var more = await peer.ReceiveAsync(body.AsMemory(got), stop);
            if (more == 0) return 400;
            got += more;
        }

        try
        {
            return await control.LeavePassword(domain, Encoding.UTF8.GetString(body), stop) ? 200 : 409;
        }
        catch (Exception away) when (away is ControlPlaneAwayException or NodeException)
        {
            log.LogInformation(4603, "The password of {Domain} could not be kept: {Reason}", domain, away.Message);
            return 503;
        }
    }

    /// <summary>Request line and headers, null when they are too long or do not end, and what came behind them.</summary>
    private static async Task<(string? Head, byte[] Begun)> ReadHead(Socket peer, CancellationToken stop)
    {
        var buffer = new byte[RequestBytesMax];
        for (var length = 0; length < buffer.Length;)
        {
            var got = await peer.ReceiveAsync(buffer.AsMemory(length), stop);
            if (got == 0) break;
            length += got;
            var text = buffer.AsSpan(0, length);
            var (end, gap) = (text.IndexOf("\r\n\r\n"u8), 4);
            if (end < 0) (end, gap) = (text.IndexOf("\n\n"u8), 2);
            if (end >= 0) return (Encoding.Latin1.GetString(buffer, 0, end + 2), buffer[(end + gap)..length]);
        }
        return (null, []);
    }

    private static byte[] Answer(int status, MetadataDocument? document, bool withContent)
    {
        var reason = status switch { 200 => "OK", 404 => "Not Found", 405 => "Method Not Allowed", 409 => "Conflict", 503 => "Service Unavailable", _ => "Bad Request" };
        var content = document?.Content ?? Encoding.ASCII.GetBytes($"{status} {reason}\n");
        var type = document?.ContentType ?? "text/plain";
        var head = string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {reason}\r\nContent-Type: {type}\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n");
        return withContent ? [.. Encoding.ASCII.GetBytes(head), .. content] : Encoding.ASCII.GetBytes(head);
    }

    private static async Task SendAll(Socket peer, byte[] bytes, CancellationToken stop)
    {
        for (var sent = 0; sent < bytes.Length;) sent += await peer.SendAsync(bytes.AsMemory(sent), stop);
    }

    private sealed class Door(Socket socket, uint link)
    {
        /// <summary>Index of its link in the namespace; 0: all.</summary>
        public uint Link => link;

        public Socket Socket => socket;

        public SemaphoreSlim Free { get; } = new(ConnectionsMax, ConnectionsMax);

        public required IReadOnlyList<string> Networks { get; set; }
    }
}
