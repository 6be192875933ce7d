using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Sovereign.Kernel.Outcomes;
using Sovereign.Node.Contract;

namespace Sovereign.Node.Control;

/// <summary>What a machine asks that is no node yet, on the public port; and a node's next certificate.</summary>
internal sealed class JoinEndpoints(NodeHub hub)
{
    private const int BodyBytesMax = 16 * 1024;

    public void Map(IEndpointRouteBuilder agents, Func<RequestDelegate, RequestDelegate> guarded)
    {
        agents.MapGet("/ca", (RequestDelegate)Certificate);
        agents.MapPost("/join", (RequestDelegate)(http => Issue(http, JoinJson.Default.JoinRequest, hub.Members.Join)));
        agents.MapPost("/certificate", guarded(Renew));
    }

    private Task Renew(HttpContext http)
    {
        var member = http.Features.GetRequiredFeature<NodeModule.AgentDoor>().Member;
        if (member is null) return Faults.Say(http, new Fault.Invalid("", "This machine's agent has no certificate."));
        return Issue(http, JoinJson.Default.RenewRequest, (asked, stop) => hub.Members.Renew(member, asked, stop));
    }

    /// <summary>The CA, for whoever knows its fingerprint: nothing about it is secret.</summary>
    private Task Certificate(HttpContext http)
    {
        if (hub.Authority is not { } authority)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        http.Response.ContentType = "application/x-pem-file";
        return http.Response.WriteAsync(authority.Certificate, http.RequestAborted);
    }

    private static async Task Issue<T>(
        HttpContext http, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, CancellationToken, Task<Outcome<JoinAnswer>>> answer)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = BodyBytesMax;
        Outcome<JoinAnswer> given;
        try
        {
            given = await answer(await NodeModule.Read(http, type), http.RequestAborted);
        }
        catch (Exception wrong) when (wrong is JsonException or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            given = new Fault.Invalid("", "The request is no JSON of the expected form, or too large.");
        }

        await Faults.Answer(http, given, JoinJson.Default.JoinAnswer);
    }
}

/// <summary>Refusals as commands show them: a status and a sentence.</summary>
internal static class Faults
{
    public static async Task Answer<T>(HttpContext http, Outcome<T> outcome, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        if (await Refused(http, outcome.Fault)) return;
        await NodeModule.Send(http, outcome.Value, type);
    }

    public static async Task Say(HttpContext http, Outcome<string> outcome)
    {
        if (await Refused(http, outcome.Fault)) return;
        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync(outcome.Value, http.RequestAborted);
    }

    private static async Task<bool> Refused(HttpContext http, Fault? fault)
    {
        if (fault is null) return false;
        http.Response.StatusCode = fault switch
        {
            Fault.Invalid => StatusCodes.Status400BadRequest,
            Fault.Unauthorized => StatusCodes.Status401Unauthorized,
            Fault.NotFound => StatusCodes.Status404NotFound,
            Fault.Unavailable => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status409Conflict,
        };
        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync(fault.Message, http.RequestAborted);
        return true;
    }
}
