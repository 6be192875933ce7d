using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>Bytes of volumes that nodes send and fetch. Who keeps them says so when the house is put together.</summary>
public sealed partial class NodeHub
{
    /// <summary>Keeps what a node sends under a content's id; gives the SHA-256 of what was kept.</summary>
    public Func<string, Stream, CancellationToken, Task<Outcome<string>>> ContentSink { get; set; } =
        (id, _, _) => Task.FromResult<Outcome<string>>(new Fault.Gone($"The content {id} is not wanted any more."));

    /// <summary>Opens what was kept under a content's id, as a stream that can be sought.</summary>
    public Func<string, Outcome<Stream>> ContentSource { get; set; } = id => new Fault.NotFound("Content", id);

    public async Task<string> SendContent(string id, Stream content, CancellationToken stop)
    {
        var kept = await ContentSink(id, content, stop);
        if (kept.Fault is Fault.Unavailable away) throw new ControlPlaneAwayException(away.Message);
        return kept.Fault is { } refused ? throw new Machine.NodeException(refused.Message) : kept.Value;
    }

    public Task<Stream> OpenContent(string id, long offset, CancellationToken stop)
    {
        var content = ContentSource(id);
        if (content.Fault is { } missing) throw new FileNotFoundException(missing.Message);
        content.Value.Seek(offset, SeekOrigin.Begin);
        return Task.FromResult(content.Value);
    }

    /// <summary>Whether one of the node's volumes is to be made of a kept content.</summary>
    internal bool AwaitsContent(string nodeId, string id) => kernel.Database.Read(session => store.AwaitsContent(session, nodeId, id));
}

/// <summary>The routes for them.</summary>
internal sealed class ContentEndpoints(NodeHub hub)
{
    public void Map(IEndpointRouteBuilder agents, Func<RequestDelegate, RequestDelegate> guarded)
    {
        agents.MapPost("/contents/{id}", guarded(Take));
        agents.MapGet("/contents/{id}", guarded(Give));
    }

    private async Task Take(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        if (NodeModule.Door(http).Member is { } member && !hub.Has(member.Id, ItemKinds.VolumeContent, id))
        {
            http.Response.StatusCode = StatusCodes.Status410Gone;
            return;
        }

        NodeModule.Unhurried(http);
        try
        {
            await http.Response.WriteAsync(await hub.SendContent(id, http.Request.Body, http.RequestAborted), http.RequestAborted);
        }
        catch (ControlPlaneAwayException)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    private async Task Give(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var content = NodeModule.Door(http).Member is { } member && !hub.AwaitsContent(member.Id, id) ? new Fault.NotFound("Content", id) : hub.ContentSource(id);
        if (content.Ok) await Results.Stream(content.Value, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(http);
        else http.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
