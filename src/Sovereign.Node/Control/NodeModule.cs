using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>The nodes' room in the control plane, and the agents' door: routes that answer only on the nodes' own socket, never on the public port.</summary>
public sealed class NodeModule(KernelServices kernel) : IModule
{
    public NodeHub Hub { get; } = new(kernel);

    public string Name => "node";

    public ServiceFace? Face => null;

    public Task Start(CancellationToken stop)
    {
        Hub.Load();
        return Task.CompletedTask;
    }

    public void Map(Func<ServiceFace, Routes> face)
    {
        // Agents don't come through the public faces: see MapAgents.
    }

    /// <summary>Marks a Kestrel endpoint as the nodes' door.</summary>
    public static void AgentsOnly(ListenOptions options)
    {
        options.Protocols = HttpProtocols.Http2;
        options.Use(next => connection =>
        {
            connection.Features.Set(AgentDoor.Open);
            return next(connection);
        });
    }

    public void MapAgents(IEndpointRouteBuilder routes)
    {
        var agents = routes.MapGroup("/node/v1");
        agents.MapPost("/hello", Guarded(async http =>
            await Send(http, await Hub.Hello(await Read(http, NodeJson.Default.NodeFacts), http.RequestAborted), NodeJson.Default.NodeWelcome)));
        agents.MapGet("/manifest", Guarded(Manifest));
        agents.MapPost("/reports", Guarded(async http =>
        {
            await Hub.Report(await Read(http, NodeJson.Default.NodeReport), http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }));
        agents.MapGet("/images/{digest}", Guarded(Image));
        agents.MapPost("/snapshots/{id}", Guarded(Snapshot));
        agents.MapPost("/consoles/{ticket}", Guarded(Console));
        agents.MapPost("/streams/{ticket}", Guarded(async http =>
        {
            await Hub.Answer((string)http.Request.RouteValues["ticket"]!, http.Request.Body, http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }));
    }

    private async Task Manifest(HttpContext http)
    {
        var query = http.Request.Query;
        if (!long.TryParse(query["version"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var node = query["node"].ToString();
        if (Hub.Find(node) is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var manifest = await Hub.NextManifest(node, query["incarnation"].ToString(), version, http.RequestAborted);
        if (manifest is null) http.Response.StatusCode = StatusCodes.Status204NoContent;
        else await Send(http, manifest, NodeJson.Default.NodeManifest);
    }

    private async Task Image(HttpContext http)
    {
        var content = Hub.ImageSource((string)http.Request.RouteValues["digest"]!);
        if (!content.Ok)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await Results.Stream(content.Value, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(http);
    }

    private async Task Snapshot(HttpContext http)
    {
        // As long as bytes come they may take their time: whoever takes them ends what stands still.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        var kept = await Hub.SnapshotSink((string)http.Request.RouteValues["id"]!, http.Request.Body, http.RequestAborted);
        http.Response.StatusCode = kept.Fault switch
        {
            null => StatusCodes.Status204NoContent,
            Fault.NotFound or Fault.Gone => StatusCodes.Status410Gone,
            Fault.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status409Conflict,
        };
        if (kept.Fault is { } refused and not Fault.Unavailable) await http.Response.WriteAsync(refused.Message, http.RequestAborted);
    }

    /// <summary>Bytes go both ways for as long as somebody looks: the head of the answer goes out at once, and no rate is asked for.</summary>
    private async Task Console(HttpContext http)
    {
        var ticket = (string)http.Request.RouteValues["ticket"]!;
        if (!Hub.Awaits(ticket))
        {
            http.Response.StatusCode = StatusCodes.Status410Gone;
            return;
        }

        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        http.Response.ContentType = "application/octet-stream";
        await http.Response.StartAsync(http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        await Hub.Join(ticket, http.Request.Body, http.Response.Body, http.RequestAborted);
    }

    private static RequestDelegate Guarded(RequestDelegate handler) => http =>
    {
        if (http.Features.Get<AgentDoor>() is not null) return handler(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    private static async Task<T> Read<T>(HttpContext http, JsonTypeInfo<T> type) =>
        await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted) ?? throw new Microsoft.AspNetCore.Http.BadHttpRequestException("The body is null.");

    private static Task Send<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, value, type, http.RequestAborted);
    }

    private sealed class AgentDoor
    {
        public static readonly AgentDoor Open = new();
    }
}
