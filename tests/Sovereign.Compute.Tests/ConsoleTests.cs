using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Sovereign.Testing.Clouds;
using Sovereign.Testing.Simulated;
using Xunit;

namespace Sovereign.Compute.Tests;

/// <summary>Consoles of servers by token (Compute API reference, "Server consoles").</summary>
public class ConsoleTests
{
    private const string Vnc = "{\"remote_console\": {\"protocol\": \"vnc\", \"type\": \"novnc\"}}";

    [Theory]
    [MemberData(nameof(ServerLifeTests.Engines), MemberType = typeof(ServerLifeTests))]
    public async Task A_token_opens_the_display_once(string engine)
    {
        await using var world = await ComputeWorld.Start(1, engine);
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var made = await world.Send("POST", $"/servers/{id}/remote-consoles", body: Vnc, version: "2.6");
        Assert.Equal(200, made.Status);
        var console = made.Json["remote_console"]!;
        Assert.Equal(["protocol", "type", "url"], console.AsObject().Select(member => member.Key).Order());
        var (path, secret) = Path((string)console["url"]!);
        var looked = await world.Send("GET", "/os-console-auth-tokens/" + secret, "admin", version: "2.31");
        Assert.Equal((200, id, "node-000"), (looked.Status, (string)looked.Json["console"]!["instance_uuid"]!, (string)looked.Json["console"]!["host"]!));
        Assert.Equal(404, (await world.Send("GET", "/os-console-auth-tokens/" + secret, "admin", version: "2.30")).Status);
        Assert.Equal(404, (await world.Send("GET", "/os-console-auth-tokens/bad" + secret, "admin", version: "2.31")).Status);
        Assert.Equal(403, (await world.Send("GET", "/os-console-auth-tokens/" + secret, version: "2.31")).Status);
        Assert.Empty(world.Cloud.Kernel.Database.Read(session => session.Query<string>("SELECT hash FROM compute_console_tokens WHERE hash = @secret", new { secret })));

        using (var socket = await Connect(world, path))
        {
            Assert.Equal("binary", socket.SubProtocol);
            Assert.Equal(SimulatedConsoleStream.Greeting, await Read(socket, SimulatedConsoleStream.Greeting.Length));
            await socket.SendAsync(Encoding.ASCII.GetBytes("typed"), WebSocketMessageType.Binary, true, CancellationToken.None);
            Assert.Equal("typed", await Read(socket, 5));
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        await Assert.ThrowsAsync<WebSocketException>(() => Connect(world, path));
        await Assert.ThrowsAsync<WebSocketException>(() => Connect(world, path.Replace("token=", "token=bad", StringComparison.Ordinal)));
        Assert.Empty(world.Cloud.Kernel.Journal.Verify());
    }

    [Fact]
    public async Task Old_clients_ask_by_action_and_serial_lines_have_no_page()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var old = await world.Send("POST", $"/servers/{id}/action", body: "{\"os-getVNCConsole\": {\"type\": \"novnc\"}}", version: "2.5");
        Assert.Equal((200, "novnc"), (old.Status, (string)old.Json["console"]!["type"]!));
        Assert.Equal(404, (await world.Send("POST", $"/servers/{id}/action", body: "{\"os-getVNCConsole\": {\"type\": \"novnc\"}}", version: "2.6")).Status);
        var serial = await world.Send("POST", $"/servers/{id}/action", body: "{\"os-getSerialConsole\": {\"type\": \"serial\"}}");
        var url = (string)serial.Json["console"]!["url"]!;
        Assert.StartsWith("ws://cloud.example:8443/console/serial?token=", url, StringComparison.Ordinal);
        using (var socket = await Connect(world, url["ws://cloud.example:8443/".Length..]))
        {
            Assert.Equal(SimulatedConsoleStream.Greeting, await Read(socket, SimulatedConsoleStream.Greeting.Length));
        }

        var page = await world.Cloud.Send("GET", "/console/vnc.html?path=x", token: null);
        Assert.Equal(200, page.Status);
        Assert.Contains("noVNC", page.Text, StringComparison.Ordinal);
        Assert.Contains("<script", page.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await world.Cloud.Send("GET", "/console/vnc.js", token: null)).Status);
        Assert.Equal(404, (await world.Cloud.Send("GET", "/console/novnc/core/../../../../etc/passwd.js", token: null)).Status);
        Assert.Equal(404, (await world.Cloud.Send("GET", "/console/novnc/core/%2e%2e/x.js", token: null)).Status);
        Assert.Equal(400, (await world.Cloud.Send("GET", "/console/vnc?token=x", token: null)).Status);
    }

    [Theory]
    [InlineData("{\"remote_console\": {\"protocol\": \"spice\", \"type\": \"spice-html5\"}}", "2.6", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"rdp\", \"type\": \"rdp-html5\"}}", "2.6", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"mks\", \"type\": \"webmks\"}}", "2.7", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"vnc\", \"type\": \"xvpvnc\"}}", "2.6", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"vnc\", \"type\": \"serial\"}}", "2.6", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"vnc\"}}", "2.6", 400)]
    [InlineData("{\"remote_console\": {\"protocol\": \"vnc\", \"type\": \"novnc\", \"more\": 1}}", "2.6", 400)]
    [InlineData("{}", "2.6", 400)]
    [InlineData(Vnc, "2.5", 404)]
    public async Task Consoles_that_are_not_there_are_refused(string body, string version, int status)
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        var reply = await world.Send("POST", $"/servers/{id}/remote-consoles", body: body, version: version);
        Assert.True(reply.Status == status, reply.Text);
    }

    [Fact]
    public async Task A_server_that_is_off_or_foreign_has_no_console()
    {
        await using var world = await ComputeWorld.Start();
        var id = await world.Create();
        await world.Until(id, "ACTIVE");
        Assert.Equal(404, (await world.Send("POST", $"/servers/{id}/remote-consoles", "member-b", Vnc, "2.6")).Status);
        Assert.Equal(404, (await world.Send("POST", "/servers/nope/remote-consoles", body: Vnc, version: "2.6")).Status);
        await world.Send("POST", $"/servers/{id}/action", body: "{\"os-stop\": null}");
        await world.Until(id, "SHUTOFF");
        Assert.Equal(409, (await world.Send("POST", $"/servers/{id}/remote-consoles", body: Vnc, version: "2.6")).Status);
    }

    private static (string Path, string Secret) Path(string url)
    {
        var path = QueryHelpers.ParseQuery(new Uri(url).Query)["path"].ToString();
        return (path, path[(path.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }

    private static async Task<ClientWebSocket> Connect(ComputeWorld world, string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("binary");
        var address = world.Cloud.Http.BaseAddress!;
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{address.Authority}/{path}"), CancellationToken.None);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> Read(ClientWebSocket socket, int count)
    {
        var (buffer, have) = (new byte[1024], 0);
        while (have < count) have += (await socket.ReceiveAsync(buffer.AsMemory(have), CancellationToken.None)).Count;
        return Encoding.ASCII.GetString(buffer, 0, have);
    }
}
