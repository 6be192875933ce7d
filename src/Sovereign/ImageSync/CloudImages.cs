using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sovereign.Launcher;

namespace Sovereign.ImageSync;

/// <summary>The image service of a cloud, by its public API, as an administrator of one project.</summary>
internal sealed class CloudImages(HttpClient http, CloudLogin login, TimeProvider clock)
{
    private const string PatchMedia = "application/openstack-images-v2.1-json-patch";
    private static readonly TimeSpan callTimeMax = TimeSpan.FromSeconds(60);
    private string token = "";
    private string images = "";

    /// <summary>Id of the project that the login is for; known after <see cref="Enter"/>.</summary>
    public string ProjectId { get; private set; } = "";

    /// <summary>A fresh token, and where the image service is.</summary>
    public async Task Enter(CancellationToken stop)
    {
        var entry = await login.Enter(http, "image", clock, stop);
        (token, ProjectId) = (entry.Token, entry.ProjectId);
        var url = entry.Url;
        images = (url.EndsWith("/v2", StringComparison.Ordinal) ? url : url + "/v2") + "/images";
    }

    /// <summary>Images of this name that are public or this project's, hidden ones not among them.</summary>
    public async Task<IReadOnlyList<JsonObject>> Named(string name, CancellationToken stop)
    {
        var list = await Send(HttpMethod.Get, "?limit=1000&name=" + Uri.EscapeDataString(name), null, stop);
        return list!["images"]!.AsArray().Select(image => image!.AsObject())
            .Where(image => (string?)image["visibility"] == "public" || (string?)image["owner"] == ProjectId).ToList();
    }

    public async Task<string> Create(JsonObject image, CancellationToken stop) => (string)(await Send(HttpMethod.Post, "", Json(image), stop))!["id"]!;

    public Task Patch(string id, JsonArray changes, CancellationToken stop)
    {
        var content = new StringContent(changes.ToJsonString(), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(PatchMedia);
        return Send(HttpMethod.Patch, "/" + id, content, stop);
    }

    public Task Delete(string id, CancellationToken stop) => Send(HttpMethod.Delete, "/" + id, null, stop);

    /// <summary>Uploads a file; the connection is as long as the image is.</summary>
    public async Task Upload(string id, string path, CancellationToken stop)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var content = new StreamContent(file, 1024 * 1024);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{images}/{id}/file") { Content = content };
        request.Headers.Add("X-Auth-Token", token);
        using var response = await http.SendAsync(request, stop);
        await Check(response, "upload", stop);
    }

    private async Task<JsonNode?> Send(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, images + path) { Content = content };
        request.Headers.Add("X-Auth-Token", token);
        using var response = await Call(request, stop);
        await Check(response, $"{method} images", stop);
        return response.StatusCode == HttpStatusCode.NoContent ? null : await Body(response, stop);
    }

    private async Task<HttpResponseMessage> Call(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop).WaitAsync(callTimeMax, clock, stop);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException)
        {
            throw new LauncherException($"The cloud does not answer at {request.RequestUri}: {error.Message}");
        }
    }

    private static async Task Check(HttpResponseMessage response, string what, CancellationToken stop)
    {
        if (response.IsSuccessStatusCode) return;
        var text = System.Text.RegularExpressions.Regex.Replace(await response.Content.ReadAsStringAsync(stop), "<[^>]*>|\\s+", " ").Trim();
        throw new LauncherException($"The cloud refused ({what}): {text}");
    }

    private static async Task<JsonNode> Body(HttpResponseMessage response, CancellationToken stop) =>
        await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync(stop), cancellationToken: stop) ?? throw new LauncherException("The cloud's answer is empty.");

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");
}
