using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.ObjectStore.Signing;
using Sovereign.ObjectStore.Websites;

namespace Sovereign.ObjectStore.S3;

/// <summary>The S3 API. A request is its own when it is signed in one of AWS's forms, whatever its path, or when its host names a bucket; one that nobody else answers
/// is looked
/// at as an anonymous one.</summary>
/// <param name="domains">Host names under which buckets are hosts of their own; under "website." of each they are websites.</param>
internal sealed class S3Front(WireServices wire, S3Operations operations, WebsiteAnswers websites, IReadOnlyList<string> domains) : IFront
{
    private readonly Authenticator authenticator = new(wire.Callers, wire.Clock);
    private readonly List<string> websiteDomains = domains.Select(domain => "website." + domain).ToList();

    public bool Takes(HttpContext http) => Authenticator.IsSigned(http.Request) || S3Request.BucketOfHost(http.Request.Host.Host, domains) is not null;

    public bool TakesUnrouted(HttpContext http) => http.Request.Headers["X-Auth-Token"].Count == 0 && http.Request.Path.Value is { Length: > 1 };

    public async Task Run(HttpContext http)
    {
        var requestId = wire.Ids.Next().ToString("N")[..16].ToUpperInvariant();
        S3Answer answer;
        S3Request? request = null;
        try
        {
            var isWebsite = S3Request.BucketOfHost(http.Request.Host.Host, websiteDomains) is not null;
            var parsed = S3Request.Of(http, isWebsite ? websiteDomains : domains);
            request = parsed.Ok ? parsed.Value : null;
            answer = parsed.Fault is { } wrong ? Refusal(wrong, null, requestId) : isWebsite ? await Website(parsed.Value, requestId)
                : await Answer(parsed.Value, requestId);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (ChunkSignatureException)
        {
            answer = Refusal(S3Faults.SignatureDoesNotMatch, request, requestId);
        }
        catch (BadHttpRequestException error)
        {
            answer = Refusal(error.StatusCode == 408 ? S3Faults.RequestTimeout : S3Faults.IncompleteBody, request, requestId);
        }
        catch (StoreUnavailableException error)
        {
            answer = Refusal(new Fault.Unavailable(error.Message), request, requestId);
        }
        catch (Exception error)
        {
            wire.Log.LogError(error, "S3 request {RequestId} {Method} {Path} failed.", requestId, http.Request.Method, http.Request.Path);
            answer = Refusal(S3Faults.InternalError, request, requestId);
        }

        await Write(http, answer, requestId);
    }

    private async Task<S3Answer> Answer(S3Request request, string requestId)
    {
        var signed = authenticator.Authenticate(request);
        if (signed.Fault is { } refused) return Refusal(refused, request, requestId);
        using var call = new S3Call(request, signed.Value, requestId);
        var outcome = await operations.Run(call);
        return outcome.Fault is { } fault ? operations.Dressed(call, Refusal(fault, request, requestId)) : operations.Dressed(call, outcome.Value);
    }

    private async Task<S3Answer> Website(S3Request request, string requestId)
    {
        using var call = new S3Call(request, Signed.Anonymous, requestId);
        return await websites.Answer(call);
    }

    /// <summary>The body of a refusal ("REST error responses").</summary>
    private S3Answer Refusal(Fault fault, S3Request? request, string requestId)
    {
        var own = S3Faults.Of(fault);
        if (own.Status == 304) return S3Answer.Empty(304);
        if (own.Status is 403) wire.Log.LogInformation("S3 request {RequestId} refused with {Code}: {Method} {Path}.", requestId, own.Code, request?.Method,
            request?.Path);
        var body = S3Xml.Document(
            "Error",
            xml =>
            {
                xml.Text("Code", own.Code);
                xml.Text("Message", own.Message);
                if (request is { Bucket.Length: > 0 }) xml.Text("BucketName", request.Bucket);
                if (request is { Key.Length: > 0 }) xml.Text("Key", request.Key);
                xml.Text("Resource", request?.Path ?? "/");
                xml.Text("RequestId", requestId);
                xml.Text("HostId", requestId);
            },
            withNamespace: false);
        return S3Answer.Xml(own.Status, body);
    }

    private static async Task Write(HttpContext http, S3Answer answer, string requestId)
    {
        var response = http.Response;
        if (response.HasStarted)
        {
            http.Abort();
            return;
        }

        response.StatusCode = answer.Status;
        response.Headers["x-amz-request-id"] = requestId;
        response.Headers["x-amz-id-2"] = requestId;
        // A client that asked before it sent its body does not send it now, so that nothing else may come on this connection.
        if (answer.Status >= 400 && http.Request.Headers.Expect.Count > 0 && HttpProtocol.IsHttp11(http.Request.Protocol)) response.Headers.Connection = "close";
        foreach (var (name, value) in answer.Headers) response.Headers.Append(name, value);
        if (answer.ContentType is { } type) response.ContentType = type;
        if (answer.Writer is { } writer)
        {
            response.ContentLength = answer.Length;
            if (!HttpMethods.IsHead(http.Request.Method)) await Stream(http, writer);
            return;
        }

        if (answer.Status is 204 or 304) return;
        response.ContentLength = answer.Body.Length;
        if (answer.Body.Length > 0 && !HttpMethods.IsHead(http.Request.Method)) await response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }

    /// <summary>A body that can't be read to its end is cut off, so that no client takes it for whole.</summary>
    private static async Task Stream(HttpContext http, Func<HttpResponse, CancellationToken, Task> writer)
    {
        try
        {
            await writer(http.Response, http.RequestAborted);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            http.Abort();
        }
    }
}
