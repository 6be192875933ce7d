using System.Net.Sockets;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Moving;

/// <summary>A Unix socket of ours for a QEMU: whoever connects there is led on.</summary>
internal sealed class Tunnel : IAsyncDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource ended = new();
    private readonly string path;
    private readonly Func<CancellationToken, Task<Stream>> enter;
    private readonly Task accepting;

    public Tunnel(string path, SystemUser? user, Func<CancellationToken, Task<Stream>> enter)
    {
        (this.path, this.enter) = (path, enter);
        File.Delete(path);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        if (user is not null) Native.Own(path, user.Uid, user.Gid);
        accepting = Accept();
    }

    /// <summary>Why it could not be led on; null: it could, or nobody came.</summary>
    public string? Refusal { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        listener.Dispose();
        await accepting.ConfigureAwait(false);
        ended.Dispose();
        File.Delete(path);
    }

    /// <summary>Carries bytes both ways until either side ends.</summary>
    public static async Task Relay(Stream one, Stream other, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] ways = [Pump.Copy(one, other, over.Token), Pump.Copy(other, one, over.Token)];
        await Task.WhenAny(ways).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        try { await Task.WhenAll(ways).ConfigureAwait(false); }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException) { /* how ways end */ }
    }

    private async Task Accept()
    {
        var carried = new List<Task>();
        try
        {
            while (true) carried.Add(Lead(await listener.AcceptAsync(ended.Token).ConfigureAwait(false)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { /* disposed */ }
        await Task.WhenAll(carried).ConfigureAwait(false);
    }

    private async Task Lead(Socket socket)
    {
        await using var near = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await using var far = await enter(ended.Token).ConfigureAwait(false);
            await Relay(near, far, ended.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException && ended.IsCancellationRequested) { /* disposed */ }
        catch (Exception e) when (e is NodeException or IOException or SocketException or OperationCanceledException) { Refusal ??= e.Message; }
    }
}
