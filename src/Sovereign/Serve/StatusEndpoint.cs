using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Image;
using Sovereign.Launcher;
using Sovereign.Node.Control;

namespace Sovereign.Serve;

/// <summary>GET /status: open to everybody, says only whether the cloud is ready. Ready means that a server could be created now.</summary>
internal sealed class StatusEndpoint(KernelServices kernel, IReadOnlyList<IModule> modules, INodes nodes, IImages images, FirstImage firstImage)
{
    public void Map(WebApplication app) => app.MapGet("/status", (RequestDelegate)Answer);

    private Task Answer(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(http.Response.Body, Now(), CloudStatusJson.Default.CloudStatus, http.RequestAborted);
    }

    private CloudStatus Now()
    {
        var up = nodes.List();
        var tiny = firstImage.Id is { } id && images.Find(AccessGrant.OfSystem(), id) is { Ok: true } found ? found.Value.Status : firstImage.State;
        var missing = up.Any(node => node.Up)
            ? tiny == "active" ? null : $"Waiting for the test image: {tiny}."
            : "Waiting for the node agent.";
        return new CloudStatus(
            missing is null,
            Versions.Program,
            [.. modules.Where(m => m.Face is not null).Select(m => new ServiceStatus(m.Name, "up", kernel.Settings.PublicUrl + m.Face!.Prefix))],
            [.. up.Select(node => new NodeStatus(node.HostName, node.Up ? "up" : "down"))],
            new ImageStatus(firstImage.Name, tiny),
            missing);
    }
}

internal static class Versions
{
    public static string Program { get; } = typeof(Versions).Assembly.GetName().Version!.ToString(3);
}
