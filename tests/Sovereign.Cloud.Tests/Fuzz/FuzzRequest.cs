using System.Text;
using Sovereign.Cloud.Tests.AccessMatrix;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>One request as it goes over the wire.</summary>
/// <param name="Number">With the run's seed it says all of the request but the ids of the moment.</param>
/// <param name="Row">The row of the matrix that it was made from.</param>
/// <param name="Token">Null: none is sent.</param>
internal sealed record FuzzRequest(
    int Number, MatrixRow Row, MatrixPersona Persona, string Method, string Path, string? Token, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body)
{
    /// <summary>Everything that the client said, to tell what an answer merely repeats.</summary>
    public string Said => Path + "\n" + string.Join("\n", Headers.Select(h => h.Value)) + "\n" + (Body is null ? "" : Encoding.UTF8.GetString(Body));

    public HttpRequestMessage Message()
    {
        var message = new HttpRequestMessage(new HttpMethod(Method), new Uri(Path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (Token is not null) message.Headers.TryAddWithoutValidation("X-Auth-Token", Token);
        if (Body is not null) message.Content = new ByteArrayContent(Body);
        foreach (var (name, value) in Headers)
        {
            if (name == "Content-Type") message.Content?.Headers.TryAddWithoutValidation(name, value);
            else message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    /// <summary>As a command that can be run against any cloud: the token is named, not shown.</summary>
    public string Curl()
    {
        var text = new StringBuilder("curl -i --path-as-is -X ").Append(Method).Append(' ').Append(Quoted("$CLOUD" + new Uri(Path).PathAndQuery, inside: '"'));
        if (Token is not null) text.Append(" -H \"X-Auth-Token: $").Append(Persona.Name.Replace('-', '_').ToUpperInvariant()).Append("_TOKEN\"");
        foreach (var (name, value) in Headers) text.Append(" -H ").Append(Quoted($"{name}: {value}", inside: '\''));
        if (Body is not null) text.Append(" --data-binary ").Append(Shown(Body));
        return text.ToString();
    }

    private static string Shown(byte[] body)
    {
        const int ShownBytesMax = 2_000;
        if (body.Length > ShownBytesMax) return $"@- # {body.Length} bytes, beginning {Quoted(Encoding.UTF8.GetString(body, 0, 200), '\'')}";
        return body.All(b => b is >= 0x20 and < 0x7f) ? Quoted(Encoding.ASCII.GetString(body), '\'') : $"@<(echo {Convert.ToBase64String(body)} | base64 -d)";
    }

    private static string Quoted(string text, char inside) =>
        inside == '\'' ? "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'" : "\"" + text.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}

/// <summary>What came back.</summary>
/// <param name="Status">0: nothing came in time.</param>
internal sealed record FuzzReply(int Status, byte[] Body);

/// <summary>A request that must not have been answered like this.</summary>
/// <param name="Kind">"500", "hang" or "foreign".</param>
internal sealed record Finding(string Kind, FuzzRequest Request, string Saw)
{
    public override string ToString() => $"{Kind} at {Request.Row} as {Request.Persona.Name} (request {Request.Number}): {Saw}\n    {Request.Curl()}";
}
