using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;

namespace Sovereign.Kernel.Wire;

/// <summary>One request, unwrapped: what handlers are given.</summary>
public sealed class Call
{
    private readonly AccessGrant? access;
    private readonly Deadline deadline;

    internal Call(HttpContext http, ServiceFace face, AccessGrant? access, Microversion version, string requestId, string publicUrl, Deadline deadline) =>
        (Http, Face, this.access, Version, RequestId, PublicUrl, this.deadline) = (http, face, access, version, requestId, publicUrl, deadline);

    public HttpContext Http { get; }

    public ServiceFace Face { get; }

    /// <summary>The caller and how far the route's rule lets it reach.</summary>
    /// <exception cref="InvalidOperationException">On a public route.</exception>
    public AccessGrant Access => access ?? throw new InvalidOperationException("A public route has no caller.");

    public bool HasAccess => access is not null;

    /// <summary>The negotiated microversion; 0.0 where the service has none.</summary>
    public Microversion Version { get; }

    public string RequestId { get; }

    /// <summary>The cloud's public URL without a trailing slash; links come from it, never from the Host header.</summary>
    public string PublicUrl { get; }

    /// <summary>Cancelled when the request has taken its time or its client has gone.</summary>
    public CancellationToken Stop => deadline.Token;

    public Origin Origin => access?.Origin ?? new Origin(RequestId, "anonymous", null);

    /// <summary>An absolute link under this service's prefix: Link("/servers/1").</summary>
    public string Link(string path) => PublicUrl + Face.Prefix + path;

    /// <summary>A part of the path; "" for a rest of the path that is empty.</summary>
    public string Route(string name) => (string?)Http.Request.RouteValues[name] ?? "";

    /// <summary>The first value of a query parameter; null when it was not given.</summary>
    public string? Query(string name) => Http.Request.Query.TryGetValue(name, out var values) ? values[0] ?? "" : null;

    public string? Header(string name) => Http.Request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Reads the body as JSON: bounded in size and time, strict. The fault names the path of the wrong member.</summary>
    public async Task<Outcome<T>> Body<T>(JsonTypeInfo<T> type)
    {
        var request = Http.Request;
        if (request.ContentType is { } media && !media.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return new Fault.UnsupportedMedia($"Unsupported Content-Type {media}; application/json is read here.");
        }

        var bytes = await BodyBytes.Read(request, Face.BodyBytesMax, deadline);
        return bytes.Then(body => Parse(body, type));
    }

    /// <summary>Reads the body as it is, whatever its type: bounded in size and time.</summary>
    public Task<Outcome<ReadOnlyMemory<byte>>> Raw() => BodyBytes.Read(Http.Request, Face.BodyBytesMax, deadline);

    /// <summary>Parses one JSON document; also for bodies that a handler read itself.</summary>
    public static Outcome<T> Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
    {
        try
        {
            if (body.IsEmpty) return new Fault.Invalid("", "The request has no body; a JSON object is expected.");
            // The reader checks strings only when they are unescaped; bad UTF-8 must be refused everywhere.
            if (!System.Text.Unicode.Utf8.IsValid(body.Span)) return new Fault.Invalid("", "The body is not valid UTF-8.");
            if (HoldsNul(body.Span)) return new Fault.Invalid("", "The body holds a NUL character.");
            var value = JsonSerializer.Deserialize(body.Span, type);
            return value is null ? new Fault.Invalid("", "The body is null; a JSON object is expected.") : value;
        }
        catch (JsonException error)
        {
            var path = error.Path is null or "$" ? "" : error.Path.TrimStart('$', '.');
            return new Fault.Invalid(path, path.Length == 0 ? $"Malformed request body: {Short(error.Message)}" : $"Invalid input for {path}: {Short(error.Message)}");
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException or OverflowException)
        {
            return new Fault.Invalid("", $"Malformed request body: {Short(error.Message)}");
        }
    }

    /// <summary>PostgreSQL holds no NUL in text and would answer with an error of its own.</summary>
    /// <exception cref="InvalidOperationException">Half of a surrogate pair, which is no text: who keeps an element would fail on it later.</exception>
    private static bool HoldsNul(ReadOnlySpan<byte> body)
    {
        // Raw NUL bytes are no JSON; an escaped backslash before "u0000" is another text, so the reader has the last word.
        if (body.IndexOf("\\u0000"u8) < 0 && body.IndexOf("\\ud"u8) < 0 && body.IndexOf("\\uD"u8) < 0) return false;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 64 });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.GetString()!.Contains('\0', StringComparison.Ordinal)) return true;
        }

        return false;
    }

    private static string Short(string message)
    {
        // Type names and byte positions of our parser are no business of the client.
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        var text = new StringBuilder(end > 0 ? message[..end] : message);
        text.Replace("System.", "").Replace("Sovereign.", "");
        return text.Length > 300 ? text.ToString(0, 300) : text.ToString();
    }
}

internal static class BodyBytes
{
    /// <summary>A body that stalls longer than this is refused (Kestrel's minimum rate works beside it).</summary>
    private static readonly TimeSpan timeOut = TimeSpan.FromSeconds(30);

    public static async Task<Outcome<ReadOnlyMemory<byte>>> Read(HttpRequest request, int bytesMax, Deadline deadline)
    {
        if (request.ContentLength > bytesMax) return TooLarge(bytesMax);
        var reader = request.BodyReader;
        CancellationTokenSource? timer = null;
        try
        {
            while (true)
            {
                // Most bodies came with their head: only those that are waited for need a timer.
                if (!reader.TryRead(out var result)) result = await reader.ReadAsync((timer ??= Timer(deadline)).Token);
                if (result.Buffer.Length > bytesMax)
                {
                    // What was read counts as read, or the server can't drain the rest and cuts the connection before the answer.
                    reader.AdvanceTo(result.Buffer.End);
                    return TooLarge(bytesMax);
                }

                if (result.IsCompleted)
                {
                    var bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
                    reader.AdvanceTo(result.Buffer.End);
                    return new ReadOnlyMemory<byte>(bytes);
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch (OperationCanceledException) when (!deadline.Token.IsCancellationRequested)
        {
            return new Fault.Invalid("", "The body did not arrive in time.");
        }
        catch (BadHttpRequestException error)
        {
            return error.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(bytesMax) : new Fault.Invalid("", "The body could not be read.");
        }
        finally
        {
            timer?.Dispose();
        }
    }

    private static CancellationTokenSource Timer(Deadline deadline)
    {
        var timer = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
        timer.CancelAfter(timeOut);
        return timer;
    }

    private static Fault.TooLarge TooLarge(int bytesMax) => new($"Request is too large: at most {bytesMax} bytes are read here.");
}
