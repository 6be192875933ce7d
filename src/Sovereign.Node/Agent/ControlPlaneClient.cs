using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>The control plane over HTTP/2, JSON of the contract: by a Unix socket on its own machine, by TLS from others.</summary>
public sealed class ControlPlaneClient : IControlPlane, IDisposable
{
    private const int ErrorCharsMax = 500;
    private const int UploadBufferBytes = 256 * 1024;
    private readonly HttpClient client;
    private readonly string? host;

    /// <summary>Over a Unix socket of this machine.</summary>
    public ControlPlaneClient(string socketPath) : this(ControlPlaneLink.Machine(socketPath), new Uri("http://control/"), null) { }

    /// <summary>Over TLS, both sides known by their certificates.</summary>
    public ControlPlaneClient(RemoteControl remote) : this(ControlPlaneLink.Remote(remote), remote.Url, Control.NodeModule.DoorName) { }

    private ControlPlaneClient(SocketsHttpHandler handler, Uri address, string? host)
    {
        this.host = host;
        client = new HttpClient(handler)
        {
            BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan,   // every caller brings its own limit
        };
    }

    /// <summary>A new certificate for the same node.</summary>
    public async Task<JoinAnswer> Renew(string certificateRequest, CancellationToken stop) => (await Send(
        HttpMethod.Post, "node/v1/certificate", JsonContent.Create(new RenewRequest(certificateRequest), JoinJson.Default.RenewRequest), JoinJson.Default.JoinAnswer,
        stop))!;

    public Task<NodeWelcome> Hello(NodeFacts facts, CancellationToken stop) =>
        Send(HttpMethod.Post, "node/v1/hello", JsonContent.Create(facts, NodeJson.Default.NodeFacts), NodeJson.Default.NodeWelcome, stop)!;

    public async Task<NodeManifest?> NextManifest(string node, string incarnation, long version, CancellationToken stop)
    {
        var query = string.Create(CultureInfo.InvariantCulture,
            $"node/v1/manifest?node={Uri.EscapeDataString(node)}&incarnation={Uri.EscapeDataString(incarnation)}&version={version}");
        return await Send(HttpMethod.Get, query, null, NodeJson.Default.NodeManifest, stop);
    }

    public async Task Report(NodeReport report, CancellationToken stop) =>
        await Send<NodeWelcome>(HttpMethod.Post, "node/v1/reports", JsonContent.Create(report, NodeJson.Default.NodeReport), null, stop);

    public Task<Stream> OpenImage(string digest, long offset, CancellationToken stop) => Open("node/v1/images/" + Uri.EscapeDataString(digest), offset, stop);

    public Task<Stream> OpenDisk(string carry, string name, long offset, CancellationToken stop) =>
        Open($"node/v1/carries/{Uri.EscapeDataString(carry)}/{Uri.EscapeDataString(name)}", offset, stop);

    public Task<string> SendDisk(string carry, string name, Stream content, CancellationToken stop) =>
        Send($"node/v1/carries/{Uri.EscapeDataString(carry)}/{Uri.EscapeDataString(name)}", content, stop);

    public Task<Stream> OpenContent(string id, long offset, CancellationToken stop) => Open("node/v1/contents/" + Uri.EscapeDataString(id), offset, stop);

    public Task<string> SendContent(string id, Stream content, CancellationToken stop) => Send("node/v1/contents/" + Uri.EscapeDataString(id), content, stop);

    private async Task<string> Send(string path, Stream content, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Post, path);
        request.Content = new StreamContent(content, UploadBufferBytes);
        using var response = await Begin(request, stop);
        await Check(response, stop);
        return await response.Content.ReadAsStringAsync(stop);
    }

    private async Task<Stream> Open(string path, long offset, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Get, path);
        if (offset > 0) request.Headers.Range = new RangeHeaderValue(offset, null);
        var response = await Begin(request, stop);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable) return Stream.Null;   // all bytes are here already
        await Check(response, stop);
        var stream = await response.Content.ReadAsStreamAsync(stop);
        if (offset > 0 && response.StatusCode != HttpStatusCode.PartialContent) await Skip(stream, offset, stop);
        return stream;
    }

    public async Task Answer(string ticket, Stream content, CancellationToken stop) =>
        await Send<NodeWelcome>(HttpMethod.Post, "node/v1/streams/" + Uri.EscapeDataString(ticket), new StreamContent(content), null, stop);

    public async Task<bool> LeavePassword(string domain, string password, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Post, $"node/v1/domains/{Uri.EscapeDataString(domain)}/password");
        request.Content = new StringContent(password);
        using var response = await Begin(request, stop);
        if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Gone) return false;
        await Check(response, stop);
        return true;
    }

    public async Task Upload(string snapshot, Stream content, CancellationToken stop)
    {
        using var request = Request(HttpMethod.Post, "node/v1/snapshots/" + Uri.EscapeDataString(snapshot));
        request.Content = new StreamContent(content, UploadBufferBytes);
        using var response = await Begin(request, stop);
        await Check(response, stop);
    }

    public async Task Carry(string ticket, Stream console, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var request = Request(HttpMethod.Post, "node/v1/consoles/" + Uri.EscapeDataString(ticket));
        request.Content = new ConsoleContent(console, ended.Token);
        using var response = await Begin(request, stop);
        await Check(response, stop);
        try
        {
            await using var down = await response.Content.ReadAsStreamAsync(stop);
            await Pump.Copy(down, console, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> Begin(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)) return response;
            response.Dispose();
            throw new ControlPlaneAwayException($"The control plane answered {(int)response.StatusCode}.");
        }
        catch (HttpRequestException cause)
        {
            throw new ControlPlaneAwayException($"The control plane is away: {cause.Message}", cause);
        }
    }

    /// <summary>A client's default version does not reach requests that are made by hand; and the name in the handshake is that of the Host header.</summary>
    private HttpRequestMessage Request(HttpMethod method, string path) => new(method, path)
    {
        Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Headers = { Host = host },
    };

    private async Task<T?> Send<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T>? type, CancellationToken stop) where T : class
    {
        using var request = Request(method, path);
        request.Content = body;
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        await Check(response, stop);
        return type is null || response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync(type,
            stop);
    }

    private static async Task Check(HttpResponseMessage response, CancellationToken stop)
    {
        if (response.IsSuccessStatusCode) return;
        var text = await response.Content.ReadAsStringAsync(stop);
        var said = text.Length > ErrorCharsMax ? text[..ErrorCharsMax] : text;
        response.Dispose();
        throw new NodeException($"The control plane answered {(int)response.StatusCode}: {said}");
    }

    private static async Task Skip(Stream stream, long count, CancellationToken stop)
    {
        var buffer = new byte[65536];
        while (count > 0)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), stop);
            if (read == 0) return;
            count -= read;
        }
    }
}

/// <summary>A request's body that is sent while the console speaks; it ends with the console.</summary>
internal sealed class ConsoleContent(Stream console, CancellationToken ended) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ended, cancellationToken);
        await stream.FlushAsync(either.Token).ConfigureAwait(false);
        await Pump.Copy(console, stream, either.Token).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
