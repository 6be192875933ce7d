using System.Globalization;
using System.Text;

namespace Sovereign.Bench.Load;

/// <summary>A request as ready bytes, and what every answer to it must be.</summary>
/// <param name="BodyBytes">Length of the answer's body that the first answer had; null before that.</param>
internal sealed record LoadRequest(byte[] Bytes, int Status, int? BodyBytes = null)
{
    public static LoadRequest Of(int status, string method, string path, string? body, params IReadOnlyList<(string Name, string Value)> headers)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n");
        foreach (var (name, value) in headers) text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (body is not null) text.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        return new LoadRequest(Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString()), status);
    }
}
