using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sovereign.Kernel;
using Sovereign.Kernel.Journal;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Quota;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;
using Sovereign.Volume.Types;
using Sovereign.Volume.Wire;

namespace Sovereign.Volume.Limits;

internal sealed record QuotaBody(Dictionary<string, JsonElement> QuotaSet);

internal sealed record QuotaClassBody(Dictionary<string, JsonElement> QuotaClassSet);

/// <summary>A project's limits as the journal keeps them, by the names they are kept under.</summary>
internal sealed record QuotaDocument(string ProjectId, Dictionary<string, long> Limits);

[JsonSerializable(typeof(QuotaBody))]
[JsonSerializable(typeof(QuotaClassBody))]
[JsonSerializable(typeof(QuotaDocument))]
internal sealed partial class QuotaJson : JsonSerializerContext
{
    public static readonly QuotaJson Wire = new(WireJson.Options());
}

/// <summary>One line of a quota set: the name that is shown, and the one that it is kept under.</summary>
internal sealed record QuotaLine(string Shown, string Kept);

/// <summary>What quota sets and classes share.</summary>
internal static class QuotaLines
{
    private const long LimitMax = int.MaxValue;

    /// <summary>In the order of the original: those of all volumes, those of each type, groups.</summary>
    public static List<QuotaLine> All(Session session)
    {
        var lines = VolumeQuotas.All.Where(one => !one.Family && one.Name != "groups").Select(one => new QuotaLine(one.Name, one.Name)).ToList();
        lines.AddRange(TypeStore.All(session).SelectMany(type => VolumeQuotas.OfTypes.Select(name =>
            new QuotaLine($"{name}_{type.Name}", VolumeQuotas.OfType(name, type.Id)))));
        lines.Add(new QuotaLine("groups", "groups"));
        return lines;
    }

    /// <summary>Limits by the names that they are kept under.</summary>
    public static Outcome<Dictionary<string, long>> Read(Dictionary<string, JsonElement> asked, IReadOnlyList<QuotaLine> lines)
    {
        var limits = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, element) in asked)
        {
            // Clients send whose set it is too.
            if (name is "tenant_id" or "id" or "skip_validation" or "class_name") continue;
            if (lines.FirstOrDefault(line => line.Shown == name) is not { } line) return new Fault.Invalid(name, $"Bad key(s) in quota set: {name}");
            if (element.ValueKind == JsonValueKind.Null) continue;
            if (Reading.Whole(element) is not { } limit || limit is < -1 or > LimitMax)
            {
                return Reading.Wrong(name, element, "A limit is -1 or a number that is not negative.");
            }

            limits[line.Kept] = limit;
        }

        return limits;
    }
}

/// <summary>Routes of quota sets and of limits.</summary>
internal sealed class QuotaEndpoints(KernelServices kernel)
{
    public void Map(BothRoutes api)
    {
        api.Get("/os-quota-sets/{project}", "volume:quotas:show", call => Task.FromResult(Foreign(call) ?? Show(call)));
        api.Get("/os-quota-sets/{project}/defaults", "volume:quotas:show", call => Task.FromResult(Foreign(call) ?? Defaults(call)));
        api.Put("/os-quota-sets/{project}", "volume:quotas:update", Update);
        api.Delete("/os-quota-sets/{project}", "volume:quotas:delete", Delete);
        api.Get("/limits", "volume:limits:show", call => Task.FromResult(Limits(call)));
    }

    private static Answer? Foreign(Call call) => call.Access.Covers(call.Route("project")) ? null : (Answer)VolumeFaults.NotAllowed("volume_extension:quotas:show");

    private Answer Show(Call call)
    {
        var project = call.Route("project");
        var usage = call.Query("usage") is { } asked && Truth.Of(asked) == true;
        return Set(project, named: true, (json, session, line) =>
        {
            var limit = kernel.Quotas.Limit(session, VolumeQuotas.Service, line.Kept, project);
            if (!usage)
            {
                json.WriteNumber(line.Shown, limit);
                return;
            }

            json.WriteStartObject(line.Shown);
            json.WriteNumber("limit", limit);
            json.WriteNumber("in_use", Quotas.Used(session, VolumeQuotas.Service, line.Kept, project));
            json.WriteNumber("reserved", 0);
            json.WriteEndObject();
        });
    }

