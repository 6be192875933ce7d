using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sovereign.Node.Agent;
using Sovereign.Node.Fabric;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Metadata;

/// <summary>The metadata service of all networks of this node in one Kestrel: its sockets listen inside the networks' namespaces,
/// and the namespace a connection came by says on which networks its guest may be.</summary>
public sealed class MetadataServer : IMetadataDoors, IAsyncDisposable
{
    private const string Address = "169.254.169.254";
    private const int Port = 80;
    private const int Backlog = 128;
    private const int ConnectionsMax = 4096;
    private const int ConnectionsWaitingMax = 256;
    private const int HeadBytesMax = 16 * 1024;
    private const int HeaderCountMax = 50;
    private static readonly TimeSpan headLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan idleLimit = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, Door> doors = new();
    private readonly Channel<ConnectionContext> connections =
        Channel.CreateBounded<ConnectionContext>(new BoundedChannelOptions(ConnectionsWaitingMax) { FullMode = BoundedChannelFullMode.Wait });
    private readonly SocketConnectionContextFactory contexts;
    private readonly GuestDirectory guests;
    private readonly ILogger log;
    private readonly WebApplication server;

    public MetadataServer(GuestDirectory guests, ILogger log)
    {
        this.guests = guests;
        this.log = log;
        contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), log);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IConnectionListenerFactory>(new DoorListenerFactory(connections.Reader));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = ConnectionsMax;
            options.Limits.MaxRequestBodySize = 0;
            options.Limits.MaxRequestHeadersTotalSize = HeadBytesMax;
            options.Limits.MaxRequestHeaderCount = HeaderCountMax;
            options.Limits.RequestHeadersTimeout = headLimit;
            options.Limits.KeepAliveTimeout = idleLimit;
            options.Listen(new DoorEndPoint(), listen => listen.Protocols = HttpProtocols.Http1);
        });
        server = builder.Build();
        server.Run(Serve);
    }

    public Task Start(CancellationToken stop) => server.StartAsync(stop);

    public void Open(string netns, IReadOnlyList<string> networkIds)
    {
        if (doors.TryGetValue(netns, out var door))
        {
            door.Networks = networkIds;
            return;
        }
        var socket = Netns.Within(netns, () =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(IPAddress.Parse(Address), Port));
            listener.Listen(Backlog);
            return listener;
        });
        door = new Door(socket) { Networks = networkIds };
        doors[netns] = door;
        // On the pool, not on the agent's one-at-a-time context: a guest's request waits for no other work.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = Accept(netns, door), null);
    }

    public void Close(string netns)
    {
        if (doors.TryRemove(netns, out var door)) door.Socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var netns in doors.Keys) Close(netns);
        await server.DisposeAsync();
        contexts.Dispose();
    }

    private async Task Accept(string netns, Door door)
    {
        while (true)
        {
            try
            {
                var connection = contexts.Create(await door.Socket.AcceptAsync());
                connection.Features.Set(door);
                await connections.Writer.WriteAsync(connection);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument })
            {
                return;   // the door was closed
            }
            catch (SocketException failure) { log.LogWarning(4601, "A metadata connection in {Netns} failed: {Reason}", netns, failure.Message); }
        }
    }

    private async Task Serve(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        var guest = context.Features.Get<Door>() is { } door ? guests.Find(door.Networks, address) : null;
        var document = guest is null ? null : MetadataTree.Find(guest, address, context.Request.Path.Value ?? "/");
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }
        if (document is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        context.Response.ContentType = document.ContentType;
        context.Response.ContentLength = document.Content.Length;
        if (HttpMethods.IsGet(context.Request.Method)) await context.Response.Body.WriteAsync(document.Content, context.RequestAborted);
    }

    private sealed class Door(Socket socket)
    {
        public Socket Socket => socket;

        public required IReadOnlyList<string> Networks { get; set; }
    }

    private sealed class DoorEndPoint : EndPoint
    {
        public override string ToString() => "metadata";
    }

    private sealed class DoorListenerFactory(ChannelReader<ConnectionContext> connections) : IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => endpoint is DoorEndPoint;

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IConnectionListener>(new DoorListener(endpoint, connections));
    }

    private sealed class DoorListener(EndPoint endpoint, ChannelReader<ConnectionContext> connections) : IConnectionListener
    {
        private readonly CancellationTokenSource unbound = new();

        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try { return await connections.ReadAsync(unbound.Token); } catch (OperationCanceledException) { return null; }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            unbound.Cancel();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            unbound.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
