using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Sovereign.Kernel.Outcomes;

namespace Sovereign.Kernel.Wire;

/// <summary>What a handler answers: a status and bytes, a stream, or a fault that the service's dialect words.</summary>
public sealed class Answer
{
    private List<KeyValuePair<string, string>>? headers;

    private Answer(int status) => Status = status;

    /// <summary>The handler spoke to the client itself (a WebSocket): nothing is left to write.</summary>
    public static Answer Spoken { get; } = new(0);

    public int Status { get; }

    public string ContentType { get; private init; } = "application/json";

    public Fault? Fault { get; private init; }

    internal IReadOnlyList<ReadOnlyMemory<byte>> Parts { get; private init; } = [];

    internal Func<Stream, CancellationToken, Task>? Writer { get; private init; }

    internal long? Length { get; private init; }

    /// <summary>Headers beyond those of every answer; null for none, as most have.</summary>
    internal List<KeyValuePair<string, string>>? Headers => headers;

    public static implicit operator Answer(Fault fault) => new(0) { Fault = fault };

    public static Answer Json<T>(int status, T value, JsonTypeInfo<T> type) => Bytes(status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static Answer Bytes(int status, ReadOnlyMemory<byte> body, string contentType = "application/json") =>
        new(status) { Parts = [body], ContentType = contentType };

    /// <summary>A body put together from rendered pieces, for hot lists.</summary>
    public static Answer Pieces(int status, IReadOnlyList<ReadOnlyMemory<byte>> parts) => new(status) { Parts = parts };

    public static Answer Empty(int status) => new(status);

    /// <summary>A body that is written as it is read: images, objects.</summary>
    public static Answer Stream(int status, string contentType, long? lengthBytes, Func<Stream, CancellationToken, Task> write) =>
        new(status) { ContentType = contentType, Length = lengthBytes, Writer = write };

    /// <summary>The usual ending of a handler: the value rendered, or the fault.</summary>
    public static Answer Of<T>(Outcome<T> outcome, Func<T, Answer> render) => outcome.Fault is { } fault ? fault : render(outcome.Value);

    public Answer With(string header, string value)
    {
        (headers ??= []).Add(new(header, value));
        return this;
    }
}
