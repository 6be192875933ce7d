using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.ImageSync;

namespace Sovereign.Launcher;

/// <summary>The compute service of a cloud, by its public API, as an administrator.</summary>
internal sealed class ComputeClient(HttpClient http, CloudLogin login, TimeProvider clock)
{
    private const string Microversion = "2.88";
    private static readonly TimeSpan callTimeMax = TimeSpan.FromSeconds(60);
    private string token = "";
    private string compute = "";

    /// <summary>A fresh token, and where the service is.</summary>
    public async Task Enter(CancellationToken stop)
    {
        var entry = await login.Enter(http, "compute", clock, stop);
        (token, compute) = (entry.Token, entry.Url);
    }

    /// <summary>An answer's status and body; the body is null when there is none.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> Send(HttpMethod method, string path, JsonObject? body, CancellationToken stop)
    {
        for (var again = false; ; again = true)
        {
            using var request = new HttpRequestMessage(method, compute + path) { Content = body is null ? null : Json(body) };
            request.Headers.Add("X-Auth-Token", token);
            request.Headers.Add("OpenStack-API-Version", "compute " + Microversion);
            using var response = await Call(request, stop);
            if (response.StatusCode == HttpStatusCode.Unauthorized && !again)
            {
                await Enter(stop);      // what takes hours outlives a token
                continue;
            }

            var text = await response.Content.ReadAsStringAsync(stop);
            return (response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text) : null);
        }
    }

    /// <exception cref="LauncherException">It was refused.</exception>
    public async Task<JsonNode?> Must(HttpMethod method, string path, JsonObject? body, CancellationToken stop)
    {
        var (status, answer) = await Send(method, path, body, stop);
        return (int)status < 300 ? answer : throw new LauncherException($"The cloud refused ({method} {path}): {Message(answer) ?? status.ToString()}");
    }

    /// <summary>What a refusal says.</summary>
    public static string? Message(JsonNode? answer) => (string?)(answer as JsonObject)?.Select(member => member.Value).OfType<JsonObject>().FirstOrDefault()?["message"];

    private async Task<HttpResponseMessage> Call(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await http.SendAsync(request, stop).WaitAsync(callTimeMax, clock, stop);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException)
        {
            throw new LauncherException($"The cloud does not answer at {request.RequestUri}: {error.Message}");
        }
    }

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");
}
