using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Cloud.Tests.AccessMatrix;

/// <summary>One step of making a thing, from things.tsv: "{it}" is the thing's id once a step gave it.</summary>
/// <param name="Maker">"member" (of the side that the thing is for), "admin", or "self": the persona under test.</param>
/// <param name="Id">Where the answer has the id ("network.id", "items.0.id", "@Header"), "=text" for the text itself, "-" to keep it.</param>
internal sealed record ThingStep(string Maker, string Method, string Path, string? Body, string Id);

/// <summary>Makes what requests name, through the API: <c>{network}</c> is one shared network of project A, <c>{new network}</c> a fresh one,
/// <c>{own network}</c> one of the caller's own project.</summary>
/// <param name="maker">Several makers of one cloud give names and numbers of their own; from 0 to 5.</param>
internal sealed partial class MatrixThings(MatrixCloud cloud, ILookup<string, ThingStep> steps, int maker = 0)
{
    /// <summary>How many numbers a maker has; they are ports too, of which there are 65,535.</summary>
    private const int Numbers = 10_000;

    /// <summary>Of 10.0.0.0/8, in its second number.</summary>
    private const int Networks = 40;

    private const int BusyTriesMax = 100;
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan readyTimeMax = TimeSpan.FromSeconds(60);
    private readonly Dictionary<(string Thing, string By), string> made = [];
    private readonly MatrixSigner signer = new(cloud, maker);
    private int number;

    /// <summary>Ids of things that belong to members of each side.</summary>
    public Dictionary<string, HashSet<string>> Belongings { get; } = new() { ["a"] = [], ["b"] = [] };

    /// <summary>Fills in a template for a persona.</summary>
    /// <param name="fresh">False: "{new x}" is the shared x too, since the request must be refused and change nothing.</param>
    public async Task<string> Fill(string template, MatrixPersona persona, bool fresh, string side = "a", string? it = null)
    {
        var text = new StringBuilder();
        var from = 0;
        foreach (Match match in Placeholder().Matches(template))
        {
            text.Append(template, from, match.Index - from);
            from = match.Index + match.Length;
            text.Append(it is not null && match.Value == "{it}" ? it : await Value(match, persona, fresh, side));
        }

        return text.Append(template, from, template.Length - from).ToString();
    }

    private async Task<string> Value(Match match, MatrixPersona persona, bool fresh, string side)
    {
        var name = match.Groups["name"].Value;
        if (match.Groups["own"].Success && persona.Side == "b") side = "b";
        var subject = persona.Side == "b" ? cloud.Personas["member"] : persona;
        switch (name)
        {
            case "unique": return string.Create(CultureInfo.InvariantCulture, $"u{maker}{Next():D6}");
            case "number": return string.Create(CultureInfo.InvariantCulture, $"{1000 + (maker * Numbers) + (Next() % Numbers)}");
            case "uuid": return new Guid(Next(), (short)maker, 0, [0, 0, 0x80, 0, 0, 0, 0, 1]).ToString();
            case "net": return string.Create(CultureInfo.InvariantCulture, $"10.{(maker * Networks) + (Next() / 256 % Networks)}.{number % 256}");
            case "self-id": return subject.UserId;
            case "login": return (match.Groups["own"].Success ? persona : subject).Login().ToJsonString();
            case "own-project": return persona.Side == "b" ? persona.ProjectId : cloud.Known["project-a"];
            case "key": return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" + Convert.ToBase64String([0, 0, 0, 0x20, .. new byte[32]]) + " t";
        }

        if (cloud.Known.TryGetValue(name, out var known)) return known;
        if (name.StartsWith("oauth-", StringComparison.Ordinal)) return await signer.Value(name, fresh && match.Groups["new"].Success);
        var chosen = steps[name].FirstOrDefault() ?? throw new InvalidOperationException($"things.tsv has no {name}.");
        var by = chosen.Maker == "self" ? subject.Name : chosen.Maker == "member" ? "member-" + side : "admin";
        if (fresh && match.Groups["new"].Success) return await Make(name, subject, side);
        return made.TryGetValue((name, by), out var id) ? id : made[(name, by)] = await Make(name, subject, side);
    }

