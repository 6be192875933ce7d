using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Wire;

/// <summary>What every route needs from the house.</summary>
public sealed record WireServices(Policy Policy, ICallers Callers, IIdSource Ids, TimeProvider Clock, string PublicUrl, ILogger Log);

/// <summary>Metadata of a route: its access rule, for the matrix test.</summary>
public sealed record RouteRule(AccessRule Rule, ServiceFace Face);

/// <summary>Maps a service's routes: request id, token, microversion, rule, handler, dialect; the same order everywhere.</summary>
public sealed class Routes(IEndpointRouteBuilder builder, WireServices wire, ServiceFace face)
{
    public ServiceFace Face => face;

    public void Get(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["GET"], pattern, rule, handler);

    public void Head(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["HEAD"], pattern, rule, handler);

    public void Post(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["POST"], pattern, rule, handler);

    public void Put(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["PUT"], pattern, rule, handler);

    public void Patch(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["PATCH"], pattern, rule, handler);

    public void Delete(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["DELETE"], pattern, rule, handler);

    /// <summary>Swift's method of that name.</summary>
    public void Copy(string pattern, string rule, Func<Call, Task<Answer>> handler) => Map(["COPY"], pattern, rule, handler);

    /// <summary>The same routes under another prefix (Nova's /v2.1/{project_id}).</summary>
    /// <param name="microversions">False where the oldest form is all there is (Nova's /v2).</param>
    public Routes Under(string prefix, bool microversions = true) =>
        new(builder, wire, face with { Prefix = prefix, Microversions = microversions ? face.Microversions : null });

    private void Map(string[] methods, string pattern, string rule, Func<Call, Task<Answer>> handler)
    {
        var accessRule = wire.Policy[rule];
        var pipeline = new RequestPipeline(wire, face, accessRule, handler);
        builder.MapMethods(face.Prefix + pattern, methods, pipeline.Run).WithMetadata(new RouteRule(accessRule, face));
    }
}

/// <summary>One route's way from bytes to bytes.</summary>
internal sealed partial class RequestPipeline(WireServices wire, ServiceFace face, AccessRule rule, Func<Call, Task<Answer>> handler)
{
    public async Task Run(HttpContext http)
    {
        var requestId = RequestIds.Next(wire.Ids);
        using var deadline = new Deadline(http, wire.Clock, face.RequestTimeMax);
        var version = Negotiation.Of(http, face.Microversions);
        var announced = version.Ok ? version.Value : (Microversion?)null;
        Answer answer;
        try
        {
            answer = await Handle(http, requestId, version, deadline);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException)
        {
            answer = new Fault.Unavailable("The request took longer than its time limit.");
        }
        catch (StoreUnavailableException error)
        {
            answer = new Fault.Unavailable(error.Message);
        }
        catch (BadHttpRequestException error)
        {
            answer = error.StatusCode == 413 ? new Fault.TooLarge("Request is too large.") : new Fault.Invalid("", "The request could not be read.");
        }
        catch (Exception error)
        {
            wire.Log.LogError(error, "Request {RequestId} {Method} {Path} failed.", requestId, http.Request.Method, http.Request.Path);
            answer = Broken(requestId);
        }

        if (answer.Fault is Fault.Unauthorized or Fault.Forbidden) Refused(http, requestId, answer.Fault is Fault.Forbidden ? 403 : 401);
        await AnswerWriter.Write(http, answer, face, requestId, announced);
    }

    /// <summary>A line for the operator: who was refused what; the path without its query, which may hold a signature.</summary>
    private void Refused(HttpContext http, string requestId, int status)
    {
        var resolved = wire.Callers.Resolve(http.Request.Headers["X-Auth-Token"].ToString());
        var user = resolved.Ok ? resolved.Value.UserId : "anonymous";
        RequestRefused(wire.Log, requestId, status, user, http.Request.Method, http.Request.Path.Value ?? "", rule.Name);
    }

    [LoggerMessage(1001, LogLevel.Information, "Request {RequestId} refused with {Status}: {UserId} {Method} {Path} ({Rule}).")]
    private static partial void RequestRefused(ILogger log, string requestId, int status, string userId, string method, string path, string rule);

    /// <summary>In the order of the original, whose token filter stands in front: 401 for no token, 406 for an unknown version, 403 by the rule.</summary>
    private Task<Answer> Handle(HttpContext http, string requestId, Outcome<Microversion> version, Deadline deadline)
    {
        Caller? caller = null;
        if (http.Request.Headers.TryGetValue("X-Auth-Token", out var token) || !rule.IsPublic)
        {
            var resolved = token.ToString() is { Length: > 0 } given
                ? wire.Callers.Resolve(given)
                : new Fault.Unauthorized("The request you have made requires authentication.");
            if (resolved.Fault is { } invalid && !rule.IsPublic) return Task.FromResult<Answer>(invalid);
            caller = resolved.Ok ? resolved.Value : null;
            if (caller?.Calls is { } calls && !rule.IsPublic && !Allowed(calls, http))
            {
                return Task.FromResult<Answer>(new Fault.Unauthorized("The request you have made requires authentication."));
            }
        }

        if (version.Fault is { } unknown) return Task.FromResult<Answer>(unknown);
        var access = caller is null ? null : Grant(caller, requestId);
        if (access is null && !rule.IsPublic)
        {
            return Task.FromResult<Answer>(new Fault.Forbidden(rule.Refusal));
        }

        return handler(new Call(http, face, access, version.Value, requestId, wire.PublicUrl, deadline));
    }

    private bool Allowed(IReadOnlyList<CallRule> calls, HttpContext http) =>
        calls.Any(call => call.Allows(face.Type, http.Request.Method, http.Request.Path.Value ?? ""));

    /// <summary>Null: the rule refuses.</summary>
    private AccessGrant? Grant(Caller caller, string requestId)
    {
        var reach = rule.Evaluate(caller);
        return reach == Reach.None ? null : new AccessGrant(caller, reach, new Origin(requestId, caller.UserId, caller.ProjectId));
    }

    private Answer Broken(string requestId) => Answer.Bytes(
        500, face.Dialect.Body($"Unexpected API error. Please report it with the request id {requestId}.", 500, requestId), face.Dialect.ContentType);
}

internal static class RequestIds
{
    public const string Header = "x-openstack-request-id";

    /// <summary>The compute API says it under its first name too.</summary>
    public const string NovaHeader = "x-compute-request-id";

    /// <summary>"req-" and a UUID, in one string.</summary>
    public static string Next(IIdSource ids) => string.Create(40, ids.Next(), static (text, id) =>
    {
        "req-".CopyTo(text);
        id.TryFormat(text[4..], out _);
    });
}

/// <summary>The time limit of one request and its client's patience. Most handlers never wait, so its timer is made by the first that does.</summary>
internal sealed class Deadline(HttpContext http, TimeProvider clock, TimeSpan timeMax) : IDisposable
{
    private CancellationTokenSource? timer;
    private CancellationTokenRegistration gone;

    public CancellationToken Token
    {
        get
        {
            if (timer is not null) return timer.Token;
            var started = timer = new CancellationTokenSource(timeMax, clock);
            gone = http.RequestAborted.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), started);
            return started.Token;
        }
    }

    public void Dispose()
    {
        // First the registration: what comes after it finds nothing disposed.
        gone.Dispose();
        timer?.Dispose();
    }
}
