using Sovereign.Bench.Clouds;
using Sovereign.Bench.Figures;
using Sovereign.Bench.Load;
using Sovereign.Bench.Servers;

namespace Sovereign.Bench.Benches;

internal sealed class RolesBench : IBench
{
    private const int Users = 10_000;
    private const int Projects = 1_000;
    private const double CpuMicrosMax = 50_000;

    public string Name => "roles";

    public string What => "GET /role_assignments with 1,000 projects and 10,000 users, beside bare Kestrel with the same bytes";

    public void Run(BenchRun run)
    {
        var directory = Path.Combine(run.Directory, "data");
        string project, role, user;
        using (var cloud = BenchCloud.Start(directory, nodes: 0))
        {
            project = (string)cloud.Ask("POST", "/identity/v3/projects", """{"project": {"name": "bench"}}""")["project"]!["id"]!;
            user = (string)cloud.Ask("POST", "/identity/v3/users", """{"user": {"name": "bench"}}""")["user"]!["id"]!;
            role = (string)cloud.Ask("GET", "/identity/v3/roles?name=manager")["roles"]![0]!["id"]!;
        }

        using (var rows = new BulkRows(directory)) rows.Tenants(Users, Projects, user, project, role);
        using var many = BenchCloud.Start(directory, nodes: 0);
        var one = (string)many.Ask("GET", "/identity/v3/projects?name=copy-500")["projects"]![0]!["id"]!;
        var member = (string)many.Ask("GET", $"/identity/v3/role_assignments?scope.project.id={one}")["role_assignments"]![0]!["user"]!["id"]!;
        (string Name, string Query)[] lists =
        [
            ("all", ""), ("all, effective", "?effective"), ("all, with names", "?include_names=1"), ("of a project", $"?scope.project.id={one}"),
            ("of a project, effective", $"?effective&scope.project.id={one}"), ("of a user", $"?user.id={member}"),
            ("of a user, effective, with names", $"?effective&include_names=1&user.id={member}"), ("of a role", $"?role.id={role}"),
        ];
        foreach (var (name, query) in lists) Measure(run, many, name, query);
        run.Notes.Add($"{Users} users with the role manager on one of {Projects} projects each, which implies two more; one client asks; CPU is the server process's.");
    }

    private static void Measure(BenchRun run, BenchCloud cloud, string name, string query)
    {
        BenchRun.Say(name);
        var request = LoadRequest.Of(200, "GET", "/identity/v3/role_assignments" + query, null, ("X-Auth-Token", cloud.AdminToken));
        var (probed, head, body) = LoadGenerator.Probe(cloud.Server.Port, request);
        var files = (Head: Path.Combine(run.Directory, "answer.head"), Body: Path.Combine(run.Directory, "answer.body"));
        File.WriteAllText(files.Head, head);
        File.WriteAllBytes(files.Body, body);
        using var bare = ServerProcess.Start(ServerKinds.Bare, files.Head, files.Body);
        var (ours, theirs) = (new Side(cloud.Server, probed), new Side(bare, probed));
        foreach (var side in (Side[])[ours, theirs]) LoadGenerator.Run(side.Server.Port, side.Request, 1, run.WarmUp);
        var (a, b) = Comparison.Interleave(run, ours, theirs, clients: 1);
        run.Figures.Add(new Figure(
            $"{name}: CPU", "us/request", Sample.Of(a.Select(w => w.CpuMicrosPerRequest)), Sample.Of(b.Select(w => w.CpuMicrosPerRequest)),
            Limit.AtMost(CpuMicrosMax)));
        run.Figures.Add(new Figure(
            $"{name}: median time", "ms", Sample.Of(a.Select(w => w.Load.P50Ms)), Sample.Of(b.Select(w => w.Load.P50Ms)), Limit.AtMost(CpuMicrosMax / 1000)));
        run.Notes.Add($"{name}: a body of {body.Length} bytes.");
    }
}
