using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;

namespace Sovereign.Kernel.Wire;

/// <summary>The one web server in front of all services: limits, routes of the modules, and what answers where no route does.</summary>
public static class CloudWeb
{
    private const int HeaderBytesMax = 64 * 1024;
    private const int RequestLineBytesMax = 32 * 1024;
    private static readonly TimeSpan headersTimeMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan pingAfter = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan pingTimeMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan keepAliveTimeMax = TimeSpan.FromSeconds(75);

    public static WebApplicationBuilder Builder(KernelServices kernel, Action<KestrelServerOptions> listen)
    {
        // Empty: the usual builder reads and watches settings files below the current directory, which for a service is the whole disk.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = kernel.Settings.DataDirectory });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<ILoggerFactory>(new WebLogs(kernel.Sources.Logs));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new WireBlocks());
        builder.Services.AddSingleton(new PublicAddress(kernel.Settings.PublicUrl));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            // Metadata of objects is any text; both APIs for them send it as UTF-8.
            options.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.UTF8;
            options.Limits.MaxRequestBodySize = null;   // Each face has its own limit; images have none.
            options.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            options.Limits.MaxRequestLineSize = RequestLineBytesMax;
            options.Limits.RequestHeadersTimeout = headersTimeMax;
            options.Limits.KeepAliveTimeout = keepAliveTimeMax;
            options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
            // A node whose path is cut without a word is noticed by these.
            options.Limits.Http2.KeepAlivePingDelay = pingAfter;
            options.Limits.Http2.KeepAlivePingTimeout = pingTimeMax;
            listen(options);
        });
        return builder;
    }

    /// <summary>Maps every module's routes and the answers of last resort.</summary>
    public static void Map(WebApplication app, KernelServices kernel, IReadOnlyList<IModule> modules, ICallers callers)
    {
        var wire = new WireServices(kernel.Policy, callers, kernel.Ids, kernel.Clock, kernel.Settings.PublicUrl, kernel.Log("api"));
        var faces = new List<ServiceFace>();
        var fronts = modules.Select(module => module.Front(wire)).OfType<IFront>().ToArray();
        app.Use((http, next) => Array.Find(fronts, front => front.Takes(http)) is { } front ? front.Run(http) : next(http));
        app.Use((http, next) => Unrouted(http, next, wire, faces, fronts));
        app.Use((http, next) =>
        {
            if (SocketUpgrade.Connected(http)) http.Request.Method = HttpMethods.Get;
            return next(http);
        });
        app.UseRouting();
        foreach (var module in modules)
        {
            module.Map(face =>
            {
                faces.Add(face);
                return new Routes(app, wire, face);
            });
        }
    }

    private static async Task Unrouted(HttpContext http, RequestDelegate next, WireServices wire, List<ServiceFace> faces, IFront[] fronts)
    {
        if (EndsInSlash(http.Request.Path) && FaceOf(http, faces) is { TrailingSlash: false } strict && http.Request.Path.Value!.Length > strict.Prefix.Length + 1)
        {
            http.Response.StatusCode = 404;
        }
        else
        {
            await next(http);
        }

        var status = http.Response.StatusCode;
        if (http.Response.HasStarted || status is not (404 or 405) || http.Response.Headers.ContainsKey(RequestIds.Header)) return;
        var face = FaceOf(http, faces);
        if (face is null && Array.Find(fronts, front => front.TakesUnrouted(http)) is { } front)
        {
            http.Response.StatusCode = 200;
            await front.Run(http);
            return;
        }

        var requestId = RequestIds.Next(wire.Ids);
        http.Response.Headers[RequestIds.Header] = requestId;
        var dialect = face?.Dialect ?? Dialect.Nova;
        if (status == 404 && face is not null && !wire.Callers.Resolve(http.Request.Headers["X-Auth-Token"].ToString()).Ok)
        {
            // As in front of the original: who has no token is not told which paths exist.
            await AnswerWriter.Write(http, new Fault.Unauthorized("The request you have made requires authentication."), face, requestId, version: null);
            return;
        }

        http.Response.ContentType = dialect.ContentType;
        var message = status == 404 ? "The resource could not be found." : "The method is not allowed for this resource.";
        await http.Response.Body.WriteAsync(dialect.Body(message, status, requestId), http.RequestAborted);
    }

    private static bool EndsInSlash(PathString path) => path.Value is [_, .., '/'];

    private static ServiceFace? FaceOf(HttpContext http, List<ServiceFace> faces) =>
        faces.Where(face => http.Request.Path.StartsWithSegments(face.Prefix, StringComparison.Ordinal)).MaxBy(face => face.Prefix.Length);
}

/// <summary>The web server's lines, without those of its hosting layer: that one would make an activity and a scope for every request. Its faults reach
/// the log through the server's own category.</summary>
internal sealed class WebLogs(ILoggerFactory logs) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) =>
        categoryName == "Microsoft.AspNetCore.Hosting.Diagnostics" ? NullLogger.Instance : logs.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    public void Dispose()
    {
        // The factory is the process's, not the web server's.
    }
}
