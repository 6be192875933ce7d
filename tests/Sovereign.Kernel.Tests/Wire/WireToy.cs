using System.Text.Json.Serialization;
using Sovereign.Kernel.Access;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Testing.Clouds;

namespace Sovereign.Kernel.Tests.Wire;

/// <summary>A service without state in every dialect, to try what all services share on the wire.</summary>
internal sealed class WireToy : IModule
{
    public const int BodyBytesMax = 1_000;

    public static readonly MicroversionTable Versions = new(
        "toy",
        2,
        [new(1, "first"), new(3, "third"), new(7, "seventh"), new(9, "touches our routes", Implemented: false), new(12, "touches them not")],
        LegacyHeader: "X-OpenStack-Toy-API-Version");

    private static readonly (string Name, Dialect Dialect)[] dialects =
    [
        ("keystone", Dialect.Keystone), ("nova", Dialect.Nova), ("neutron", Dialect.Neutron), ("glance", Dialect.Glance), ("placement", Dialect.Placement),
    ];

    public static IEnumerable<(string Name, Dialect Dialect)> Dialects => dialects;

    public string Name => "wire-toy";

    public ServiceFace? Face => null;

    public IReadOnlyList<AccessRule> Access { get; } =
        [new("wire:member", "project_member"), new("wire:open", "public"), new("wire:admin", "admin")];

    public static Task<TestCloud> Cloud() => TestCloud.Start(_ => [new WireToy()]);

    public void Map(Func<ServiceFace, Routes> face)
    {
        foreach (var (name, dialect) in dialects)
        {
            var api = face(new ServiceFace(name, name, "/" + name, dialect, Versions) { BodyBytesMax = BodyBytesMax, TrailingSlash = name != "glance" });
            api.Get("/open", "wire:open", _ => Task.FromResult(Answer.Json(200, new Echo("open"), EchoJson.Wire.Echo)));
            api.Get("/things/{id}", "wire:member", call => Task.FromResult(Answer.Json(200, new Echo(call.Route("id")), EchoJson.Wire.Echo)));
            api.Head("/things/{id}", "wire:member", call => Task.FromResult(Answer.Json(200, new Echo(call.Route("id")), EchoJson.Wire.Echo)));
            api.Delete("/things/{id}", "wire:admin", _ => Task.FromResult(Answer.Empty(204)));
            api.Post("/echo", "wire:member", async call => Answer.Of(await call.Body(EchoJson.Wire.EchoBody), body => Answer.Json(200, body.Echo, EchoJson.Wire.Echo)));
            api.Get("/version", "wire:member", call => Task.FromResult(Answer.Json(200, new Echo(call.Version.ToString()), EchoJson.Wire.Echo)));
            api.Get("/fault/{name}", "wire:member", call => Task.FromResult<Answer>(Faults[call.Route("name")]));
            api.Get("/store-away", "wire:member", _ => throw new StoreUnavailableException("The disk of the database is full."));
            api.Get("/bug", "wire:member", _ => throw new InvalidOperationException("secret of the inside"));
        }
    }

    /// <summary>Every kind of fault once, as services make them.</summary>
    public static readonly IReadOnlyDictionary<string, Fault> Faults = new Dictionary<string, Fault>
    {
        ["not-found"] = new Fault.NotFound("Port", "7d0f"),
        ["conflict"] = new Fault.Conflict("Thing 7d0f is in use."),
        ["conflict-named"] = new Fault.Conflict("IP address 10.0.0.5 is in use.") { Type = "IpAddressInUse" },
        ["invalid"] = new Fault.Invalid("thing.name", "'<b>' is too long & \"odd\"."),
        ["unauthorized"] = new Fault.Unauthorized("The request you have made requires authentication."),
        ["forbidden"] = new Fault.Forbidden("You are not authorized to perform the requested action: wire:admin."),
        ["over-quota"] = new Fault.OverQuota("instances", 10, 10, 1),
        ["not-acceptable"] = new Fault.NotAcceptable("Version 2.99 is not supported by the API. Minimum is 2.1 and maximum is 2.7."),
        ["precondition-failed"] = new Fault.PreconditionFailed("The revision is 4, not 3."),
        ["too-large"] = new Fault.TooLarge("Request is too large."),
        ["unsupported-media"] = new Fault.UnsupportedMedia("Unsupported Content-Type text/plain."),
        ["gone"] = new Fault.Gone("This was removed."),
        ["unavailable"] = new Fault.Unavailable("The node is away."),
    };
}

internal sealed record Echo(string Text, int Number = 0, bool Truth = false, IReadOnlyList<string>? Many = null);

internal sealed record EchoBody(Echo Echo);

[JsonSerializable(typeof(EchoBody))]
[JsonSerializable(typeof(Echo))]
internal sealed partial class EchoJson : JsonSerializerContext
{
    public static readonly EchoJson Wire = new(WireJson.Options());
}
