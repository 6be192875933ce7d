using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Wire;
using Sovereign.Testing.Clouds;

namespace Sovereign.Testing.Simulation;

/// <summary>One life of the control plane's process: kernel, modules and API on the simulated scheduler. A restart makes a new one on the same database.</summary>
public sealed class SimulatedControlPlane
{
    private readonly RequestDelegate api;
    private readonly IServiceProvider services;

    private SimulatedControlPlane(SimulatedProcess process, KernelServices kernel, IReadOnlyList<IModule> modules, WebApplication app)
    {
        (Process, Kernel, Modules) = (process, kernel, modules);
        services = app.Services;
        api = ((IApplicationBuilder)app).Build();
    }

    public SimulatedProcess Process { get; }

    public KernelServices Kernel { get; }

    public IReadOnlyList<IModule> Modules { get; }

    /// <summary>Boots inside the process; the task is done when the API answers.</summary>
    public static Task<SimulatedControlPlane> Boot(SimulatedWorld world, SimulatedProcess process) => process.Start(async () =>
    {
        var kernel = new KernelServices(
            new CloudSettings("http://cloud.example", "RegionOne", world.DataDirectory),
            world.OpenDatabase(),
            new MasterKey(world.MasterKey),
            new KernelSources(world.Clock, world.Source, world.Source, new ProcessCrashPoints(world.Plan, process), NullLoggerFactory.Instance),
            new Policy(new Dictionary<string, string>()));
        var modules = world.Compose(kernel);
        await kernel.Start(modules, CancellationToken.None);
        var builder = CloudWeb.Builder(kernel, _ => { });
        var app = builder.Build();
        CloudWeb.Map(app, kernel, modules, world.Callers);
        app.UseEndpoints(_ => { });
        _ = kernel.Due.Run(CancellationToken.None);
        return new SimulatedControlPlane(process, kernel, modules, app);
    });

    /// <summary>One API request, inside the process. An IOException says that the process died before it answered.</summary>
    public Task<TestReply> Send(string method, string path, string? token, string? body) => Process.Start(async () =>
    {
        var features = new FeatureCollection();
        var question = path.IndexOf('?', StringComparison.Ordinal);
        using var output = new MemoryStream();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = method, Path = question < 0 ? path : path[..question], QueryString = question < 0 ? "" : path[question..], Scheme = "http",
            Body = new MemoryStream(Encoding.UTF8.GetBytes(body ?? "")),
        });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(output));
        var http = new DefaultHttpContext(features) { RequestServices = services };
        if (token is not null) http.Request.Headers["X-Auth-Token"] = token;
        if (body is not null) http.Request.Headers.ContentType = "application/json";
        await api(http);
        await http.Response.BodyWriter.FlushAsync();
        var headers = http.Response.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        return new TestReply(http.Response.StatusCode, output.ToArray(), headers);
    });
}
