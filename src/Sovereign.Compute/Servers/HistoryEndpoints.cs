using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Hosts;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Servers;

/// <summary>Routes of what was done to a server; from 2.21 on also to a deleted one.</summary>
internal sealed class HistoryEndpoints(KernelServices kernel, ServerService servers, HostService hosts)
{
    private const int PageItemsMax = 1000;

    public void Map(BothRoutes api)
    {
        api.Get("/servers/{id}/os-instance-actions", "compute:servers:history", List);
        api.Get("/servers/{id}/os-instance-actions/{request}", "compute:servers:history", Show);
    }

    private Task<Answer> List(Call call)
    {
        var found = Actions(call);
        if (found.Fault is { } missing) return Task.FromResult<Answer>(missing);
        IEnumerable<ActionRow> rows = found.Value;
        var limit = PageItemsMax;
        if (call.Version.Has(58))
        {
            if (call.Query("limit") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)) return Wrong("limit", text);
            limit = Math.Min(limit, PageItemsMax);
            if (call.Query("marker") is { } marker)
            {
                var at = found.Value.FindIndex(row => row.RequestId == marker);
                if (at < 0) return Wrong("marker", marker);
                rows = rows.Skip(at + 1);
            }

            if (call.Query("changes-since") is { } since)
            {
                if (ServerFilters.Time(since) is not { } from) return Wrong("changes-since", since);
                rows = rows.Where(row => Updated(row) >= from);
            }

            if (call.Query("changes-before") is { } before && call.Version.Has(66))
            {
                if (ServerFilters.Time(before) is not { } until) return Wrong("changes-before", before);
                rows = rows.Where(row => Updated(row) <= until);
            }
        }

        var page = rows.Take(limit + 1).ToList();
        var next = page.Count > limit && limit > 0
            ? $"{call.Link($"/servers/{call.Route("id")}/os-instance-actions")}?limit={limit}&marker={page[limit - 1].RequestId}"
            : null;
        return Task.FromResult(Listed(page.Take(limit), call.Version, next));
    }

    private static Answer Listed(IEnumerable<ActionRow> rows, Microversion version, string? next) => Render.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("instanceActions");
        foreach (var row in rows)
        {
            json.WriteStartObject();
            Action(json, row, version);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (next is not null)
        {
            json.WriteStartArray("links");
            json.WriteStartObject();
            json.WriteString("rel", "next");
            json.WriteString("href", next);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    });

    private Task<Answer> Show(Call call)
    {
        var request = call.Route("request");
        var found = Actions(call).Then<ActionRow>(rows =>
            rows.Find(row => row.RequestId == request) is { } row ? row : Wire.NotFound($"Action for request_id {request} on instance {call.Route("id")} not found"));
        return Task.FromResult(Answer.Of(found, row => Render.Object(200, "instanceAction", json =>
        {
            Action(json, row, call.Version);
            if (!call.Access.Everything && !call.Version.Has(51)) return;
            json.WriteStartArray("events");
            Event(json, row, call);
            json.WriteEndArray();
        })));
    }

    private Outcome<List<ActionRow>> Actions(Call call)
    {
        var id = call.Route("id");
        var living = servers.Find(call.Access, id);
        if (!living.Ok && !call.Version.Has(21)) return living.Fault!;
        var rows = kernel.Database.Read(session => ServerStore.Actions(session, id));
        return !living.Ok && (rows.Count == 0 || !call.Access.Covers(rows[0].ProjectId)) ? living.Fault! : rows;
    }

    private static void Action(Utf8JsonWriter json, ActionRow row, Microversion version)
    {
        json.WriteString("action", row.Action);
        json.WriteString("instance_uuid", row.ServerId);
        json.WriteString("request_id", row.RequestId);
        json.WriteString("user_id", row.UserId);
        json.WriteString("project_id", row.ActorProjectId ?? row.ProjectId);
        json.WriteString("start_time", Micros.ToMicrosBare(row.StartedAt));
        json.WriteString("message", row.Message);
        if (version.Has(58)) json.WriteString("updated_at", Micros.ToMicrosBare(Updated(row)));
    }

    private void Event(Utf8JsonWriter json, ActionRow row, Call call)
    {
        var host = row.NodeId is { } node ? hosts.Find(node)?.Node.HostName : null;
        json.WriteStartObject();
        json.WriteString("event", row.Event);
        json.WriteString("start_time", Micros.ToMicrosBare(row.StartedAt));
        json.WriteString("finish_time", row.FinishedAt == 0 ? null : Micros.ToMicrosBare(row.FinishedAt));
        json.WriteString("result", row.Result);
        if (call.Access.Everything) json.WriteNull("traceback");
        if (call.Version.Has(62))
        {
            json.WriteString("hostId", host is null ? "" : ServerView.HostId(row.ProjectId, host));
            if (call.Access.Everything) json.WriteString("host", host);
        }

        if (call.Version.Has(84)) json.WriteString("details", row.Details);
        json.WriteEndObject();
    }

    private static long Updated(ActionRow row) => Math.Max(row.StartedAt, row.FinishedAt);

    private static Task<Answer> Wrong(string name, string text) => Task.FromResult<Answer>(new Fault.Invalid(
        name, $"Invalid input for query parameters {name}. Value: {text}."));
}
