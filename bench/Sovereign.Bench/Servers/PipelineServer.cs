using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Sovereign.Kernel;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Bench.Servers;

/// <summary>The house around a handler that does nothing: real routing, token, rule, microversion, answer, with rendered bytes as the body.</summary>
internal static class PipelineServer
{
    public static async Task Run(string directory, int bodyBytes)
    {
        await using var kernel = BenchKernel.Make(directory);
        var callers = new OneCaller(kernel);
        var modules = new IModule[] { new PageModule(bodyBytes) };
        await kernel.Start(modules, CancellationToken.None);
        await using var app = CloudWeb.Builder(kernel, options => options.Listen(IPAddress.Loopback, 0)).Build();
        CloudWeb.Map(app, kernel, modules, callers);
        await app.StartAsync();
        ServerSide.Serve(WebPort.Of(app), new Dictionary<string, string> { ["token"] = callers.Token });
        await app.StopAsync();
    }

    /// <summary>Resolves real tokens to one caller: what identity does at least.</summary>
    private sealed class OneCaller : ICallers
    {
        private readonly KernelServices kernel;
        private readonly Caller caller;

        public OneCaller(KernelServices kernel)
        {
            this.kernel = kernel;
            caller = new Caller
            {
                UserId = kernel.Ids.Hex(), UserName = "demo", UserDomainId = "default", UserDomainName = "Default", ProjectId = kernel.Ids.Hex(), ProjectName = "demo",
                ProjectDomainId = "default", Roles = FrozenSet.Create("member", "reader"), ExpiresAt = kernel.Clock.Now() + 3600 * Micros.PerSecond,
            }.WithPersonas();
            Token = kernel.Tokens.Seal(new TokenPayload(
                caller.UserId, ScopeKind.Project, caller.ProjectId, AuthMethods.Password, kernel.Clock.Now(), caller.ExpiresAt, kernel.Randomness.Bytes(16), null, null));
        }

        public string Token { get; }

        public Outcome<Caller> Resolve(string token) =>
            kernel.Tokens.Open(token) is { } payload && payload.UserId == caller.UserId && payload.ExpiresAt > kernel.Clock.Now()
                ? caller
                : new Fault.Unauthorized("The request you have made requires authentication.");

        public Outcome<SigningKey> FindKey(string accessKey) => new Fault.Unauthorized("There are no access keys here.");
    }

    private sealed class PageModule(int bodyBytes) : IModule
    {
        private readonly byte[] page = [.. Enumerable.Repeat((byte)' ', bodyBytes)];

        public string Name => "page";

        public ServiceFace? Face { get; } = new("compute", "nova", "/compute/v2.1", Dialect.Nova, new MicroversionTable("compute", 2, [new(1, "first"), new(96, "last")], "X-OpenStack-Nova-API-Version"));

        public IReadOnlyList<AccessRule> Access => [new("bench:page", "admin or project_reader")];

        public void Map(Func<ServiceFace, Routes> face) => face(Face!).Get("/page", "bench:page", _ => Task.FromResult(Answer.Bytes(200, page)));
    }
}