    private Answer Defaults(Call call) => Set(
        call.Route("project"), named: true, (json, session, line) => json.WriteNumber(line.Shown, kernel.Quotas.Limit(session, VolumeQuotas.Service, line.Kept, "")));

    private async Task<Answer> Update(Call call)
    {
        var body = await call.Body(QuotaJson.Wire.QuotaBody);
        if (body.Fault is { } malformed) return malformed;
        var project = call.Route("project");
        var validated = !body.Value.QuotaSet.TryGetValue("skip_validation", out var skip) || Truth.Of(skip, false) == false;
        var changed = await kernel.Queue.Write<Done>(
            "volume-quota.update",
            call.Origin,
            tx => QuotaLines.Read(body.Value.QuotaSet, QuotaLines.All(tx)).Then<Done>(limits =>
            {
                foreach (var (name, limit) in limits)
                {
                    if (validated && limit >= 0 && limit < Quotas.Used(tx, VolumeQuotas.Service, name, project))
                    {
                        return new Fault.Invalid(name, $"Quota {name} is below what the project has already.");
                    }

                    kernel.Quotas.SetLimit(tx, VolumeQuotas.Service, name, project, limit);
                }

                tx.Record("volume-quota", project, project, Change.Updated, new QuotaDocument(project, limits), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            }),
            call.Stop);
        return Answer.Of(changed, _ => Set(
            project, named: false, (json, session, line) => json.WriteNumber(line.Shown, kernel.Quotas.Limit(session, VolumeQuotas.Service, line.Kept, project))));
    }

    private async Task<Answer> Delete(Call call)
    {
        var project = call.Route("project");
        var deleted = await kernel.Queue.Write<Done>(
            "volume-quota.delete",
            call.Origin,
            tx =>
            {
                foreach (var line in QuotaLines.All(tx)) kernel.Quotas.SetLimit(tx, VolumeQuotas.Service, line.Kept, project, null);
                tx.Record("volume-quota", project, project, Change.Updated, new QuotaDocument(project, []), QuotaJson.Wire.QuotaDocument);
                return Done.Value;
            },
            call.Stop);
        return Answer.Of(deleted, _ => Answer.Empty(200));
    }

    private Answer Limits(Call call)
    {
        var project = call.Access.Everything && call.Version.Has(39) && call.Query("project_id") is { } asked ? asked : call.Access.Caller.ProjectId ?? "";
        var state = kernel.Database.Read(session => kernel.Quotas.State(session, VolumeQuotas.Service, project)).ToDictionary(one => one.Name, StringComparer.Ordinal);
        return Render.Object(200, "limits", json =>
        {
            json.WriteStartArray("rate");
            json.WriteEndArray();
            json.WriteStartObject("absolute");
            json.WriteNumber("maxTotalVolumes", state[VolumeQuotas.Volumes].Limit);
            json.WriteNumber("maxTotalSnapshots", state[VolumeQuotas.Snapshots].Limit);
            json.WriteNumber("maxTotalVolumeGigabytes", state[VolumeQuotas.Gigabytes].Limit);
            json.WriteNumber("maxTotalBackups", state["backups"].Limit);
            json.WriteNumber("maxTotalBackupGigabytes", state["backup_gigabytes"].Limit);
            json.WriteNumber("totalVolumesUsed", state[VolumeQuotas.Volumes].Used);
            json.WriteNumber("totalGigabytesUsed", state[VolumeQuotas.Gigabytes].Used);
            json.WriteNumber("totalSnapshotsUsed", state[VolumeQuotas.Snapshots].Used);
            json.WriteNumber("totalBackupsUsed", state["backups"].Used);
            json.WriteNumber("totalBackupGigabytesUsed", state["backup_gigabytes"].Used);
            json.WriteEndObject();
        });
    }

    private Answer Set(string project, bool named, Action<Utf8JsonWriter, Session, QuotaLine> write) =>
        kernel.Database.Read(session => Render.Object(200, "quota_set", json =>
        {
            foreach (var line in QuotaLines.All(session)) write(json, session, line);
            if (named) json.WriteString("id", project);
        }));
}
