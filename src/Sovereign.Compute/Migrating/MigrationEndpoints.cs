using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;

namespace Sovereign.Compute.Migrating;

/// <summary>Routes of migrations: those of the cloud, and those of one server that are under way.</summary>
internal sealed class MigrationEndpoints(KernelServices kernel, ServerService servers)
{
    private const int PageItemsMax = 1000;

    public void Map(BothRoutes api)
    {
        api.Get("/os-migrations", "compute:migrations:list", List);
        api.Get("/servers/{id}/migrations", "compute:migrations:of-server", OfServer);
        api.Get("/servers/{id}/migrations/{migration}", "compute:migrations:of-server", Show);
        api.Delete("/servers/{id}/migrations/{migration}", "compute:migrations:change", call => Change(call, 24));
        api.Post("/servers/{id}/migrations/{migration}/action", "compute:migrations:change", call => Change(call, 22));
    }

    private Task<Answer> List(Call call)
    {
        var version = call.Version;
        var (limit, marker) = (PageItemsMax, long.MaxValue);
        if (version.Has(59) && call.Query("limit") is { } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)) return Wrong("limit", text);
            limit = Math.Min(limit, PageItemsMax);
        }

        if (version.Has(59) && call.Query("marker") is { } after)
        {
            var found = kernel.Database.Read(session => session.FirstOrDefault<MigrationRow>("SELECT * FROM compute_migrations WHERE id = @after", new { after }));
            if (found is null) return Wrong("marker", after);
            marker = found.Number;
        }

        var times = new long?[2];
        foreach (var (index, name, since) in new[] { (0, "changes-since", 59), (1, "changes-before", 66) })
        {
            if (!version.Has(since) || call.Query(name) is not { } time) continue;
            times[index] = ServerFilters.Time(time);
            if (times[index] is null) return Wrong(name, time);
        }

        var filter = new
        {
            marker, limit = (long)limit + 1, server = call.Query("instance_uuid"), status = call.Query("status"),
            host = call.Query("host"), source = call.Query("source_compute"), kind = call.Query("migration_type"),
            user = version.Has(80) ? call.Query("user_id") : null, project = version.Has(80) ? call.Query("project_id") : null,
            since = times[0] ?? 0, before = times[1] ?? long.MaxValue,
        };
        var rows = kernel.Database.Read(session => session.Query<MigrationRow>(
            """
            SELECT * FROM compute_migrations WHERE number < @marker AND (@server IS NULL OR server_id = @server) AND (@status IS NULL OR status = @status)
              AND (@host IS NULL OR host_name = @host OR dest_host = @host) AND (@source IS NULL OR host_name = @source) AND (@kind IS NULL OR kind = @kind)
              AND (@user IS NULL OR user_id = @user)
              AND (@project IS NULL OR project_id = @project) AND updated_at >= @since AND updated_at <= @before ORDER BY number DESC LIMIT @limit
            """,
            filter));
        var more = rows.Count > limit;
        if (more) rows.RemoveAt(rows.Count - 1);
        var next = more && version.Has(59) && rows.Count > 0 ? $"{call.Link("/os-migrations")}?limit={limit}&marker={rows[^1].Id}" : null;
        return Task.FromResult(Render.List("migrations", rows, (json, row) => View(json, row, version), next));
    }

    /// <summary>Only live migrations are shown here by the original, and there are none.</summary>
    private Task<Answer> OfServer(Call call) => Task.FromResult(call.Version.Has(23)
        ? Answer.Of(servers.Find(call.Access, call.Route("id")), _ => Render.List("migrations", Array.Empty<string>(), (_, _) => { }))
        : ComputeVersions.Unrouted(call));

    private Task<Answer> Show(Call call) => Task.FromResult(call.Version.Has(23) ? None(call) : ComputeVersions.Unrouted(call));

    private Task<Answer> Change(Call call, int since) => Task.FromResult(call.Version.Has(since) ? None(call) : ComputeVersions.Unrouted(call));

    private Answer None(Call call) => Answer.Of(servers.Find(call.Access, call.Route("id")).Then<Done>(row =>
        Wire.NotFound($"Migration {call.Route("migration")} not found for instance {row.Id}")), _ => Answer.Empty(202));

    private static void View(Utf8JsonWriter json, MigrationRow row, Microversion version)
    {
        json.WriteNumber("id", row.Number);
        json.WriteString("source_node", row.HostName);
        json.WriteString("dest_node", row.DestHost);
        json.WriteString("source_compute", row.HostName);
        json.WriteString("dest_compute", row.DestHost);
        json.WriteString("dest_host", row.DestHost);
        json.WriteString("status", row.Status);
        json.WriteString("instance_uuid", row.ServerId);
        json.WriteNumber("old_instance_type_id", Small(row.OldFlavorId));
        json.WriteNumber("new_instance_type_id", Small(row.NewFlavorId));
        json.WriteString("created_at", Micros.ToMicrosBare(row.CreatedAt));
        json.WriteString("updated_at", Micros.ToMicrosBare(row.UpdatedAt));
        if (version.Has(23)) json.WriteString("migration_type", row.Kind);
        if (version.Has(59)) json.WriteString("uuid", row.Id);
        if (!version.Has(80)) return;
        json.WriteString("user_id", row.UserId);
        json.WriteString("project_id", row.ProjectId);
    }

    /// <summary>The original shows its database's numbers of flavors, which there are none of here: the same number for the same flavor.</summary>
    private static int Small(string flavorId) => BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(flavorId))) & int.MaxValue;

    private static Task<Answer> Wrong(string name, string text) => Task.FromResult<Answer>(new Fault.Invalid(
        name, $"Invalid input for query parameters {name}. Value: {text}."));
}
