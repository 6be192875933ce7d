using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Sovereign.Node.Contract;
using Sovereign.Node.Machine;

namespace Sovereign.Node.Agent;

/// <summary>The operator's questions about nodes, asked on the control plane's own socket.</summary>
public sealed class OperatorClient(string socketPath) : IDisposable
{
    private readonly HttpClient client = new(ControlPlaneLink.Machine(socketPath))
    {
        // A fencing command may take two minutes.
        BaseAddress = new Uri("http://control/node/v1/operator/"), Timeout = TimeSpan.FromSeconds(150),
    };

    public async Task<IReadOnlyList<NodeView>> Nodes(CancellationToken stop) =>
        (await Read(await Send(HttpMethod.Get, "nodes", null, stop), OperatorJson.Default.NodesView, stop)).Nodes;

    public async Task<TokenView> Token(int minutes, CancellationToken stop) => await Read(
        await Send(HttpMethod.Post, "tokens", JsonContent.Create(new TokenOrder(minutes), OperatorJson.Default.TokenOrder), stop), OperatorJson.Default.TokenView, stop);

    /// <returns>A sentence.</returns>
    public async Task<string> Fence(string name, bool confirmed, CancellationToken stop) => await Text(
        await Send(HttpMethod.Post, $"nodes/{Uri.EscapeDataString(name)}/fence", JsonContent.Create(new FenceOrder(confirmed), OperatorJson.Default.FenceOrder), stop),
        stop);

    /// <returns>A sentence.</returns>
    public async Task<string> Remove(string name, CancellationToken stop) =>
        await Text(await Send(HttpMethod.Delete, $"nodes/{Uri.EscapeDataString(name)}", null, stop), stop);

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
        };
        HttpResponseMessage response;
        try { response = await client.SendAsync(request, stop); }
        catch (HttpRequestException cause) { throw new NodeException($"The control plane does not answer at {socketPath}: {cause.Message}", cause); }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw new NodeException(await response.Content.ReadAsStringAsync(stop));
    }

    private static async Task<T> Read<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken stop)
    {
        using (response) return await response.Content.ReadFromJsonAsync(type, stop) ?? throw new NodeException("The control plane gave an empty answer.");
    }

    private static async Task<string> Text(HttpResponseMessage response, CancellationToken stop)
    {
        using (response) return await response.Content.ReadAsStringAsync(stop);
    }
}
