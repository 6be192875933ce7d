using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sovereign.Tests.ImageSync;

/// <summary>A directory over HTTP, with ranges and dates; breaks one large answer off when it is told to.</summary>
internal sealed class Mirror(WebApplication app) : IAsyncDisposable
{
    private const int LargeBytes = 1_000_000;
    private static readonly TimeSpan arrival = TimeSpan.FromMilliseconds(300);

    public string Address { get; private set; } = "";

    /// <summary>Paths and ranges.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    public bool CutOnce { get; set; }

    public static async Task<Mirror> Start(string directory)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var mirror = new Mirror(app);
        app.Run(http => mirror.Answer(http, directory));
        await app.StartAsync();
        mirror.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return mirror;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task Answer(HttpContext http, string directory)
    {
        var path = http.Request.Path.Value!;
        Asked.Enqueue($"{path} {http.Request.Headers.Range}");
        var file = Path.Combine(directory, path.TrimStart('/'));
        if (!File.Exists(file))
        {
            http.Response.StatusCode = 404;
            return;
        }

        var content = await File.ReadAllBytesAsync(file, http.RequestAborted);
        var date = File.GetLastWriteTimeUtc(file).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers.LastModified = date;
        var range = http.Request.Headers.IfRange == date ? http.Request.Headers.Range.ToString()["bytes=".Length..^1] : "0";
        var from = int.Parse(range, System.Globalization.CultureInfo.InvariantCulture);
        if (from > 0)
        {
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        http.Response.ContentLength = content.Length - from;
        if (CutOnce && content.Length > LargeBytes)
        {
            CutOnce = false;
            await http.Response.Body.WriteAsync(content.AsMemory(from, content.Length / 2), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(arrival, TimeProvider.System);
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(content.AsMemory(from), http.RequestAborted);
    }
}
