using System.Text.Json;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Network.Wire;

namespace Sovereign.Network.Quotas;

/// <summary>{"quota": {"network": 100, …}}.</summary>
internal sealed record QuotaBody(IReadOnlyDictionary<string, JsonElement> Quota);

internal sealed record QuotaAnswer(IReadOnlyDictionary<string, long> Quota);

internal sealed record QuotaDetails(IReadOnlyDictionary<string, QuotaDetail> Quota);

internal sealed record QuotaDetail(long Limit, long Used, long Reserved);

internal sealed record QuotaList(IReadOnlyList<Dictionary<string, JsonElement>> Quotas);

/// <summary>Limits of a project on networks, ports and the rest.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    private const long LimitMax = int.MaxValue;

    public void Map(Routes api)
    {
        api.Get("/v2.0/quotas", "network:quotas:list", List);
        api.Get("/v2.0/quotas/{project}", "network:quotas:show", Show);
        api.Get("/v2.0/quotas/{project}/default", "network:quotas:default", Default);
        api.Get("/v2.0/quotas/{project}/details", "network:quotas:details", Details);
        api.Get("/v2.0/quotas/{project}/details.json", "network:quotas:details", Details);
        api.Put("/v2.0/quotas/{project}", "network:quotas:update", Update);
        api.Delete("/v2.0/quotas/{project}", "network:quotas:delete", Delete);
    }

    private Task<Answer> List(Call call)
    {
        var list = kernel.Database.Read(session => kernel.Quotas.ProjectsWithLimits(session, NetworkModule.Service).ConvertAll(project =>
        {
            var entry = kernel.Quotas.State(session, NetworkModule.Service, project)
                .ToDictionary(s => s.Name, s => JsonSerializer.SerializeToElement(s.Limit, NetworkJson.Wire.Int64), StringComparer.Ordinal);
            entry["project_id"] = entry["tenant_id"] = JsonSerializer.SerializeToElement(project, NetworkJson.Wire.String);
            return entry;
        }));
        return Task.FromResult(Answer.Json(200, new QuotaList(list), NetworkJson.Wire.QuotaList));
    }

    private Task<Answer> Show(Call call) => Task.FromResult(Mine(call) ?? Limits(call.Route("project")));

    private Task<Answer> Default(Call call) => Task.FromResult(Mine(call) ?? Answer.Json(
        200,
        new QuotaAnswer(kernel.Quotas.Of(NetworkModule.Service).ToDictionary(r => r.Name, r => r.Default, StringComparer.Ordinal)),
        NetworkJson.Wire.QuotaAnswer));

    private Task<Answer> Details(Call call) => Task.FromResult(Mine(call) ?? Answer.Json(
        200,
        new QuotaDetails(kernel.Database.Read(session => kernel.Quotas.State(session, NetworkModule.Service, call.Route("project")))
            .ToDictionary(s => s.Name, s => new QuotaDetail(s.Limit, s.Used, 0), StringComparer.Ordinal)),
        NetworkJson.Wire.QuotaDetails));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(NetworkJson.Wire.QuotaBody);
        if (body.Fault is { } wrong) return wrong;
        var limits = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, value) in body.Value.Quota)
        {
            // The project may be repeated in the body; the path has it.
            if (name is "project_id" or "tenant_id" or "force" or "check_limit") continue;
            if (kernel.Quotas.Of(NetworkModule.Service).All(r => r.Name != name)) return new Fault.Invalid(name, $"Unrecognized attribute(s) '{name}'");
            if (Number(value) is not { } limit || limit is < -1 or > LimitMax)
            {
                return NetworkFaults.Attribute(name, $"'{value}' is not an integer from -1 to {LimitMax}");
            }

            limits[name] = limit;
        }

        var project = call.Route("project");
        await kernel.Queue.Write<Done>(
            "network.quota",
            call.Origin,
            tx =>
            {
                foreach (var (name, limit) in limits) kernel.Quotas.SetLimit(tx, NetworkModule.Service, name, project, limit);
                return Done.Value;
            },
            call.Stop);
        return Limits(project);
    }

    private async Task<Answer> Delete(Call call)
    {
        var project = call.Route("project");
        await kernel.Queue.Write<Done>(
            "network.quota",
            call.Origin,
            tx =>
            {
                foreach (var resource in kernel.Quotas.Of(NetworkModule.Service)) kernel.Quotas.SetLimit(tx, NetworkModule.Service, resource.Name, project, null);
                return Done.Value;
            },
            call.Stop);
        return Answer.Empty(204);
    }

    private static long? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        JsonValueKind.String when long.TryParse(
            value.GetString(), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static Answer? Mine(Call call)
    {
        if (call.Access.Covers(call.Route("project"))) return null;
        return NetworkFaults.NotAuthorized("get_quota");
    }

    private Answer Limits(string project) => Answer.Json(
        200,
        new QuotaAnswer(kernel.Database.Read(session => kernel.Quotas.State(session, NetworkModule.Service, project))
            .ToDictionary(s => s.Name, s => s.Limit, StringComparer.Ordinal)),
        NetworkJson.Wire.QuotaAnswer);
}
