using Microsoft.AspNetCore.Routing;
using Sovereign.Kernel.Wire;
using Sovereign.Testing.Clouds;
using Xunit;

namespace Sovereign.Cloud.Tests.AccessMatrix;

/// <summary>Who may do what, over HTTP with real tokens: every route for every persona, against the files beside this one.</summary>
public sealed class AccessMatrixTests(AccessMatrixTests.World world, ITestOutputHelper output) : IClassFixture<AccessMatrixTests.World>
{
    /// <summary>The old form of compute's routes: the project of the token stands in the path.</summary>
    private const string LegacyParameter = "/{project_id:length(32)}";

    public static TheoryData<string> Services => [.. MatrixFiles.Services];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_persona_gets_on_every_route_what_the_matrix_says(string service)
    {
        var rows = MatrixFiles.Rows(service);
        var wrong = new List<string>();
        var cells = 0;
        foreach (var row in rows)
        {
            foreach (var (persona, expected) in row.Expected)
            {
                cells++;
                wrong.AddRange(await world.Check(row, world.Cloud.Personas[persona], expected, legacy: false));
                if (service != "compute" || !row.Route.StartsWith("/compute/v2.1/", StringComparison.Ordinal) || row.Route.Length < 15) continue;
                if (persona is "domain-manager" or "system-reader") continue;
                cells++;
                wrong.AddRange(await world.Check(row, world.Cloud.Personas[persona], expected, legacy: true));
            }
        }

        output.WriteLine($"{service}: {rows.Count} routes, {cells} cells, {wrong.Count} wrong");
        Console.WriteLine($"access matrix: {service}: {rows.Count} routes, {cells} cells, {wrong.Count} wrong");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task Other_peoples_things_and_what_is_for_administrators_stay_closed()
    {
        var wrong = new List<string>();
        foreach (var asked in world.Files.Cases)
        {
            var persona = world.Cloud.Personas[asked.Persona];
            var path = await world.Things.Fill(asked.Path, persona, fresh: true);
            var body = asked.Body is null ? null : await world.Things.Fill(asked.Body, persona, fresh: true);
            var reply = await world.Things.Send(asked.Method, path, persona.Token, body);
            if (reply.Status == asked.Status) continue;
            wrong.Add($"{asked.Method} {asked.Path} {asked.Body} as {asked.Persona}: expected {asked.Status}, got {reply.Status}: {reply.Text}");
        }

        Console.WriteLine($"access matrix: cases: {world.Files.Cases.Count} calls, {wrong.Count} wrong");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    /// <summary>Shows that the search for leaks has eyes: what must be in a list is found there, and only there.</summary>
    [Theory]
    [InlineData("/network/v2.0/networks", "network")]
    [InlineData("/network/v2.0/subnets", "subnet")]
    [InlineData("/network/v2.0/ports", "port")]
    [InlineData("/network/v2.0/routers", "router")]
    [InlineData("/network/v2.0/floatingips", "floatingip")]
    [InlineData("/network/v2.0/security-groups", "security-group")]
    [InlineData("/network/v2.0/security-group-rules", "rule")]
    [InlineData("/image/v2/images?limit=1000", "image")]
    [InlineData("/compute/v2.1/servers/detail", "server")]
    [InlineData("/volume/v3/volumes/detail", "volume")]
    public async Task A_list_shows_the_callers_own_things_and_not_those_of_others(string path, string thing)
    {
        var (member, foreigner) = (world.Cloud.Personas["member"], world.Cloud.Personas["foreign-member"]);
        var (own, others) = (await world.Things.Fill($"{{{thing}}}", member, fresh: true), await world.Things.Fill($"{{own {thing}}}", foreigner, fresh: true));
        var seen = (await world.Things.Send("GET", path, member.Token, null)).Text;
        var seenByOthers = (await world.Things.Send("GET", path, foreigner.Token, null)).Text;
        Assert.Contains(own, seen, StringComparison.Ordinal);
        Assert.DoesNotContain(others, seen, StringComparison.Ordinal);
        Assert.Contains(others, seenByOthers, StringComparison.Ordinal);
        Assert.DoesNotContain(own, seenByOthers, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_route_has_a_rule_and_a_row_and_every_row_a_route()
    {
        var rows = MatrixFiles.Services.SelectMany(MatrixFiles.Rows).ToList();
        var endpoints = world.Cloud.Test.Endpoints.OfType<RouteEndpoint>().ToList();
        var open = endpoints.Where(e => e.Metadata.GetMetadata<RouteRule>() is null).Select(e => e.RoutePattern.RawText);
        Assert.Empty(open);
        var routes = endpoints
            .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {e.RoutePattern.RawText}"))
            .Select(route => route.Replace(LegacyParameter, "", StringComparison.Ordinal))
            .Select(route => route.Replace("/compute/v2/", "/compute/v2.1/", StringComparison.Ordinal))
            .Select(route => route.Replace("/load-balancer/v2/", "/load-balancer/v2.0/", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var known = rows.Select(row => row.ToString()).ToList();
        Assert.Equal(known.Distinct(), known);
        Assert.Empty(routes.Except(known).Select(route => "no row: " + route));
        Assert.Empty(known.Except(routes).Select(row => "no route: " + row));
        Assert.Empty(world.Files.Unasked(rows).Select(request => "no row: " + request));
    }

    /// <summary>One cloud for all rows.</summary>
    public sealed class World : IAsyncLifetime
    {
        /// <summary>There before the first list, so that a list that leaks has something to leak.</summary>
        private static readonly string[] belongings = ["network", "subnet", "port", "router", "floatingip", "security-group", "rule", "image", "server", "volume", "lb"];

        internal MatrixCloud Cloud { get; private set; } = null!;

        internal MatrixThings Things { get; private set; } = null!;

        internal MatrixFiles Files { get; } = new();

        public async ValueTask InitializeAsync()
        {
            Cloud = await MatrixCloud.Start();
            Things = new MatrixThings(Cloud, Files.Things);
            foreach (var thing in belongings)
            {
                await Things.Fill($"{{{thing}}}", Cloud.Personas["member"], fresh: true);
                await Things.Fill($"{{own {thing}}}", Cloud.Personas["foreign-member"], fresh: true);
            }

            foreach (var side in new[] { "a", "b" }) Things.Belongings[side].UnionWith([Cloud.Known["domain-" + side], Cloud.Known["project-" + side]]);
            Things.Belongings["a"].Add(Cloud.Known["member-id"]);
            Things.Belongings["b"].Add(Cloud.Known["foreign-member-id"]);
        }

        public ValueTask DisposeAsync() => Cloud.DisposeAsync();

        /// <summary>What is wrong with one cell; nothing when all is right.</summary>
        internal async Task<IEnumerable<string>> Check(MatrixRow row, MatrixPersona persona, string expected, bool legacy)
        {
            var request = Files.RequestOf(row);
            var letIn = expected == "ok";
            var path = await Things.Fill(request.Path, persona, letIn);
            var body = request.Body is null ? null : await Things.Fill(request.Body, persona, letIn);
            var headers = new List<(string, string)>();
            foreach (var (name, value) in request.Headers) headers.Add((name, await Things.Fill(value, persona, letIn)));
            if (legacy) path = path.Replace("/v2.1/", $"/v2.1/{(persona.ProjectId)}/", StringComparison.Ordinal);
            var reply = await Things.Send(row.Method, path, persona.Token.Length == 0 ? null : persona.Token, body, [.. headers]);
            var right = letIn ? reply.Status == request.Status || (request.Status is null && reply.Status is >= 200 and <= 300)
                : reply.Status.ToString(System.Globalization.CultureInfo.InvariantCulture) == expected;
            if (!right) return [$"{row} as {persona.Name}: expected {expected}, got {reply.Status}: {row.Method} {path} {body} -> {Short(reply)}"];
            return letIn ? Leaks(row, persona, path + body, reply) : [];
        }

        /// <summary>Ids of the other side in an answer to somebody of one side, unless the request named them.</summary>
        private IEnumerable<string> Leaks(MatrixRow row, MatrixPersona persona, string asked, TestReply reply)
        {
            if (persona.Side.Length == 0 || persona.Name is "system-reader" or "none") return [];
            var text = reply.Text;
            return Things.Belongings[persona.Side == "a" ? "b" : "a"]
                .Where(id => text.Contains(id, StringComparison.Ordinal) && !asked.Contains(id, StringComparison.Ordinal))
                .Select(id => $"{row} as {persona.Name}: the answer shows {id} of the other side");
        }

        private static string Short(TestReply reply) => reply.Text.Length > 300 ? reply.Text[..300] : reply.Text;
    }
}
