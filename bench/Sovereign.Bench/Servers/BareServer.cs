using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Sovereign.Bench.Servers;

/// <summary>The baseline: Kestrel and one delegate that takes in what is sent and writes the recorded answer of the side under test, byte for byte.</summary>
internal static class BareServer
{
    /// <param name="headFile">Status line and headers as recorded.</param>
    /// <param name="bodyFile">The body as recorded.</param>
    public static async Task Run(string headFile, string bodyFile)
    {
        var lines = await File.ReadAllLinesAsync(headFile);
        var body = await File.ReadAllBytesAsync(bodyFile);
        var status = int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).Where(h => h[0] is not ("Date" or "Content-Length" or "Connection"))
            .Select(h => (Name: h[0], Value: new StringValues(h[1]))).ToArray();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, 0);
        });
        await using var app = builder.Build();
        app.Run(async http =>
        {
            await Take(http.Request);
            var response = http.Response;
            response.StatusCode = status;
            foreach (var (name, value) in headers) response.Headers[name] = value;
            response.ContentLength = body.Length;
            await response.BodyWriter.WriteAsync(body);
        });
        await app.StartAsync();
        ServerSide.Serve(WebPort.Of(app), new Dictionary<string, string>());
        await app.StopAsync();
    }

    /// <summary>Takes in the body, if there is one, and looks at none of it.</summary>
    private static async Task Take(HttpRequest request)
    {
        var left = request.ContentLength ?? 0;
        while (left > 0)
        {
            var read = await request.BodyReader.ReadAsync();
            left -= read.Buffer.Length;
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
    }
}

internal static class WebPort
{
    public static int Of(WebApplication app) => new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
}
