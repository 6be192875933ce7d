using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Keys;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Testing.Sources;

namespace Sovereign.Testing.Clouds;

/// <summary>A kernel with the given modules behind a real web server on loopback.</summary>
public sealed class TestCloud : IAsyncDisposable
{
    private static readonly ILoggerFactory errors = LoggerFactory.Create(log => log.SetMinimumLevel(LogLevel.Error).AddConsole());
    private readonly CancellationTokenSource stop = new();
    private static readonly TimeSpan lifeGap = TimeSpan.FromMinutes(10);
    private readonly TestHome home;
    private readonly bool ownsHome;
    private WebApplication? app;

    private TestCloud(TestHome home, bool ownsHome, ICrashPoints points)
    {
        (this.home, this.ownsHome) = (home, ownsHome);
        var source = new SeededSource(++home.Lives);
        Kernel = new KernelServices(
            new CloudSettings("http://cloud.example:8443", "RegionOne", home.Directory),
            home.Database.Open(),
            new MasterKey(home.MasterKey),
            new KernelSources(new LaterClock((home.Lives - 1) * lifeGap), source, source, points, points is NoCrashPoints ? errors : NullLoggerFactory.Instance),
            new Policy(new Dictionary<string, string>()));
    }

    private CancellationTokenSource? pause;
    private Task? working;

    public KernelServices Kernel { get; }

    public TestCallers Callers { get; } = new();

    public HttpClient Http { get; } = new();

    /// <param name="modules">Made from the kernel, in the order of the arrows.</param>
    /// <param name="callers">Who resolves tokens; null for the test callers.</param>
    public static async Task<TestCloud> Start(
        Func<KernelServices, IReadOnlyList<IModule>> modules, Func<IReadOnlyList<IModule>, ICallers>? callers = null, string engine = "sqlite")
    {
        return await Start(new TestCloud(new TestHome(engine), ownsHome: true, new NoCrashPoints()), modules, callers);
    }

    /// <summary>One life of a cloud whose database and files outlive it.</summary>
    public static Task<TestCloud> Live(TestHome home, ICrashPoints points, Func<KernelServices, IReadOnlyList<IModule>> modules) =>
        Start(new TestCloud(home, ownsHome: false, points), modules, null);

    private static async Task<TestCloud> Start(
        TestCloud cloud, Func<KernelServices, IReadOnlyList<IModule>> modules, Func<IReadOnlyList<IModule>, ICallers>? callers)
    {
        var made = modules(cloud.Kernel);
        await cloud.Kernel.Start(made, cloud.stop.Token);
        cloud.Work();
        var builder = Sovereign.Kernel.Wire.CloudWeb.Builder(cloud.Kernel, options => options.Listen(System.Net.IPAddress.Loopback, 0));
        cloud.app = builder.Build();
        Sovereign.Kernel.Wire.CloudWeb.Map(cloud.app, cloud.Kernel, made, callers?.Invoke(made) ?? cloud.Callers);
        await cloud.app.StartAsync(cloud.stop.Token);
        var address = cloud.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        cloud.Http.BaseAddress = new Uri(address);
        return cloud;
    }

    /// <summary>Due work is done; so it is from the start.</summary>
    public void Work()
    {
        if (working is not null) return;
        pause = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        working = Kernel.Due.Run(pause.Token);
    }

    /// <summary>No due work is begun from now on, so that what a request left can be looked at. To be called when none is under way.</summary>
    public async Task Pause()
    {
        if (working is null) return;
        await pause!.CancelAsync();
        await working;
        pause.Dispose();
        working = null;
    }

    /// <summary>Routes with their rules, for matrix tests.</summary>
    public IEnumerable<Microsoft.AspNetCore.Http.Endpoint> Endpoints => ((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)app!).DataSources.SelectMany(s => s.Endpoints);

    /// <summary>Sends a request with a token and a JSON body.</summary>
    public async Task<TestReply> Send(string method, string path, string? token = "member-a", object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body switch
        {
            null => null,
            string text => new StringContent(text, System.Text.Encoding.UTF8, "application/json"),
            HttpContent content => content,
            _ => JsonContent.Create(body),
        };
        using var response = await Http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return new TestReply((int)response.StatusCode, bytes, response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        await stop.CancelAsync();
        await Kernel.DisposeAsync();
        Kernel.Database.Engine.Dispose();
        Http.Dispose();
        if (ownsHome) home.Dispose();
        stop.Dispose();
    }
}

/// <summary>What of a cloud outlives its process: database, files, master key.</summary>
public sealed class TestHome(string engine) : IDisposable
{
    public TestDatabase Database { get; } = TestDatabase.New(engine);

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("sovereign-data-").FullName;

    public byte[] MasterKey { get; } = ((IRandomness)new SeededSource(1)).Bytes(Sovereign.Kernel.Keys.MasterKey.Bytes);

    /// <summary>Processes so far; each has ids of its own.</summary>
    public int Lives { get; set; }

    public void Dispose()
    {
        Database.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}

/// <summary>The system's clock, ahead: the leases of a process that died are over when the next one starts.</summary>
internal sealed class LaterClock(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}

/// <summary>An answer, read whole.</summary>
public sealed record TestReply(int Status, byte[] Bytes, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);

    public JsonNode Json => JsonNode.Parse(Bytes) ?? throw new InvalidOperationException("The body is null.");
}
