using System.Net;
using System.Text;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Three bugs between client and cloud, to see whether the fuzzer finds them: each is where only odd input comes.</summary>
/// <param name="foreignId">An id of side B, shown to side A.</param>
internal sealed class PlantedBugs(HttpMessageHandler inner, string foreignId) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        var path = request.RequestUri!.AbsolutePath;
        var query = request.RequestUri.Query;
        if (request.Method == HttpMethod.Post && path == "/network/v2.0/networks" && request.Content is { } content
            && (await content.ReadAsStringAsync(stop)).Contains("\"name\":\"nnnnnnnn", StringComparison.Ordinal))
        {
            return Answer(HttpStatusCode.InternalServerError, "{}");
        }

        if (path == "/network/v2.0/ports" && query.Contains("limit=-", StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }

        return path == "/compute/v2.1/servers" && query.Contains("all_tenants", StringComparison.Ordinal)
            ? Answer(HttpStatusCode.OK, $"{{\"servers\":[{{\"id\":\"{foreignId}\"}}]}}") : await base.SendAsync(request, stop);
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
