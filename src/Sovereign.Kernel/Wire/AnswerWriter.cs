using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Wire;

/// <summary>Puts an answer on the wire: headers that every answer has, the fault's wording, the body.</summary>
internal static class AnswerWriter
{
    private const int BlockBytesMax = 32 * 1024;

    /// <param name="version">The negotiated microversion; null when there was none to negotiate or the client's was refused.</param>
    public static Task Write(HttpContext http, Answer answer, ServiceFace face, string requestId, Microversion? version)
    {
        if (ReferenceEquals(answer, Answer.Spoken)) return Task.CompletedTask;
        var response = http.Response;
        if (response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        // A refused token was refused before anybody looked at versions.
        if (answer.Fault is Fault.Unauthorized) version = null;
        if (answer.Fault is { } fault) answer = Worded(fault, face, requestId, http);
        response.StatusCode = answer.Status;
        var headers = response.Headers;
        headers[RequestIds.Header] = requestId;
        if (version is { } negotiated) face.Microversions?.Announce(headers, negotiated);
        if (face.Dialect == Dialect.Keystone) headers.Vary = "X-Auth-Token";
        foreach (var (name, value) in answer.Headers ?? []) headers.Append(name, value);
        long length = 0;
        foreach (var part in answer.Parts) length += part.Length;
        var contentType = answer.Writer is null && length == 0 ? answer.Status == 304 ? null : face.Dialect.EmptyContentType(http.Request.Method) : answer.ContentType;
        if (face.Dialect.NamesIdTwice(answer, contentType)) headers[RequestIds.NovaHeader] = requestId;
        return Body(http, answer, contentType, length);
    }

    private static async Task Body(HttpContext http, Answer answer, string? contentType, long length)
    {
        var response = http.Response;
        response.ContentType = contentType;
        if (answer.Writer is { } writer)
        {
            response.ContentLength = answer.Length;
            if (!HttpMethods.IsHead(http.Request.Method)) await writer(response.Body, http.RequestAborted);
            return;
        }

        if (answer.Status is 204 or 304) return;
        response.ContentLength = length;
        if (length == 0) return;
        if (HttpMethods.IsHead(http.Request.Method)) return;
        // A large body that is written before the head is out is kept apart and copied once more.
        if (length > BlockBytesMax) await response.StartAsync(http.RequestAborted);
        var pipe = response.BodyWriter;
        Fill(pipe, answer.Parts, length);

        // No token: a client that goes ends the flush by itself, and asking for its token costs more than the flush.
        await pipe.FlushAsync(CancellationToken.None);
    }

    /// <summary>Copies the parts one after the other into few large blocks: each block that is asked for takes the connection's lock.</summary>
    private static void Fill(PipeWriter pipe, IReadOnlyList<ReadOnlyMemory<byte>> parts, long length)
    {
        var block = Span<byte>.Empty;
        var filled = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i].Span;
            while (part.Length > 0)
            {
                if (filled == block.Length)
                {
                    if (filled > 0) pipe.Advance(filled);
                    length -= filled;
                    block = pipe.GetSpan((int)Math.Min(length, BlockBytesMax));
                    filled = 0;
                }

                var fits = Math.Min(part.Length, block.Length - filled);
                part[..fits].CopyTo(block[filled..]);
                filled += fits;
                part = part[fits..];
            }
        }

        pipe.Advance(filled);
    }

    private static Answer Worded(Fault fault, ServiceFace face, string requestId, HttpContext http)
    {
        // The authentication middleware of the original words refusals of tokens alike in front of every service.
        var dialect = fault is Fault.Unauthorized ? Dialect.Keystone : face.Dialect;
        var status = dialect.Status(fault);
        var worded = Answer.Bytes(status, dialect.Body(fault, status, requestId), dialect.ContentType);
        if (fault is Fault.Unauthorized) worded.With("WWW-Authenticate", $"Keystone uri=\"{http.RequestServices.PublicUrl()}/identity/\"");
        if (fault is Fault.Unavailable) worded.With("Retry-After", 5.ToString(CultureInfo.InvariantCulture));
        return worded;
    }

    private static string PublicUrl(this IServiceProvider services) => ((PublicAddress?)services.GetService(typeof(PublicAddress)))?.Url ?? "";
}

/// <summary>The cloud's public URL, for headers that are written outside a call.</summary>
public sealed record PublicAddress(string Url);
