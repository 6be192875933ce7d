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
using Sovereign.Node.Metadata;

namespace Sovereign.Node.Control;

/// <summary>The nodes' room in the control plane, and the agents' door: routes that answer on the nodes' own socket, and to whom has a node's certificate.</summary>
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

    public Task<string?> CatchUp(CancellationToken stop) => Hub.CatchUp(stop);

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
            connection.Features.Set(AgentDoor.Machine);
            return next(connection);
        });
    }

    /// <summary>The server name by which agents ask for the door: only to them the endpoint says that it takes a client's certificate.</summary>
    public const string DoorName = "node.sovereign.internal";

    public void MapAgents(IEndpointRouteBuilder routes)
    {
        var agents = routes.MapGroup("/node/v1");
        new JoinEndpoints(Hub).Map(agents, Guarded);
        new ContentEndpoints(Hub).Map(agents, Guarded);
        new OperatorEndpoints(Hub).Map(agents.MapGroup("/operator"));
        agents.MapPost("/hello", Guarded(Hello));
        agents.MapGet("/manifest", Guarded(Manifest));
        agents.MapPost("/reports", Guarded(Report));
        agents.MapGet("/images/{digest}", Guarded(Image));
        agents.MapPost("/snapshots/{id}", Guarded(Snapshot));
        agents.MapPost("/domains/{id}/password", Guarded(Password));
        agents.MapPost("/carries/{id}/{name}", Guarded(TakeDisk));
        agents.MapGet("/carries/{id}/{name}", Guarded(GiveDisk));
        agents.MapPost("/consoles/{ticket}", Guarded(Console));
        agents.MapPost("/streams/{ticket}", Guarded(async http =>
        {
            await Hub.Answer((string)http.Request.RouteValues["ticket"]!, http.Request.Body, http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }));
    }

    private async Task Hello(HttpContext http)
    {
        var facts = await Read(http, NodeJson.Default.NodeFacts);
        var member = Door(http).Member;
        if (member is not null)
        {
            await Hub.Members.Used(member, http.Connection.ClientCertificate!, http.RequestAborted);
            facts = facts with { HostName = member.HostName };
        }

        await Send(http, await Hub.Hello(facts, member?.Id, http.RequestAborted), NodeJson.Default.NodeWelcome);
    }

    private async Task Report(HttpContext http)
    {
        var report = await Read(http, NodeJson.Default.NodeReport);
        if (Is(http, report.Node)) await Hub.Report(report, http.RequestAborted);
        http.Response.StatusCode = Is(http, report.Node) ? StatusCodes.Status204NoContent : StatusCodes.Status404NotFound;
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
        if (Hub.Find(node) is null || !Is(http, node))
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
        var id = (string)http.Request.RouteValues["id"]!;
        if (Door(http).Member is { } member && !Hub.Has(member.Id, ItemKinds.Snapshot, id))
        {
            http.Response.StatusCode = StatusCodes.Status410Gone;
            return;
        }

        Unhurried(http);
        var kept = await Hub.SnapshotSink(id, http.Request.Body, http.RequestAborted);
        http.Response.StatusCode = kept.Fault switch
        {
            null => StatusCodes.Status204NoContent,
            Fault.NotFound or Fault.Gone => StatusCodes.Status410Gone,
            Fault.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status409Conflict,
        };
        if (kept.Fault is { } refused and not Fault.Unavailable) await http.Response.WriteAsync(refused.Message, http.RequestAborted);
    }

    private async Task Password(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var buffer = new byte[MetadataServer.PasswordBytesMax + 1];
        var length = await http.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, http.RequestAborted);
        var foreign = Door(http).Member is { } member && !Hub.Has(member.Id, ItemKinds.Domain, id);
        var kept = foreign || length > MetadataServer.PasswordBytesMax
            ? new Fault.NotFound("Server", id)
            : await Hub.PasswordSink(id, System.Text.Encoding.UTF8.GetString(buffer, 0, length), http.RequestAborted);
        http.Response.StatusCode = kept.Fault switch
        {
            null => StatusCodes.Status204NoContent,
            Fault.NotFound => StatusCodes.Status410Gone,
            Fault.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status409Conflict,
        };
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

    private RequestDelegate Guarded(RequestDelegate handler) => async http =>
    {
        if (http.Features.Get<AgentDoor>() is null)
        {
            if (Hub.Members.Of(http.Connection.ClientCertificate) is not { } member)
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            http.Features.Set(new AgentDoor(member));
        }

        try
        {
            await handler(http);
        }
        catch (Machine.NodeException refused) when (!http.Response.HasStarted)
        {
            http.Response.StatusCode = StatusCodes.Status409Conflict;
            await http.Response.WriteAsync(refused.Message, http.RequestAborted);
        }
    };

    internal static AgentDoor Door(HttpContext http) => http.Features.GetRequiredFeature<AgentDoor>();

    /// <summary>A node speaks for itself alone; the control plane's own machine comes through a door that is its own.</summary>
    private bool Is(HttpContext http, string node) => Door(http).Member is { } member ? member.Id == node : !Hub.Joined(node);

    private async Task TakeDisk(HttpContext http)
    {
        var (id, name) = ((string)http.Request.RouteValues["id"]!, (string)http.Request.RouteValues["name"]!);
        if (Door(http).Member is { } member && !Hub.Has(member.Id, ItemKinds.Carry, id))
        {
            http.Response.StatusCode = StatusCodes.Status410Gone;
            return;
        }

        Unhurried(http);
        await http.Response.WriteAsync(await Hub.SendDisk(id, name, http.Request.Body, http.RequestAborted), http.RequestAborted);
    }

    private async Task GiveDisk(HttpContext http)
    {
        var (id, name) = ((string)http.Request.RouteValues["id"]!, (string)http.Request.RouteValues["name"]!);
        if (Door(http).Member is { } member && !Hub.Awaits(member.Id, id))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        Stream content;
        try
        {
            content = await Hub.OpenDisk(id, name, 0, http.RequestAborted);
        }
        catch (FileNotFoundException)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        await Results.Stream(content, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(http);
    }

    /// <summary>As long as bytes come they may take their time: whoever takes them ends what stands still.</summary>
    internal static void Unhurried(HttpContext http)
    {
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
    }

    internal static async Task<T> Read<T>(HttpContext http, JsonTypeInfo<T> type) =>
        await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted) ?? throw new Microsoft.AspNetCore.Http.BadHttpRequestException("The body is null.");

    internal static Task Send<T>(HttpContext http, T value, JsonTypeInfo<T> type)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, value, type, http.RequestAborted);
    }

    /// <param name="Member">The node whose certificate opened it; null: the door on this machine.</param>
    internal sealed record AgentDoor(NodeMembers.MemberRow? Member)
    {
        public static readonly AgentDoor Machine = new((NodeMembers.MemberRow?)null);
    }
}
