using System.Globalization;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Store;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Limits;

/// <summary>Routes of what projects used in a period: from the servers that are there and the tombstones of those that were.</summary>
internal sealed class UsageEndpoints(KernelServices kernel)
{
    private const int ServersMax = 10_000;
    private const int PageItemsMax = 1000;
    private static readonly TimeSpan periodByDefault = TimeSpan.FromDays(28);

    public void Map(BothRoutes api)
    {
        api.Get("/os-simple-tenant-usage", "compute:usage:list", List);
        api.Get("/os-simple-tenant-usage/{project}", "compute:usage:show", Show);
    }

    /// <summary>One server's use within the period.</summary>
    private sealed record Use(ServerRow Row, long From, long To, long DeletedAt)
    {
        public double Hours => (To - From) / (double)Micros.Of(TimeSpan.FromHours(1));
    }

    private Task<Answer> List(Call call)
    {
        var period = Period(call);
        if (period.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var (start, stop) = period.Value;
        var detailed = call.Query("detailed") == "1";
        return Task.FromResult(Answer.Of(Paged(call, Uses(null, start, stop)), page => Render.List(
            "tenant_usages", page.Uses.GroupBy(use => use.Row.ProjectId, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal),
            (json, group) => Write(json, group.Key, [.. group], start, stop, detailed), page.Next)));
    }

    private Task<Answer> Show(Call call)
    {
        var project = call.Route("project");
        if (!call.Access.Covers(project))
        {
            return Task.FromResult<Answer>(new Fault.Forbidden("Policy doesn't allow os_compute_api:os-simple-tenant-usage:show to be performed."));
        }
        var period = Period(call);
        if (period.Fault is { } wrong) return Task.FromResult<Answer>(wrong);
        var (start, stop) = period.Value;
        return Task.FromResult(Answer.Of(Paged(call, Uses(project, start, stop)), page => Render.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("tenant_usage");
            if (page.Uses.Count > 0) Write(json, project, page.Uses, start, stop, detailed: true);
            json.WriteEndObject();
            if (page.Next is { } next)
            {
                json.WriteStartArray("tenant_usage_links");
                Render.Link(json, "next", next);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        })));
    }

    /// <summary>From 2.40 on: so many servers after the one that the marker names, in the order of their ids, and the next page's link.</summary>
    private static Outcome<(List<Use> Uses, string? Next)> Paged(Call call, List<Use> uses)
    {
        if (!call.Version.Has(40)) return (uses, null);
        var limit = PageItemsMax;
        if (call.Query("limit") is { } text && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit))
        {
            return new Fault.Invalid("limit", "limit param must be an integer that is not negative");
        }

        limit = Math.Min(limit, PageItemsMax);
        uses.Sort((left, right) => string.CompareOrdinal(left.Row.Id, right.Row.Id));
        if (call.Query("marker") is { } marker)
        {
            if (!uses.Exists(use => use.Row.Id == marker)) return new Fault.Invalid("marker", $"marker [{marker}] not found");
            uses.RemoveAll(use => string.CompareOrdinal(use.Row.Id, marker) <= 0);
        }

        if (uses.Count <= limit) return (uses, null);
        var page = uses.GetRange(0, limit);
        return (page, page.Count == 0 ? null : Next(call, limit, page[^1].Row.Id));
    }

    private static string Next(Call call, int limit, string marker)
    {
        var others = call.Http.Request.Query.Where(pair => pair.Key is not ("limit" or "marker"))
            .SelectMany(pair => pair.Value, (pair, value) => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(value ?? "")}&");
        return string.Create(CultureInfo.InvariantCulture, $"{call.PublicUrl}{call.Http.Request.Path}?{string.Concat(others)}limit={limit}&marker={marker}");
    }

    private Outcome<(long Start, long Stop)> Period(Call call)
    {
        var now = kernel.Clock.Now();
        var stop = call.Query("end") is { } end ? ServerFilters.Time(end) : now;
        var start = call.Query("start") is { } begin ? ServerFilters.Time(begin) : now - Micros.Of(periodByDefault);
        if (start is null || stop is null) return new Fault.Invalid("start", "Invalid start or end time. They are written as 2026-01-31T12:00:00.");
        if (start > stop) return new Fault.Invalid("start", "Invalid start time. The start time cannot occur after the end time.");
        return (start.Value, Math.Min(stop.Value, now));
    }

    private List<Use> Uses(string? project, long start, long stop)
    {
        var rows = kernel.Database.Read(session => session.Query<ServerRow>(
            $"""
            SELECT * FROM compute_servers WHERE launched_at > 0 AND launched_at < @stop {(project is null ? "" : "AND project_id = @project")}
            ORDER BY created_at, id LIMIT @max
            """,
            new { stop, project = project ?? "", max = (long)ServersMax }));
        var uses = rows.ConvertAll(row => new Use(row, Math.Max(row.LaunchedAt, start), stop, 0));
        foreach (var grave in kernel.Journal.Buried("server", project, start, ServersMax))
        {
            var row = JsonSerializer.Deserialize(grave.Document, ServerJson.Wire.ServerRow)!;
            if (row.LaunchedAt > 0 && row.LaunchedAt < stop) uses.Add(new Use(row, Math.Max(row.LaunchedAt, start), Math.Min(grave.DeletedAt, stop), grave.DeletedAt));
        }

        return uses;
    }

    private static void Write(Utf8JsonWriter json, string project, IReadOnlyList<Use> uses, long start, long stop, bool detailed)
    {
        json.WriteString("tenant_id", project);
        if (detailed)
        {
            json.WriteStartArray("server_usages");
            foreach (var use in uses) One(json, use, stop);
            json.WriteEndArray();
        }

        json.WriteNumber("total_local_gb_usage", uses.Sum(use => use.Hours * use.Row.FlavorThen().DiskGib));
        json.WriteNumber("total_vcpus_usage", uses.Sum(use => use.Hours * use.Row.Vcpus));
        json.WriteNumber("total_memory_mb_usage", uses.Sum(use => use.Hours * use.Row.RamMib));
        json.WriteNumber("total_hours", uses.Sum(use => use.Hours));
        json.WriteString("start", Micros.ToMicrosBare(start));
        json.WriteString("stop", Micros.ToMicrosBare(stop));
    }

    private static void One(Utf8JsonWriter json, Use use, long stop)
    {
        var (row, flavor) = (use.Row, use.Row.FlavorThen());
        json.WriteStartObject();
        json.WriteNumber("hours", use.Hours);
        json.WriteString("flavor", flavor.Name);
        json.WriteString("instance_id", row.Id);
        json.WriteString("name", row.Name);
        json.WriteString("tenant_id", row.ProjectId);
        json.WriteNumber("memory_mb", row.RamMib);
        json.WriteNumber("local_gb", flavor.DiskGib + flavor.EphemeralGib);
        json.WriteNumber("vcpus", row.Vcpus);
        json.WriteString("started_at", Micros.ToMicrosBare(row.LaunchedAt));
        json.WriteString("ended_at", use.DeletedAt == 0 ? null : Micros.ToMicrosBare(use.DeletedAt));
        json.WriteString("state", use.DeletedAt == 0 ? row.VmState : "terminated");
        json.WriteNumber("uptime", ((use.DeletedAt == 0 ? stop : use.DeletedAt) - row.LaunchedAt) / Micros.PerSecond);
        json.WriteEndObject();
    }
}
