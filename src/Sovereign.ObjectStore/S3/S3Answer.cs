using Microsoft.AspNetCore.Http;

namespace Sovereign.ObjectStore.S3;

/// <summary>What an operation answers.</summary>
internal sealed class S3Answer(int status)
{
    public int Status { get; } = status;

    public string? ContentType { get; private set; }

    public byte[] Body { get; private set; } = [];

    /// <summary>Writes a body of <see cref="Length"/> bytes; null: <see cref="Body"/> is all.</summary>
    public Func<HttpResponse, CancellationToken, Task>? Writer { get; private set; }

    public long Length { get; private set; }

    public List<KeyValuePair<string, string>> Headers { get; } = [];

    public static S3Answer Empty(int status) => new(status);

    public static S3Answer Xml(int status, byte[] body) => new(status) { Body = body, ContentType = S3Xml.MediaType };

    public static S3Answer Bytes(int status, string contentType, byte[] body) => new(status) { Body = body, ContentType = contentType };

    public static S3Answer Stream(int status, string contentType, long length, Func<HttpResponse, CancellationToken, Task> writer) =>
        new(status) { ContentType = contentType, Length = length, Writer = writer };

    /// <summary>A header; nothing when its value is null.</summary>
    public S3Answer With(string name, string? value)
    {
        if (value is not null) Headers.Add(new(name, value));
        return this;
    }

    /// <summary>The same under another status: an error page.</summary>
    public S3Answer As(int status)
    {
        var answer = new S3Answer(status) { ContentType = ContentType, Body = Body, Writer = Writer, Length = Length };
        answer.Headers.AddRange(Headers);
        return answer;
    }
}
