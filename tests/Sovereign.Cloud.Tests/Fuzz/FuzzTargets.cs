using System.Text;
using System.Text.RegularExpressions;
using Sovereign.Cloud.Tests.AccessMatrix;

namespace Sovereign.Cloud.Tests.Fuzz;

/// <summary>Makes requests from the rows of the access matrix: valid ones, and changed ones. One worker's own; its things are its own too.</summary>
internal sealed partial class FuzzTargets(MatrixCloud cloud, MatrixFiles files, IReadOnlyList<MatrixRow> rows, Uri address, int worker)
{
    /// <summary>Share of requests to a route that consumes its thing which get a fresh one; the others name what is not there.</summary>
    private const int FreshPercent = 12;

    /// <summary>Hashing of passwords and building of servers cost a hundred times what others do: they come this much more seldom.</summary>
    private const int CostlyOneIn = 40;

    /// <summary>A change here by an administrator would end the cloud under test, not test it.</summary>
    private static readonly string[] untouched = ["PUT /compute/v2.1/os-services/{id}", "DELETE /image/v2/stores/{store}/{id}"];

    private static readonly string[] costly =
    [
        "POST /identity/v3/auth/tokens", "POST /identity/v3/users", "PATCH /identity/v3/users/{id}", "POST /identity/v3/users/{id}/password",
        "POST /compute/v2.1/servers", "POST /compute/v2.1/servers/{id}/action", "DELETE /compute/v2.1/servers/{id}", "DELETE /compute/v2.1/servers/{id}/tags",
        "DELETE /compute/v2.1/servers/{id}/tags/{tag}",
        "DELETE /compute/v2.1/servers/{id}/metadata/{key}", "GET /image/v2/tasks/{id}", "POST /image/v2/images/{id}/import",
    ];

    /// <summary>What an administrator's changed request may change instead of what the run stands on.</summary>
    private static readonly (string From, string To)[] spare =
        [("{domain-a}", "{domain}"), ("{project-a}", "{project}"), ("{self-id}", "{user}"), ("{member-id}", "{user}"), ("{role-member}", "{role}")];

    private readonly MatrixThings things = new(cloud, files.Things, worker);

    public MatrixThings Things => things;

    public static bool IsCostly(MatrixRow row) => costly.Contains(row.ToString());

    /// <summary>The request of this number. What it says depends on nothing but the number, the seed and the ids of the moment.</summary>
    public async Task<FuzzRequest> Make(int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var row = Mutator.Pick(rows, random);
        while (IsCostly(row) && random.Next(CostlyOneIn) != 0) row = Mutator.Pick(rows, random);
        var persona = cloud.Personas[Mutator.Pick(row.Expected.Keys.ToList(), random)];
        var isMighty = persona.Name is "admin" or "domain-manager" && row.Method is not ("GET" or "HEAD");
        if (isMighty && untouched.Contains(row.ToString())) persona = cloud.Personas["member"];
        var valid = random.Next(25) == 0;
        var request = await Valid(row, persona, random, number, isMighty && !valid);
        if (valid) return request;
        var foreign = persona.Side.Length == 0 ? cloud.Known["project-b"] : await Foreign(persona, random, row.Method is "GET" or "HEAD");
        for (var i = random.Next(4) == 0 ? 2 : 1; i > 0; i--)
        {
            request = Mutator.Mutate(request, random, () => isMighty ? "00000000-0000-4000-8000-000000000000" : foreign);
        }

        return Unwritten(request);
    }

    /// <summary>A project's id tells most of what is shown to whom it must not be: nobody of the other side writes it where it could be kept.</summary>
    private FuzzRequest Unwritten(FuzzRequest request)
    {
        if (request.Persona.Side.Length == 0 || request.Method.ToUpperInvariant() is "GET" or "HEAD") return request;
        var other = cloud.Known[request.Persona.Side == "a" ? "project-b" : "project-a"];
        return request with { Path = request.Path.Replace(other, new string('f', other.Length), StringComparison.OrdinalIgnoreCase) };
    }

    /// <summary>A request that the matrix says is answered well.</summary>
    public Task<FuzzRequest> Good(MatrixRow row, MatrixPersona persona) => Build(row, persona, files.RequestOf(row), fresh: true, number: -1);

    private Task<FuzzRequest> Valid(MatrixRow row, MatrixPersona persona, Random random, int number, bool spared)
    {
        var template = files.RequestOf(row);
        if (spared) template = template with { Path = Spared(template.Path), Body = template.Body is null ? null : Spared(template.Body) };
        var consumes = template.Path.Contains("{new ", StringComparison.Ordinal) || row.Method == "DELETE";
        var fresh = !consumes || (row.Expected[persona.Name] == "ok" && random.Next(100) < FreshPercent);
        if (!fresh) template = template with { Path = Consumed().Replace(template.Path, "{uuid}") };
        return Build(row, persona, template, fresh, number);
    }

    private async Task<FuzzRequest> Build(MatrixRow row, MatrixPersona persona, MatrixRequest template, bool fresh, int number)
    {
        var path = await things.Fill(template.Path, persona, fresh);
        var body = template.Body is null ? null : await things.Fill(template.Body, persona, fresh);
        var headers = new List<(string Name, string Value)>();
        foreach (var (name, value) in template.Headers) headers.Add((name, await things.Fill(value, persona, fresh)));
        var service = path.Split('/')[1];
        if (service is "compute" or "placement" && headers.All(h => h.Name != "OpenStack-API-Version")) headers.Add(("OpenStack-API-Version", service + " latest"));
        if (body is not null) headers.Add(("Content-Type", Type(row, path)));
        return new FuzzRequest(
            number, row, persona, row.Method, address.GetLeftPart(UriPartial.Authority) + path, persona.Token.Length == 0 ? null : persona.Token, headers,
            body is null ? null : Encoding.UTF8.GetBytes(body));
    }

    /// <summary>The id of something of the other side.</summary>
    private async Task<string> Foreign(MatrixPersona persona, Random random, bool reads)
    {
        string[] kinds = ["network", "subnet", "port", "router", "floatingip", "security-group", "image", "server"];
        var other = persona.Side == "b" ? cloud.Personas["member"] : cloud.Personas["foreign-member"];
        return reads && random.Next(4) == 0 ? other.ProjectId : await things.Fill($"{{own {Mutator.Pick(kinds, random)}}}", other, fresh: true);
    }

    private static string Type(MatrixRow row, string path) =>
        path.EndsWith("/file", StringComparison.Ordinal) || path.EndsWith("/stage", StringComparison.Ordinal) ? "application/octet-stream"
        : row.ToString() == "PUT /key-manager/v1/secrets/{id}" ? "text/plain"
        : row.Method == "PATCH" && path.StartsWith("/image", StringComparison.Ordinal) ? "application/openstack-images-v2.1-json-patch" : "application/json";

    private static string Spared(string template) => spare.Aggregate(template, (text, pair) => text.Replace(pair.From, pair.To, StringComparison.Ordinal));

    [GeneratedRegex(@"\{new [a-z-]+\}")]
    private static partial Regex Consumed();
}
