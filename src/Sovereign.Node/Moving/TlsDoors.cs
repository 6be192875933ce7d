using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sovereign.Node.Contract;
using Sovereign.Node.Hypervisor;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Moving;

/// <summary>Doors on the node's underlay address. Each has a key pair and a certificate of its own, which the control plane hands to the other node by digest; the
/// other node shows the migration's key. Both are worth nothing afterwards.</summary>
/// <param name="address">This machine's underlay address.</param>
public sealed class TlsDoors(IPAddress address, TimeProvider clock) : IDoors, IAsyncDisposable
{
    /// <summary>Ports that doors are opened at, the first free one.</summary>
    public const int PortFirst = 49152, PortLast = 49215;

    private const int KeyDigits = 64;
    private const byte Welcome = (byte)'+';
    private static readonly TimeSpan greetingLimit = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, Door> doors = new(StringComparer.Ordinal);

    public Task<DoorSpec> Open(ArrivalSpec arrival, Func<string, CancellationToken, Task<Stream>> inside, CancellationToken stop)
    {
        if (!doors.TryGetValue(arrival.Migration, out var door))
        {
            doors[arrival.Migration] = door = new Door(Listen(), Certificate(), arrival.Key, inside, clock);
        }
        return Task.FromResult(new DoorSpec(address.ToString(), door.Port, door.Digest));
    }

    public async Task Close(string migration)
    {
        if (doors.Remove(migration, out var door)) await door.DisposeAsync();
    }

    public async Task<Stream> Enter(DoorSpec door, string key, string way, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(greetingLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(door.Address), door.Port, either.Token).ConfigureAwait(false);
            Lively(socket);
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = NameOf, EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null
                    && shown.GetCertHashString(HashAlgorithmName.SHA256).Equals(door.Certificate, StringComparison.OrdinalIgnoreCase),
            }, either.Token).ConfigureAwait(false);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(key + (way == MoveWays.Memory ? "m" : "d")), either.Token).ConfigureAwait(false);
            var answer = new byte[1];
            if (await tls.ReadAsync(answer, either.Token).ConfigureAwait(false) == 1 && answer[0] == Welcome) return tls;
            throw new NodeException($"The door of the other node at {door.Address} refused.");
        }
        catch (Exception cause) when (cause is not NodeException && !stop.IsCancellationRequested)
        {
            socket.Dispose();
            throw new NodeException($"The other node can't be reached at {door.Address}, port {door.Port}: {cause.Message}", cause);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var door in doors.Values) await door.DisposeAsync();
        doors.Clear();
    }

    private const string NameOf = "migration";

    private Socket Listen()
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        for (var port = PortFirst; port <= PortLast; port++)
        {
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                socket.Listen();
                return socket;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse) { /* the next one */ }
            catch (SocketException cause)
            {
                socket.Dispose();
                throw new NodeException($"Nothing can be listened to at the underlay address {address}: {cause.Message}", cause);
            }
        }
        socket.Dispose();
        throw new NodeException($"All ports from {PortFirst} to {PortLast} of {address} are taken.");
    }

    private X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + NameOf, key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(clock.GetUtcNow().AddDays(-1), clock.GetUtcNow().AddDays(30));
    }

    /// <summary>A path that is cut is noticed within half a minute, whether or not bytes are under way.</summary>
    private static void Lively(Socket socket)
    {
        const int tcp = 6, userTimeout = 18, milliseconds = 20_000;
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        socket.SetRawSocketOption(tcp, userTimeout, BitConverter.GetBytes(milliseconds));
    }

    /// <summary>One open door.</summary>
    private sealed class Door : IAsyncDisposable
    {
        private const int PassersMax = 64;
        private readonly Socket listener;
        private readonly X509Certificate2 certificate;
        private readonly byte[] key;
        private readonly Func<string, CancellationToken, Task<Stream>> inside;
        private readonly TimeProvider clock;
        private readonly CancellationTokenSource closed = new();
        private readonly SemaphoreSlim room = new(PassersMax, PassersMax);
        private readonly Task accepting;

        public Door(Socket listener, X509Certificate2 certificate, string key, Func<string, CancellationToken, Task<Stream>> inside, TimeProvider clock)
        {
            (this.listener, this.certificate, this.inside, this.clock) = (listener, certificate, inside, clock);
            this.key = Encoding.ASCII.GetBytes(key);
            Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            Digest = certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
            accepting = Accept();
        }

        public int Port { get; }

        public string Digest { get; }

        public async ValueTask DisposeAsync()
        {
            await closed.CancelAsync();
            listener.Dispose();
            await accepting;
            certificate.Dispose();
            closed.Dispose();
            room.Dispose();
        }

        private async Task Accept()
        {
            var passing = new List<Task>();
            try
            {
                while (true)
                {
                    await room.WaitAsync(closed.Token).ConfigureAwait(false);
                    passing.RemoveAll(task => task.IsCompleted);
                    passing.Add(Pass(await listener.AcceptAsync(closed.Token).ConfigureAwait(false)));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { /* closed */ }
            await Task.WhenAll(passing).ConfigureAwait(false);
        }

        private async Task Pass(Socket socket)
        {
            try
            {
                using (socket)
                {
                    Lively(socket);
                    await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
                    if (await Greet(tls).ConfigureAwait(false) is not { } way) return;
                    await using var near = await inside(way, closed.Token).ConfigureAwait(false);
                    await tls.WriteAsync(new[] { Welcome }, closed.Token).ConfigureAwait(false);
                    await Tunnel.Relay(tls, near, closed.Token).ConfigureAwait(false);
                    await tls.ShutdownAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or AuthenticationException or NodeException
                or ObjectDisposedException)
            { /* whoever passed sees the end, and says so */ }
            finally { if (!closed.IsCancellationRequested) room.Release(); }
        }

        /// <summary>The way that was asked for; null when the key is another one.</summary>
        private async Task<string?> Greet(SslStream tls)
        {
            using var limit = new CancellationTokenSource(greetingLimit, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, closed.Token);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13,
            }, either.Token).ConfigureAwait(false);
            var greeting = new byte[KeyDigits + 1];
            await tls.ReadExactlyAsync(greeting, either.Token).ConfigureAwait(false);
            if (!CryptographicOperations.FixedTimeEquals(greeting.AsSpan(0, KeyDigits), key)) return null;
            return greeting[KeyDigits] == 'm' ? MoveWays.Memory : MoveWays.Disks;
        }
    }
}
