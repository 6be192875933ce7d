using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;
using Sovereign.LoadBalancer.Wire;

namespace Sovereign.LoadBalancer.Quotas;

/// <summary>Limits of a project on load balancers and their parts.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    private const string Path = "/lbaas/quotas";
    private const long LimitMax = 2_000_000_000;

    /// <summary>Resources by the names that a body may give them; two have an older one.</summary>
    private static readonly (string Name, string Kind)[] names =
    [
        ("loadbalancer", Kinds.Balancer), ("load_balancer", Kinds.Balancer), ("listener", Kinds.Listener), ("member", Kinds.Member), ("pool", Kinds.Pool),
        ("healthmonitor", Kinds.Monitor), ("health_monitor", Kinds.Monitor), ("l7policy", Kinds.Policy), ("l7rule", Kinds.Rule),
    ];

    public static IReadOnlyList<QuotaResource> All { get; } =
    [
        new(LoadBalancerModule.Service, Kinds.Balancer, 10, "SELECT project_id, COUNT(*) AS used FROM balancers GROUP BY project_id"),
        Part(Kinds.Listener, 100), Part(Kinds.Pool, 100), Part(Kinds.Member, 1000), Part(Kinds.Monitor, 100), Part(Kinds.Policy, 200), Part(Kinds.Rule, 500),
    ];

    public void Map(BothRoutes api)
    {
        api.Get(Path, "load-balancer:quotas:list", List);
        api.Get(Path + "/defaults", "load-balancer:quotas:default", call => Task.FromResult(Defaults()));
        api.Get(Path + "/{project}", "load-balancer:quotas:show", call => Task.FromResult(Mine(call) ?? Limits(call.Route("project"), 200)));
        api.Get(Path + "/{project}/default", "load-balancer:quotas:default", call => Task.FromResult(Mine(call) ?? Defaults()));
        api.Put(Path + "/{project}", "load-balancer:quotas:update", Update);
        api.Delete(Path + "/{project}", "load-balancer:quotas:delete", Delete);
    }

    private Task<Answer> List(Call call) => Task.FromResult(kernel.Database.Read(session =>
    {
        var own = call.Access.OnlyProject;
        var projects = kernel.Quotas.ProjectsWithLimits(session, LoadBalancerModule.Service).Where(project => own is null || project == own).ToList();
        return Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("quotas");
            foreach (var project in projects)
            {
                json.WriteStartObject();
                foreach (var (name, kind) in names) json.WriteNumber(name, kernel.Quotas.Limit(session, LoadBalancerModule.Service, kind, project));
                json.WriteString("project_id", project);
                json.WriteString("tenant_id", project);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("quotas_links");
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }));

    private Answer Limits(string project, int status) => kernel.Database.Read(session =>
        Quota(status, kind => kernel.Quotas.Limit(session, LoadBalancerModule.Service, kind, project)));

    private static Answer Defaults() => Quota(200, kind => All.First(resource => resource.Name == kind).Default);

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(BalancerJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } wrong) return wrong;
        if (body.Value.Count != 1 || !body.Value.TryGetValue("quota", out var quota) || quota.ValueKind != JsonValueKind.Object)
        {
            return Faults.Validation("the body is an object with the one member quota");
        }

        var limits = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (var member in quota.EnumerateObject())
        {
            if (member.Name is "project_id" or "tenant_id") continue;
            if (Array.Find(names, known => known.Name == member.Name) is not { Kind: { } kind })
                return new Fault.Invalid(member.Name, $"Unknown attribute: {member.Name}");
            if (member.Value.ValueKind == JsonValueKind.Null) limits[kind] = null;
            else if (member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt64(out var limit) && limit is >= -1 and <= LimitMax) limits[kind] = limit;
            else return Faults.Attribute(member.Name, "…", $"Value should be an integer from -1 to {LimitMax}.");
        }

        await Set(call, limits);
        return Limits(call.Route("project"), 202);
    }

    private async Task<Answer> Delete(Call call)
    {
        await Set(call, All.ToDictionary(resource => resource.Name, _ => (long?)null, StringComparer.Ordinal));
        return Answer.Empty(204);
    }

    private Task<Outcome<Done>> Set(Call call, Dictionary<string, long?> limits) => kernel.Queue.Write<Done>(
        "load-balancer.quota",
        call.Origin,
        tx =>
        {
            foreach (var (name, limit) in limits) kernel.Quotas.SetLimit(tx, LoadBalancerModule.Service, name, call.Route("project"), limit);
            return Done.Value;
        },
        call.Stop);

    private static Answer Quota(int status, Func<string, long> limit) => Render.Json(status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("quota");
        foreach (var (name, kind) in names) json.WriteNumber(name, limit(kind));
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static Answer? Mine(Call call) => call.Access.Covers(call.Route("project")) ? null : (Answer)new Fault.Forbidden("");

    private static QuotaResource Part(string kind, long most) => new(
        LoadBalancerModule.Service, kind, most, $"SELECT project_id, COUNT(*) AS used FROM balancer_parts WHERE kind = '{kind}' GROUP BY project_id");
}
