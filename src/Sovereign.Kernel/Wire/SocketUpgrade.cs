using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sovereign.Kernel.Wire;

/// <summary>Turns a request into a WebSocket: by upgrade on HTTP/1.1 (RFC 6455), by extended CONNECT on HTTP/2 (RFC 8441).</summary>
public static class SocketUpgrade
{
    private const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private const string Version = "13";
    private const int KeyBytes = 16;
    private static readonly TimeSpan keepAlive = TimeSpan.FromSeconds(30);

    /// <summary>True when the client asks for a WebSocket in a way that can be had.</summary>
    public static bool Asked(HttpContext http)
    {
        var headers = http.Request.Headers;
        if (headers.SecWebSocketVersion != Version) return false;
        if (Connected(http)) return true;
        return http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(headers.SecWebSocketKey.ToString(), new byte[headers.SecWebSocketKey.ToString().Length], out var length) && length == KeyBytes;
    }

    /// <summary>True for a WebSocket asked for by CONNECT, which is routed as the GET that it stands for.</summary>
    internal static bool Connected(HttpContext http) =>
        http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    /// <param name="subProtocol">Chosen when the client offers it ("binary").</param>
    public static async Task<WebSocket> Accept(HttpContext http, string subProtocol)
    {
        var offered = http.Request.Headers.SecWebSocketProtocol.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries));
        var chosen = offered.Contains(subProtocol, StringComparer.Ordinal) ? subProtocol : null;
        if (chosen is not null) http.Response.Headers.SecWebSocketProtocol = chosen;
        return WebSocket.CreateFromStream(
            await Stream(http), new WebSocketCreationOptions { IsServer = true, SubProtocol = chosen, KeepAliveInterval = keepAlive });
    }

    private static async Task<Stream> Stream(HttpContext http)
    {
        if (Connected(http)) return await http.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        var headers = http.Response.Headers;
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
#pragma warning disable CA5350 // The protocol's hash is SHA-1 by definition; nothing is protected by it.
        headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(http.Request.Headers.SecWebSocketKey + AcceptSuffix)));
#pragma warning restore CA5350
        return await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }
}