    private async Task<string> Make(string name, MatrixPersona subject, string side)
    {
        string? it = null;
        foreach (var step in steps[name])
        {
            var sender = step.Maker switch
            {
                "self" => subject,
                "member" => cloud.Personas[side == "b" ? "foreign-member" : "member"],
                _ => cloud.Personas[step.Maker],
            };
            TestReply? reply = null;
            if (step.Method != "-")
            {
                var path = await Fill(step.Path, subject, fresh: true, side, it);
                var body = step.Body is null ? null : await Fill(step.Body, subject, fresh: true, side, it);
                reply = await Send(step.Method, path, sender.ProjectToken, body);
                for (var tries = 0; reply.Status == 503 && tries < BusyTriesMax; tries++)
                {
                    await Task.Delay(pause, TimeProvider.System);
                    reply = await Send(step.Method, path, sender.ProjectToken, body);
                }

                Assert.True(reply.Status is >= 200 and < 300, $"Making {name}: {step.Method} {path} {body}: {reply.Status} {reply.Text}");
            }

            it = step.Id switch
            {
                "-" => it,
                ['=', .. var text] => await Fill(text, subject, fresh: true, side, it),
                ['@', .. var header] => reply!.Headers[header],
                [.. var url, '#'] => Pointed(reply!.Json, url).ToString().Split('/')[^1],
                _ => Pointed(reply!.Json, step.Id).ToString(),
            };
        }

        if (steps[name].Any(step => step.Maker == "member")) Belongings[side].Add(it!);
        if (name == "server") await Ready(it!, side);
        if (name.StartsWith("lb", StringComparison.Ordinal)) await Active(steps[name].Last(), it!, subject, side);
        return it!;
    }

    /// <summary>Sends with the content type and the newest microversion that the path's service knows.</summary>
    public Task<TestReply> Send(string method, string path, string? token, string? body, params (string Name, string Value)[] headers)
    {
        var service = path.Split('/')[1];
        if (service is "compute" or "placement" && !headers.Any(h => h.Name == "OpenStack-API-Version"))
        {
            headers = [.. headers, ("OpenStack-API-Version", service + " latest")];
        }

        object? content = body;
        var isImageData = path.EndsWith("/file", StringComparison.Ordinal) || path.EndsWith("/stage", StringComparison.Ordinal);
        if (body is not null && isImageData) content = Typed(body, "application/octet-stream");
        if (body is not null && method == "PUT" && service == "key-manager" && path.Split('/') is [_, _, _, "secrets", _]) content = Typed(body, "text/plain");
        if (body is not null && method == "PATCH" && service == "image") content = Typed(body, "application/openstack-images-v2.1-json-patch");
        return service == "load-balancer" ? Settled(method, path, token, content, headers) : cloud.Test.Send(method, path, token, content, headers);
    }

    /// <summary>A load balancer whose node works on it can't be changed for a moment: asked again until it can.</summary>
    private async Task<TestReply> Settled(string method, string path, string? token, object? content, (string Name, string Value)[] headers)
    {
        using var patience = new CancellationTokenSource(readyTimeMax);
        while (true)
        {
            var reply = await cloud.Test.Send(method, path, token, content, headers);
            if (reply.Status != 409 || !reply.Text.Contains("is immutable", StringComparison.Ordinal)) return reply;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    private async Task Ready(string server, string side)
    {
        var token = cloud.Personas[side == "b" ? "foreign-member" : "member"].Token;
        using var patience = new CancellationTokenSource(readyTimeMax);
        while (true)
        {
            var status = (string)(await cloud.Do(token, "GET", "/compute/v2.1/servers/" + server))!["server"]!["status"]!;
            if (status == "ACTIVE") return;
            Assert.True(status == "BUILD", $"The server {server} is {status}.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>A part of a load balancer is what its node made of it.</summary>
    private async Task Active(ThingStep step, string it, MatrixPersona subject, string side)
    {
        var sender = step.Maker == "member" ? cloud.Personas[side == "b" ? "foreign-member" : "member"] : cloud.Personas[step.Maker];
        var path = await Fill(step.Path, subject, fresh: false, side) + "/" + it;
        using var patience = new CancellationTokenSource(readyTimeMax);
        while ((await cloud.Test.Send("GET", path, sender.ProjectToken)).Text.Contains("\"PENDING_", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    private int Next() => ++number;

    private static ByteArrayContent Typed(string body, string type)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private static JsonNode Pointed(JsonNode node, string pointer) => pointer.Split('.').Aggregate(
        node, (at, part) => (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? at[index] : at[part])
            ?? throw new InvalidOperationException($"{pointer} is not in {node.ToJsonString()}"));

    [GeneratedRegex(@"\{(?<new>new )?(?<own>own )?(?<name>[a-z][a-z-]*)\}")]
    private static partial Regex Placeholder();
}
