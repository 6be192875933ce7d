using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Sovereign.Image.Tests;

/// <summary>A web server on loopback that has files, knows ranges, redirects, and breaks off when it is told to.</summary>
internal sealed class WebPlace : IAsyncDisposable
{
    private readonly WebApplication app;
    private int cuts;

    private WebPlace(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, string> Redirects { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths with the range that was asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>As many answers break off after half of their bytes.</summary>
    public void Cut(int times) => cuts = times;

    /// <summary>While set, bytes wait for it after the first half.</summary>
    public Task? Hold { get; set; }

    public static async Task<WebPlace> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var place = new WebPlace(builder.Build());
        place.app.Run(place.Answer);
        await place.app.StartAsync();
        place.Address = new Uri(place.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return place;
    }

    public string Url(string path) => new Uri(Address, path).AbsoluteUri;

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task Answer(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Asked.Enqueue(path + http.Request.Headers.Range);
        if (Redirects.TryGetValue(path, out var target))
        {
            http.Response.Redirect(target);
            return;
        }

        if (!Files.TryGetValue(path, out var content))
        {
            http.Response.StatusCode = 404;
            return;
        }

        var from = 0;
        http.Response.Headers.ETag = $"\"{content.Length}\"";
        if (RangeHeaderValue.TryParse(http.Request.Headers.Range.ToString(), out var range) && http.Request.Headers.IfRange == http.Response.Headers.ETag)
        {
            from = (int)range.Ranges.First().From!.Value;
            http.Response.StatusCode = from >= content.Length ? 416 : 206;
            http.Response.Headers.ContentRange = from >= content.Length ? $"bytes */{content.Length}" : $"bytes {from}-{content.Length - 1}/{content.Length}";
            if (from >= content.Length) return;
        }

        var rest = content.AsMemory(from);
        http.Response.ContentLength = rest.Length;
        await http.Response.Body.WriteAsync(rest[..(rest.Length / 2)], http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        if (Hold is { } hold) await hold.WaitAsync(http.RequestAborted);
        if (Interlocked.Decrement(ref cuts) >= 0)
        {
            // What was flushed must arrive before the end does.
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(rest[(rest.Length / 2)..], http.RequestAborted);
    }
}
