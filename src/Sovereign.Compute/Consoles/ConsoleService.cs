using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Compute.Consoles;

/// <summary>Consoles of servers: a token is given out for one, and whoever brings it back speaks with the guest through its node.</summary>
internal sealed class ConsoleService(KernelServices kernel, ServerService servers, INodes nodes)
{
    /// <summary>Consoles that one process of the control plane carries at the same time.</summary>
    private const int LinesMax = 256;
    private const int BufferBytes = 32 * 1024;
    private static readonly TimeSpan closeTimeMax = TimeSpan.FromSeconds(5);
    private int lines;

    /// <summary>Ends open consoles when the process is told to stop.</summary>
    public CancellationToken Stop { get; set; }

    /// <summary>Consoles that this cloud has, by the API's protocol and type.</summary>
    private static readonly (string Protocol, string Type, string Kind)[] known = [("vnc", "novnc", ConsoleKinds.Vnc), ("serial", "serial", ConsoleKinds.Serial)];

    /// <summary>A URL that opens the console once within ten minutes. Faults: NotFound, Conflict when the server does not run, Invalid for a console that this
    /// cloud does not have.</summary>
    public async Task<Outcome<string>> Open(AccessGrant access, string id, string protocol, string type, CancellationToken stop)
    {
        var console = Array.Find(known, console => console.Protocol == protocol && console.Type == type);
        var found = servers.Find(access, id);
        if (found.Fault is { } missing) return missing;
        if (console.Kind is null) return new Fault.Invalid("type", $"Unavailable console type {type}.");
        if (found.Value is { NodeId: null } or { VmState: not (ServerStates.Active or ServerStates.Paused or ServerStates.Rescued or ServerStates.Resized) })
        {
            return new Fault.Conflict($"Instance {id} is not ready");
        }

        var secret = Convert.ToHexStringLower(kernel.Randomness.Bytes(ConsoleToken.SecretBytes));
        var made = await kernel.Queue.Write<Done>(
            "console.create",
            access.Origin,
            tx =>
            {
                ConsoleTokenStore.Forget(tx, tx.Now);
                var token = new ConsoleToken
                {
                    Hash = ConsoleToken.HashOf(secret), Id = kernel.Ids.Uuid(), ServerId = id, ProjectId = found.Value.ProjectId, UserId = access.Caller.UserId,
                    Kind = console.Kind, Type = console.Type, ExpiresAt = tx.Now + Micros.Of(ConsoleToken.Life),
                };
                ConsoleTokenStore.Insert(tx, token);
                tx.Record("console", token.Id, token.ProjectId, Change.Created, token.Document(), ConsoleJson.Wire.ConsoleDocument);
                return Done.Value;
            },
            stop);
        return made.Map(_ => UrlOf(console.Kind, secret));
    }

    /// <summary>What a token opens, for administrators; NotFound when it is spent, expired or none.</summary>
    public Outcome<(ConsoleToken Token, ServerRow Server)> Look(string secret)
    {
        var now = kernel.Clock.Now();
        return kernel.Database.Read<Outcome<(ConsoleToken, ServerRow)>>(session =>
            ConsoleTokenStore.Find(session, ConsoleToken.HashOf(secret)) is { } token && token.ExpiresAt > now
            && ServerStore.Find(session, token.ServerId) is { NodeId: not null } row
                ? (token, row)
                : Wire.NotFound("Token not found"));
    }

    /// <summary>Spends a token and carries its console over a WebSocket until either side ends. The answer is Spoken when the WebSocket was opened.</summary>
    public async Task<Answer> Serve(HttpContext http, string kind, string secret, CancellationToken stop)
    {
        var looked = Look(secret);
        if (looked.Fault is not null || looked.Value.Token.Kind != kind) return Refused();
        if (Interlocked.Increment(ref lines) > LinesMax)
        {
            Interlocked.Decrement(ref lines);
            return new Fault.Unavailable("Too many consoles are open; try again later.");
        }

        try
        {
            var (token, row) = looked.Value;
            if (!await Spend(token, stop)) return Refused();
            var opened = await nodes.OpenConsole(row.NodeId!, kind, row.Id, stop);
            if (opened.Fault is { } away) return away;
            using var line = opened.Value;
            using var socket = await SocketUpgrade.Accept(http, "binary");
            await Carry(socket, line, http.RequestAborted);
            return Answer.Spoken;
        }
        finally
        {
            Interlocked.Decrement(ref lines);
        }
    }

    /// <summary>Without a body, and the connection is closed: old clients read what follows the head as frames.</summary>
    private static Answer Refused() => Answer.Empty(403).With("Connection", "close");

    private async Task<bool> Spend(ConsoleToken token, CancellationToken stop)
    {
        var spent = await kernel.Queue.Write<bool>(
            "console.open",
            new Origin(token.Id, token.UserId, token.ProjectId),
            tx =>
            {
                if (!ConsoleTokenStore.Take(tx, token.Hash)) return false;
                tx.Record("console", token.Id, token.ProjectId, Change.Deleted, token.Document(), ConsoleJson.Wire.ConsoleDocument);
                return true;
            },
            stop);
        return spent is { Ok: true, Value: true };
    }

    private async Task Carry(WebSocket socket, ConsoleLine line, CancellationToken gone)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(gone, Stop);
        try
        {
            var (up, down) = (Typed(socket, line.ToGuest, ended.Token), Said(line.FromGuest, socket, ended.Token));
            await await Task.WhenAny(up, down);
        }
        catch (Exception end) when (end is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            kernel.Log("console").LogDebug(4601, "A console ended: {Reason}", end.Message);
        }

        await Close(socket);
        await ended.CancelAsync();
    }

    private static async Task Typed(WebSocket socket, Stream guest, CancellationToken stop)
    {
        var buffer = new byte[BufferBytes];
        while (await socket.ReceiveAsync(buffer.AsMemory(), stop) is { MessageType: not WebSocketMessageType.Close } piece)
        {
            await guest.WriteAsync(buffer.AsMemory(0, piece.Count), stop);
            await guest.FlushAsync(stop);
        }
    }

    private static async Task Said(Stream guest, WebSocket socket, CancellationToken stop)
    {
        var buffer = new byte[BufferBytes];
        int read;
        while ((read = await guest.ReadAsync(buffer, stop)) > 0) await socket.SendAsync(buffer.AsMemory(0, read), WebSocketMessageType.Binary, true, stop);
    }

    private async Task Close(WebSocket socket)
    {
        using var patience = new CancellationTokenSource(closeTimeMax, kernel.Clock);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
            }
        }
        catch (Exception end) when (end is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    /// <summary>A page for displays, whose parameter names the WebSocket as noVNC's own page does; serial lines have no page.</summary>
    private string UrlOf(string kind, string secret) => kind == ConsoleKinds.Vnc
        ? $"{kernel.Settings.PublicUrl}{ConsoleEndpoints.Prefix}/vnc.html?path={Uri.EscapeDataString($"{ConsoleEndpoints.Prefix[1..]}/vnc?token={secret}")}"
        : $"ws{kernel.Settings.PublicUrl["http".Length..]}{ConsoleEndpoints.Prefix}/serial?token={secret}";
}
