using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Limits;

internal sealed record QuotaSetBody(Dictionary<string, JsonElement> QuotaSet);

internal sealed record QuotaDocument(string ProjectId, Dictionary<string, long> Limits);

[JsonSerializable(typeof(QuotaSetBody))]
[JsonSerializable(typeof(QuotaDocument))]
internal sealed partial class QuotaJson : JsonSerializerContext
{
    public static readonly QuotaJson Wire = new(WireJson.Options());
}

/// <summary>Routes of quota sets and limits: the same numbers in two shapes.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    private const long LimitMax = int.MaxValue;

    /// <summary>What the network service limits; before 2.36 shown here as unlimited, as the original does.</summary>
    private static readonly string[] networkNames = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];

    public void Map(BothRoutes api)
    {
        api.Get("/limits", "compute:limits:show", Limits);
        api.Get("/os-quota-sets/{project}", "compute:quotas:show", call => Show(call, detailed: false));
        api.Get("/os-quota-sets/{project}/detail", "compute:quotas:detail", call => Show(call, detailed: true));
        api.Get("/os-quota-sets/{project}/defaults", "compute:quotas:defaults", Defaults);
        api.Put("/os-quota-sets/{project}", "compute:quotas:update", Update);
        api.Delete("/os-quota-sets/{project}", "compute:quotas:delete", Delete);
    }

    private static bool Shown(string name, Microversion version) =>
        !(version.Has(57) && name.StartsWith("injected_", StringComparison.Ordinal)) && !(version.Has(36) && Array.IndexOf(networkNames, name) >= 0);

    private Task<Answer> Show(Call call, bool detailed)
    {
        var project = call.Route("project");
        if (Foreign(call, project) is { } refused) return Task.FromResult<Answer>(refused);
        var state = State(project);
        return Task.FromResult(Render.Object(200, "quota_set", json =>
        {
            json.WriteString("id", project);
            foreach (var quota in state.Where(quota => Shown(quota.Name, call.Version)))
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
        var defaults = kernel.Quotas.Of(ComputeQuotas.Service).Select(r => (r.Name, Limit: r.Default)).Concat(networkNames.Select(name => (Name: name, Limit: -1L)));
        return Task.FromResult(Render.Object(200, "quota_set", json =>
        {
            json.WriteString("id", project);
            foreach (var (name, limit) in defaults.OrderBy(d => d.Name, StringComparer.Ordinal).Where(d => Shown(d.Name, call.Version))) json.WriteNumber(name, limit);
        }));
    }

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaSetBody);
        if (body.Fault is { } malformed) return malformed;
        var project = call.Route("project");
        var read = Read(body.Value.QuotaSet, call.Version);
        if (read.Fault is { } wrong) return wrong;
        var (limits, force) = read.Value;
        var changed = await kernel.Queue.Write<Done>(
            "quota.update",
            call.Origin,
            tx =>
            {
                var used = kernel.Quotas.State(tx, ComputeQuotas.Service, project).ToDictionary(q => q.Name, q => q.Used, StringComparer.Ordinal);
                foreach (var (name, limit) in limits)
                {
                    if (!force && limit >= 0 && limit < used.GetValueOrDefault(name))
                    {
                        return new Fault.Invalid(name, $"Quota limit {limit} for {name} must be greater than or equal to already used and reserved {used[name]}.");
                    }

                    kernel.Quotas.SetLimit(tx, ComputeQuotas.Service, name, project, limit);
                }

                tx.Record("compute-quota", project, project, Change.Updated, new QuotaDocument(project, limits), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(changed, _ => Render.Object(200, "quota_set", json =>
        {
            foreach (var quota in State(project).Where(quota => Shown(quota.Name, call.Version))) json.WriteNumber(quota.Name, quota.Limit);
        }));
    }

    private async Task<Answer> Delete(Call call)
    {
        var project = call.Route("project");
        var deleted = await kernel.Queue.Write<Done>(
            "quota.delete",
            call.Origin,
            tx =>
            {
                foreach (var resource in kernel.Quotas.Of(ComputeQuotas.Service)) kernel.Quotas.SetLimit(tx, ComputeQuotas.Service, resource.Name, project, null);
                tx.Record("compute-quota", project, project, Change.Updated, new QuotaDocument(project, []), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(deleted, _ => Answer.Empty(202));
    }

    private Outcome<(Dictionary<string, long> Limits, bool Force)> Read(Dictionary<string, JsonElement> asked, Microversion version)
    {
        var known = kernel.Quotas.Of(ComputeQuotas.Service).Select(r => r.Name).ToHashSet(StringComparer.Ordinal);
        var limits = new Dictionary<string, long>(StringComparer.Ordinal);
        var force = false;
        foreach (var (name, element) in asked)
        {
            if (name == "force")
            {
                if (Wire.Truth(element, false) is not { } truth) return new Fault.Invalid(name, "force is a boolean.");
                force = truth;
                continue;
            }

            var network = Array.IndexOf(networkNames, name) >= 0;
            if ((!known.Contains(name) && !network) || !Shown(name, version)) return Wire.Unexpected(name);
            if (!long.TryParse(element.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit) || limit is < -1 or > LimitMax)
            {
                return new Fault.Invalid(name, $"Invalid input for field/attribute {name}. Quota limit must be -1 or a number that is not negative.");
            }

            if (network && limit != -1) return new Fault.Invalid(name, $"The limit of {name} is set in the network service.");
            if (!network) limits[name] = limit;
        }

        return (limits, force);
    }

    private Task<Answer> Limits(Call call)
    {
        var project = call.Access.Everything ? call.Query("tenant_id") ?? call.Access.Caller.ProjectId : call.Access.Caller.ProjectId;
        if (call.Query("tenant_id") is { } asked && asked != project)
        {
            return Task.FromResult<Answer>(new Fault.Forbidden("Policy doesn't allow os_compute_api:limits:other_project to be performed."));
        }
        var state = State(project ?? "").ToDictionary(q => q.Name, StringComparer.Ordinal);
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
            json.WriteNumber("maxTotalFloatingIps", -1);
            json.WriteNumber("maxSecurityGroups", -1);
            json.WriteNumber("maxSecurityGroupRules", -1);
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

    /// <summary>All quotas by name, those of networks as unlimited.</summary>
    private List<QuotaState> State(string project) => kernel.Database.Read(session => kernel.Quotas.State(session, ComputeQuotas.Service, project))
        .Concat(networkNames.Select(name => new QuotaState(name, -1, 0))).OrderBy(q => q.Name, StringComparer.Ordinal).ToList();

    private static Fault? Foreign(Call call, string project) => call.Access.Covers(project)
        ? null
        : new Fault.Forbidden("Policy doesn't allow os_compute_api:os-quota-sets:show to be performed.");
}
