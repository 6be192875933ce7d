using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Bench.Servers;

namespace Sovereign.Bench.Clouds;

/// <summary>Prepares and looks at a cloud through its public API, as a user would. Not for measuring: see LoadGenerator.</summary>
internal sealed class CloudClient : IDisposable
{
    private const int Block = 1 << 20;
    private readonly HttpClient http;

    public CloudClient(HttpClient http) => this.http = http;

    public CloudClient(int port)
        : this(new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) })
    {
    }

    /// <summary>A token by password, scoped to the project of the same name.</summary>
    public (string Token, string ProjectId, string UserId) Login(string user, string password = CloudServer.Password)
    {
        using var answer = Raw("POST", "/identity/v3/auth/tokens", null, $$$"""
            {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "{{{user}}}", "domain": {"id": "default"}, "password": "{{{password}}}" } } },
                      "scope": {"project": {"name": "{{{user}}}", "domain": {"id": "default"} } } } }
            """);
        var token = Json(answer)["token"]!;
        return (answer.Headers.GetValues("X-Subject-Token").Single(), (string)token["project"]!["id"]!, (string)token["user"]!["id"]!);
    }

    public JsonNode Ask(string method, string path, string token, string? body = null)
    {
        using var answer = Raw(method, path, token, body);
        return Json(answer);
    }

    public void Upload(string path, string token, byte[] bytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new ByteArrayContent(bytes) };
        request.Headers.Add("X-Auth-Token", token);
        request.Content.Headers.ContentType = new("application/octet-stream");
        using var answer = http.Send(request);
        Checked(answer, "PUT " + path);
    }

    /// <summary>Sends a file as it is read.</summary>
    public void Upload(string path, string token, string file)
    {
        using var content = new StreamContent(File.OpenRead(file), Block);
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = content };
        request.Headers.Add("X-Auth-Token", token);
        content.Headers.ContentType = new("application/octet-stream");
        using var answer = http.Send(request);
        Checked(answer, "PUT " + path);
    }

    /// <summary>Reads an answer and keeps none of it.</summary>
    /// <returns>How many bytes came.</returns>
    public long Download(string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Auth-Token", token);
        using var answer = Checked(http.Send(request, HttpCompletionOption.ResponseHeadersRead), "GET " + path);
        using var body = answer.Content.ReadAsStream();
        var block = new byte[Block];
        var bytes = 0L;
        while (body.Read(block) is > 0 and var read) bytes += read;
        return bytes;
    }

    public void Dispose() => http.Dispose();

    private HttpResponseMessage Raw(string method, string path, string? token, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) request.Headers.Add("X-Auth-Token", token);
        request.Headers.Add("OpenStack-API-Version", string.Create(CultureInfo.InvariantCulture, $"compute 2.79"));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return Checked(http.Send(request), $"{method} {path}");
    }

    private static HttpResponseMessage Checked(HttpResponseMessage answer, string what) =>
        answer.IsSuccessStatusCode ? answer : throw new BenchFailedException($"{what} was answered {(int)answer.StatusCode}: {Text(answer)}");

    private static JsonNode Json(HttpResponseMessage answer) => Text(answer) is { Length: > 0 } text ? JsonNode.Parse(text)! : new JsonObject();

    private static string Text(HttpResponseMessage answer)
    {
        using var reader = new StreamReader(answer.Content.ReadAsStream());
        return reader.ReadToEnd();
    }
}
