using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;

namespace Sovereign.Compute.Consoles;

/// <summary>Routes of remote consoles (Compute API reference, "Server consoles"), the actions that came before them, and the public routes that carry
/// them: those need no token of a user, since the console's own is all that a viewer has.</summary>
internal sealed partial class ConsoleEndpoints(ConsoleService consoles, HostService hosts, ComputeOptions options)
{
    public const string Prefix = "/console";
    private const int SecretLengthMax = 128;

    /// <summary>Protocols and types that the API knows, with the version that brought them.</summary>
    private static readonly (string Protocol, string Type, int Since)[] words =
    [
        ("vnc", "novnc", 6), ("vnc", "xvpvnc", 6), ("spice", "spice-html5", 6), ("rdp", "rdp-html5", 6), ("serial", "serial", 6), ("mks", "webmks", 8),
        ("spice", "spice-direct", 99),
    ];

    /// <summary>Actions before 2.6 and the protocol of each.</summary>
    private static readonly Dictionary<string, string> actions = new(StringComparer.Ordinal)
    {
        ["os-getVNCConsole"] = "vnc", ["os-getSPICEConsole"] = "spice", ["os-getRDPConsole"] = "rdp", ["os-getSerialConsole"] = "serial",
    };

    public void Map(Routes api, BothRoutes both)
    {
        both.Post("/servers/{id}/remote-consoles", "compute:consoles:create", Create);
        both.Get("/os-console-auth-tokens/{token}", "compute:consoles:look", Look);
        var viewers = api.Under(Prefix, microversions: false);
        viewers.Get("/vnc", "compute:consoles:view", call => Serve(call, ConsoleKinds.Vnc));
        viewers.Get("/serial", "compute:consoles:view", call => Serve(call, ConsoleKinds.Serial));
        viewers.Get("/vnc.html", "compute:consoles:view", _ => Task.FromResult(File("vnc.html", "text/html; charset=utf-8")));
        viewers.Get("/vnc.js", "compute:consoles:view", _ => Task.FromResult(File("vnc.js", "text/javascript; charset=utf-8")));
        viewers.Get("/novnc/{**file}", "compute:consoles:view", NoVnc);
    }

    /// <returns>Null when there is no such action here.</returns>
    public async Task<Answer?> Run(Call call, string id, string name, JsonElement arguments)
    {
        if (!actions.TryGetValue(name, out var protocol)) return null;
        if (call.Version.Has(6)) return ComputeVersions.Unrouted(call);
        var read = Call.Parse(Encoding.UTF8.GetBytes(arguments.GetRawText()), ConsoleJson.Wire.ConsoleTypeArguments);
        if (read.Fault is { } wrong) return wrong;
        var type = read.Value.Type;
        if (!words.Any(word => word.Protocol == protocol && word.Type == type && word.Since <= 6)) return WrongType(type);
        return Answer.Of(await consoles.Open(call.Access, id, protocol, type, call.Stop), url => Render.Object(200, "console", json =>
        {
            json.WriteString("type", type);
            json.WriteString("url", url);
        }));
    }

    private async Task<Answer> Create(Call call)
    {
        if (!call.Version.Has(6)) return ComputeVersions.Unrouted(call);
        var body = await call.Body(ConsoleJson.Wire.RemoteConsoleBody);
        if (body.Fault is { } malformed) return malformed;
        var (protocol, type) = (body.Value.RemoteConsole.Protocol, body.Value.RemoteConsole.Type);
        var now = words.Where(word => call.Version.Has(word.Since)).ToList();
        if (!now.Exists(word => word.Protocol == protocol))
        {
            return new Fault.Invalid("protocol", $"Invalid input for field/attribute protocol. Value: {Short(protocol)}.");
        }

        if (!now.Exists(word => word.Type == type)) return WrongType(type);
        return Answer.Of(await consoles.Open(call.Access, call.Route("id"), protocol, type, call.Stop), url => Render.Object(200, "remote_console", json =>
        {
            json.WriteString("protocol", protocol);
            json.WriteString("type", type);
            json.WriteString("url", url);
        }));
    }

    /// <summary>Consoles here have no port of their own: the node opens a stream to the control plane when it is asked.</summary>
    private Task<Answer> Look(Call call)
    {
        if (!call.Version.Has(31)) return Task.FromResult<Answer>(Wire.NotFound("The console token is of no RDP console."));
        return Task.FromResult(Answer.Of(consoles.Look(call.Route("token")), found => Render.Object(200, "console", json =>
        {
            json.WriteString("instance_uuid", found.Server.Id);
            json.WriteString("host", hosts.Find(found.Server.NodeId!)?.Node.HostName);
            json.WriteNull("port");
            json.WriteNull("internal_access_path");
            if (call.Version.Has(99)) json.WriteNull("tls_port");
        })));
    }

    private Task<Answer> Serve(Call call, string kind)
    {
        if (!SocketUpgrade.Asked(call.Http)) return Task.FromResult<Answer>(new Fault.Invalid("", "This is the address of a WebSocket (RFC 6455)."));
        return consoles.Serve(call.Http, kind, call.Query("token") is { Length: <= SecretLengthMax } secret ? secret : "", call.Stop);
    }

    private static Answer File(string name, string contentType)
    {
        using var file = typeof(ConsoleEndpoints).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Page(bytes, contentType);
    }

    /// <summary>The scripts of the operating system's noVNC package, where it is installed.</summary>
    private Task<Answer> NoVnc(Call call)
    {
        var name = call.Route("file");
        var path = Path.Combine(options.NoVncDirectory, name);
        if (!ScriptName().IsMatch(name) || name.Contains("..", StringComparison.Ordinal) || !System.IO.File.Exists(path))
        {
            return Task.FromResult<Answer>(Wire.NotFound("There is no such script."));
        }

        return Task.FromResult(Page(System.IO.File.ReadAllBytes(path), "text/javascript; charset=utf-8"));
    }

    private static Answer Page(byte[] bytes, string contentType) => Answer.Bytes(200, bytes, contentType).With("Cache-Control", "no-store")
        .With("Referrer-Policy", "no-referrer").With("X-Content-Type-Options", "nosniff").With("X-Frame-Options", "SAMEORIGIN")
        .With("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'self' ws: wss:");

    private static Fault.Invalid WrongType(string type) => new("type", $"Invalid input for field/attribute type. Value: {Short(type)}.");

    private static string Short(string text) => text.Length > 80 ? text[..80] + "…" : text;

    [GeneratedRegex(@"^(core|vendor)/[a-zA-Z0-9_./-]{1,200}\.js\z", RegexOptions.CultureInvariant)]
    private static partial Regex ScriptName();
}
