using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.KeyManager.Wire;

namespace Sovereign.KeyManager.Limits;

internal sealed record QuotaBody(QuotaWish ProjectQuotas);

internal sealed record QuotaWish(long? Secrets = null, long? Orders = null, long? Containers = null, long? Consumers = null, long? Cas = null)
{
    public long? this[string name] => name switch
    {
        KeyQuotas.Secrets => Secrets,
        KeyQuotas.Orders => Orders,
        KeyQuotas.Containers => Containers,
        KeyQuotas.Consumers => Consumers,
        _ => Cas,
    };
}

/// <summary>Limits of a project as the journal keeps them; null: that of everybody.</summary>
internal sealed record QuotaDocument(string ProjectId, QuotaWish? Limits);

[JsonSerializable(typeof(QuotaBody))]
[JsonSerializable(typeof(QuotaDocument))]
internal sealed partial class QuotaJson : JsonSerializerContext
{
    public static readonly QuotaJson Wire = new(WireJson.Options());
}

/// <summary>Routes of limits: the caller's project's, and those that an administrator gave to projects.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    private const string Kind = "key-quotas";
    private const int ProjectLengthMax = 64;
    private const long LimitMax = int.MaxValue;

    public void Map(Routes api)
    {
        api.Get("/quotas", "key-manager:quotas:show", call => Task.FromResult(Own(call)));
        api.Get("/project-quotas", "key-manager:project-quotas:show", call => Task.FromResult(List(call)));
        api.Get("/project-quotas/{project}", "key-manager:project-quotas:show", call => Task.FromResult(Show(call)));
        api.Put("/project-quotas/{project}", "key-manager:project-quotas:update", Update);
        api.Delete("/project-quotas/{project}", "key-manager:project-quotas:delete", Delete);
    }

    private Answer Own(Call call)
    {
        var limits = kernel.Database.Read(session => KeyQuotas.All
            .Select(quota => (quota.Name, Limit: kernel.Quotas.Limit(session, KeyQuotas.Service, quota.Name, call.Access.ProjectId))).ToList());
        return Render.Object(200, "quotas", json =>
        {
            foreach (var (name, limit) in limits) json.WriteNumber(name, limit);
        });
    }

    private Answer List(Call call)
    {
        var page = Page.Of(call);
        var (projects, total) = kernel.Database.Read(session =>
        {
            var all = kernel.Quotas.ProjectsWithLimits(session, KeyQuotas.Service);
            return (all.Skip((int)Math.Min(page.Offset, int.MaxValue)).Take((int)page.Limit).Select(project => (project, Given(session, project))).ToList(), all.Count);
        });
        return page.List(call, "project_quotas", "project-quotas", projects, total, (json, pair) =>
        {
            json.WriteString("project_id", pair.project);
            json.WriteStartObject("project_quotas");
            Write(json, pair.Item2);
            json.WriteEndObject();
        });
    }

    private Answer Show(Call call)
    {
        var given = kernel.Database.Read(session => Given(session, call.Route("project")));
        return given.Count == 0 ? Missing() : Render.Object(200, "project_quotas", json => Write(json, given));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaBody);
        if (body.Fault is { } malformed) return malformed;
        var (wish, project) = (body.Value.ProjectQuotas, call.Route("project"));
        if (project.Length > ProjectLengthMax) return KeyFaults.Mismatch("Project Quota", "the project's id is too long", "project_id");
        foreach (var quota in KeyQuotas.All)
        {
            if (wish[quota.Name] is < -1 or > LimitMax) return KeyFaults.Mismatch("Project Quota", $"{wish[quota.Name]} is not between -1 and {LimitMax}", quota.Name);
        }

        var done = await kernel.Queue.Write<Done>("key-quotas.update", call.Origin, tx =>
        {
            foreach (var quota in KeyQuotas.All) kernel.Quotas.SetLimit(tx, KeyQuotas.Service, quota.Name, project, wish[quota.Name]);
            tx.Record(Kind, project, project, Change.Updated, new QuotaDocument(project, wish), QuotaJson.Wire.QuotaDocument);
            return Done.Value;
        }, call.Stop);
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    private async Task<Answer> Delete(Call call)
    {
        var project = call.Route("project");
        var done = await kernel.Queue.Write<Done>("key-quotas.delete", call.Origin, tx =>
        {
            if (Given(tx, project).Count == 0) return Missing();
            foreach (var quota in KeyQuotas.All) kernel.Quotas.SetLimit(tx, KeyQuotas.Service, quota.Name, project, null);
            tx.Record(Kind, project, project, Change.Deleted, new QuotaDocument(project, null), QuotaJson.Wire.QuotaDocument);
            return Done.Value;
        }, call.Stop);
        return Answer.Of(done, _ => Answer.Empty(204));
    }

    /// <summary>The limits that the project has of its own; empty: none.</summary>
    private Dictionary<string, long> Given(Session session, string project) => kernel.Quotas.Own(session, KeyQuotas.Service, project);

    private static void Write(Utf8JsonWriter json, Dictionary<string, long> given)
    {
        foreach (var quota in KeyQuotas.All) json.NumberOrNull(quota.Name, given.TryGetValue(quota.Name, out var limit) ? limit : null);
    }

    private static Fault.NotFound Missing() => KeyFaults.Missing("Project quotas not found.");
}
