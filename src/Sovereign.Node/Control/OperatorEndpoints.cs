using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>What the operator's commands ask. Only the control plane's own socket answers, which root and the cloud's user alone can open.</summary>
internal sealed class OperatorEndpoints(NodeHub hub)
{
    public void Map(IEndpointRouteBuilder operators)
    {
        operators.MapGet("/nodes", Here(http => NodeModule.Send(http, new NodesView(hub.View()), OperatorJson.Default.NodesView)));
        operators.MapPost("/tokens", Here(async http =>
        {
            var order = await NodeModule.Read(http, OperatorJson.Default.TokenOrder);
            await Faults.Answer(http, await hub.Members.Invite(order.Minutes, http.RequestAborted), OperatorJson.Default.TokenView);
        }));
        operators.MapPost("/nodes/{name}/fence", Here(async http =>
        {
            var order = await NodeModule.Read(http, OperatorJson.Default.FenceOrder);
            await Faults.Say(http, await hub.Fence((string)http.Request.RouteValues["name"]!, order.Confirmed, http.RequestAborted));
        }));
        operators.MapDelete("/nodes/{name}", Here(async http =>
            await Faults.Say(http, await hub.Remove((string)http.Request.RouteValues["name"]!, http.RequestAborted))));
    }

    private static RequestDelegate Here(RequestDelegate handler) => http =>
    {
        if (http.Features.Get<NodeModule.AgentDoor>() is { Member: null }) return handler(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };
}
