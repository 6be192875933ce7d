using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Limits;

internal sealed record QuotaSetBody(Dictionary<string, JsonElement> QuotaSet);

internal sealed record QuotaClassBody(Dictionary<string, JsonElement> QuotaClassSet);

/// <param name="UserId">Null: limits of the whole project.</param>
internal sealed record QuotaDocument(string ProjectId, Dictionary<string, long> Limits, string? UserId = null);

[JsonSerializable(typeof(QuotaSetBody))]
[JsonSerializable(typeof(QuotaClassBody))]
[JsonSerializable(typeof(QuotaDocument))]
internal sealed partial class QuotaJson : JsonSerializerContext
{
    public static readonly QuotaJson Wire = new(WireJson.Options());
}

/// <summary>Routes of quota sets and limits: the same numbers in two shapes.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    public void Map(BothRoutes api)
    {
        api.Get("/limits", "compute:limits:show", Limits);
        api.Get("/os-quota-sets/{project}", "compute:quotas:show", call => Show(call, detailed: false));
        api.Get("/os-quota-sets/{project}/detail", "compute:quotas:detail", call => Show(call, detailed: true));
        api.Get("/os-quota-sets/{project}/defaults", "compute:quotas:defaults", Defaults);
        api.Put("/os-quota-sets/{project}", "compute:quotas:update", Update);
        api.Delete("/os-quota-sets/{project}", "compute:quotas:delete", Delete);
    }

    private Task<Answer> Show(Call call, bool detailed)
    {
        var project = call.Route("project");
        if (Foreign(call, project) is { } refused) return Task.FromResult<Answer>(refused);
        var state = State(project, call.Query("user_id"));
        return Task.FromResult(Render.Object(200, "quota_set", json =>
        {
            json.WriteString("id", project);
            foreach (var quota in state.Where(quota => QuotaWish.InSets(quota.Name, call.Version)))
            {
                if (!detailed)
                {
                    json.WriteNumber(quota.Name, quota.Limit);
                    continue;
                }

                json.WriteStartObject(quota.Name);
                json.WriteNumber("in_use", quota.Used);
                json.WriteNumber("limit", quota.Limit);
                json.WriteNumber("reserved", 0);
                json.WriteEndObject();
            }
        }));
    }

    private Task<Answer> Defaults(Call call)
    {
        var project = call.Route("project");
        var defaults = kernel.Database.Read(session => kernel.Quotas.Defaults(session, ComputeQuotas.Service));
        return Task.FromResult(Render.Object(200, "quota_set", json =>
        {
            json.WriteString("id", project);
            foreach (var (name, limit) in defaults.Where(d => QuotaWish.InSets(d.Key, call.Version))) json.WriteNumber(name, limit);
        }));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaSetBody);
        if (body.Fault is { } malformed) return malformed;
        var (project, user) = (call.Route("project"), call.Query("user_id"));
        var wish = QuotaWish.Read(
            body.Value.QuotaSet, kernel.Quotas.Of(ComputeQuotas.Service), name => QuotaWish.InSets(name, call.Version), forceable: true);
        if (wish.Fault is { } wrong) return wrong;
        var limits = wish.Value.Limits;
        var changed = await kernel.Queue.Write<Done>(
            "quota.update",
            call.Origin,
            tx =>
            {
                var whole = kernel.Quotas.State(tx, ComputeQuotas.Service, project).ToDictionary(q => q.Name, StringComparer.Ordinal);
                var own = user is null ? whole : UserQuotas.State(tx, kernel.Quotas, project, user).ToDictionary(q => q.Name, StringComparer.Ordinal);
                foreach (var (name, limit) in limits)
                {
                    var refused = wish.Value.Force ? null : QuotaWish.Wrong(name, limit, own[name].Used, user is null ? -1 : whole[name].Limit);
                    if (refused is not null) return refused;
                    if (user is null) kernel.Quotas.SetLimit(tx, ComputeQuotas.Service, name, project, limit);
                    else UserQuotas.Set(tx, project, user, name, limit);
                }

                tx.Record("compute-quota", project, project, Change.Updated, new QuotaDocument(project, limits, user), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(changed, _ => Render.Object(200, "quota_set", json =>
        {
            foreach (var quota in State(project, user).Where(quota => QuotaWish.InSets(quota.Name, call.Version))) json.WriteNumber(quota.Name, quota.Limit);
        }));
    }

    /// <summary>Takes a user's limits away, or the project's with those of all its users.</summary>
    private async Task<Answer> Delete(Call call)
    {
        var (project, user) = (call.Route("project"), call.Query("user_id"));
        var deleted = await kernel.Queue.Write<Done>(
            "quota.delete",
            call.Origin,
            tx =>
            {
                UserQuotas.Clear(tx, project, user);
                if (user is null)
                {
                    foreach (var resource in kernel.Quotas.Of(ComputeQuotas.Service)) kernel.Quotas.SetLimit(tx, ComputeQuotas.Service, resource.Name, project, null);
                }

                tx.Record("compute-quota", project, project, Change.Updated, new QuotaDocument(project, [], user), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(deleted, _ => Answer.Empty(202));
    }

    private Task<Answer> Limits(Call call)
    {
        var project = call.Access.Everything ? call.Query("tenant_id") ?? call.Access.Caller.ProjectId : call.Access.Caller.ProjectId;
        if (call.Query("tenant_id") is { } asked && asked != project)
        {
            return Task.FromResult<Answer>(new Fault.Forbidden("Policy doesn't allow os_compute_api:limits:other_project to be performed."));
        }
        var state = State(project ?? "", null).ToDictionary(q => q.Name, StringComparer.Ordinal);
        return Task.FromResult(Render.Object(200, "limits", json =>
        {
            json.WriteStartArray("rate");
            json.WriteEndArray();
            json.WriteStartObject("absolute");
            Absolute(json, state, call.Version);
            json.WriteEndObject();
        }));
    }

    private static void Absolute(Utf8JsonWriter json, Dictionary<string, QuotaState> state, Microversion version)
    {
        json.WriteNumber("maxTotalInstances", state["instances"].Limit);
        json.WriteNumber("maxTotalCores", state["cores"].Limit);
        json.WriteNumber("maxTotalRAMSize", state["ram"].Limit);
        json.WriteNumber("maxServerMeta", state["metadata_items"].Limit);
        if (!version.Has(39)) json.WriteNumber("maxImageMeta", state["metadata_items"].Limit);
        if (!version.Has(57))
        {
            json.WriteNumber("maxPersonality", state["injected_files"].Limit);
            json.WriteNumber("maxPersonalitySize", state["injected_file_content_bytes"].Limit);
        }

        json.WriteNumber("maxTotalKeypairs", state["key_pairs"].Limit);
        json.WriteNumber("maxServerGroups", state["server_groups"].Limit);
        json.WriteNumber("maxServerGroupMembers", state["server_group_members"].Limit);
        if (!version.Has(36))
        {
            json.WriteNumber("maxTotalFloatingIps", state["floating_ips"].Limit);
            json.WriteNumber("maxSecurityGroups", state["security_groups"].Limit);
            json.WriteNumber("maxSecurityGroupRules", state["security_group_rules"].Limit);
        }

        json.WriteNumber("totalRAMUsed", state["ram"].Used);
        json.WriteNumber("totalCoresUsed", state["cores"].Used);
        json.WriteNumber("totalInstancesUsed", state["instances"].Used);
        if (!version.Has(36))
        {
            json.WriteNumber("totalFloatingIpsUsed", 0);
            json.WriteNumber("totalSecurityGroupsUsed", 0);
        }

        json.WriteNumber("totalServerGroupsUsed", state["server_groups"].Used);
    }

    /// <summary>All quotas by name.</summary>
    private List<QuotaState> State(string project, string? user) => kernel.Database.Read(session => user is null
        ? kernel.Quotas.State(session, ComputeQuotas.Service, project)
        : UserQuotas.State(session, kernel.Quotas, project, user)).OrderBy(q => q.Name, StringComparer.Ordinal).ToList();

    private static Fault? Foreign(Call call, string project) => call.Access.Covers(project)
        ? null
        : new Fault.Forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.");
}
