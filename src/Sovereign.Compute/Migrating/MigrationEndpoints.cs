using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sovereign.Compute.Servers;
using Sovereign.Compute.Servers.Moving;
using Sovereign.Kernel;
using Sovereign.Kernel.Lists;
using Sovereign.Kernel.Outcomes;
using Sovereign.Kernel.Sources;
using Sovereign.Kernel.Wire;
using Sovereign.Node.Contract;
using Sovereign.Node.Control;

namespace Sovereign.Compute.Migrating;

/// <summary>Routes of migrations: those of the cloud, and those of one server that are under way.</summary>
internal sealed class MigrationEndpoints(KernelServices kernel, ServerService servers, INodes nodes, LiveService live)
{
    private const int PageItemsMax = 1000;

    public void Map(BothRoutes api)
    {
        api.Get("/os-migrations", "compute:migrations:list", List);
        api.Get("/servers/{id}/migrations", "compute:migrations:of-server", OfServer);
        api.Get("/servers/{id}/migrations/{migration}", "compute:migrations:of-server", Show);
        api.Delete("/servers/{id}/migrations/{migration}", "compute:migrations:change", Abort);
        api.Post("/servers/{id}/migrations/{migration}/action", "compute:migrations:change", Force);
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
        return Task.FromResult(Render.List("migrations", rows, (json, row) => View(json, row, call), next));
    }

    /// <summary>Only live migrations that are under way are shown here.</summary>
    private async Task<Answer> OfServer(Call call)
    {
        if (!call.Version.Has(23)) return ComputeVersions.Unrouted(call);
        var found = servers.Find(call.Access, call.Route("id"));
        if (found.Fault is { } missing) return missing;
        var row = kernel.Database.Read(session => MigrationStore.Live(session, found.Value.Id));
        var progress = row is null ? null : await Progress(row, call.Stop);
        return Render.List("migrations", row is null ? [] : new[] { row }, (json, one) => Live(json, one, progress, call.Version));
    }

    private async Task<Answer> Show(Call call)
    {
        if (!call.Version.Has(23)) return ComputeVersions.Unrouted(call);
        var number = call.Route("migration");
        var found = servers.Find(call.Access, call.Route("id")).Then(server => kernel.Database.Read(session => LiveService.Find(session, server.Id, number)))
            .Then<MigrationRow>(row => row.Kind != MigrationKinds.Live ? Wire.NotFound($"Migration {number} for server {row.ServerId} is not live-migration.")
                : row.LiveNow ? row : Wire.NotFound($"Migration {number} for server {row.ServerId} is not in progress."));
        var progress = found.Ok ? await Progress(found.Value, call.Stop) : null;
        return Answer.Of(found, row => Render.Object(200, "migration", json => Live(json, row, progress, call.Version)));
    }

    private async Task<Answer> Abort(Call call) => call.Version.Has(24)
        ? Answer.Of(await live.Abort(call.Access, call.Route("id"), call.Route("migration"), call.Version.Has(65), call.Stop), _ => Answer.Empty(202))
        : ComputeVersions.Unrouted(call);

    private async Task<Answer> Force(Call call)
    {
        if (!call.Version.Has(22)) return ComputeVersions.Unrouted(call);
        var body = await call.Body(ServerJson.Wire.DictionaryStringJsonElement);
        if (body.Fault is { } malformed) return malformed;
        if (body.Value.Count != 1 || !body.Value.TryGetValue("force_complete", out var nothing) || nothing.ValueKind != JsonValueKind.Null)
        {
            return new Fault.Invalid("force_complete", "Invalid input for field/attribute force_complete. It is the only action, and has no arguments.");
        }

        return Answer.Of(await live.Force(call.Access, call.Route("id"), call.Route("migration"), call.Stop), _ => Answer.Empty(202));
    }

    /// <summary>How far it is, from its node; null when it can't say.</summary>
    private async Task<MoveProgress?> Progress(MigrationRow row, CancellationToken stop)
    {
        if (row.Status != LiveStatus.Running) return null;
        var said = await nodes.Ask(row.SourceId, "move", row.ServerId, bytesMax: 4096, stop);
        return said.Ok && said.Value.Length > 0 ? JsonSerializer.Deserialize(said.Value, NodeJson.Default.MoveProgress) : null;
    }

    private static void Live(Utf8JsonWriter json, MigrationRow row, MoveProgress? progress, Microversion version)
    {
        json.WriteNumber("id", row.Number);
        json.WriteString("server_uuid", row.ServerId);
        json.WriteString("status", row.Status);
        foreach (var (name, host) in new[] { ("source", row.HostName), ("dest", row.DestHost) })
        {
            json.WriteString(name + "_compute", host);
            json.WriteString(name + "_node", host);
        }

        json.WriteString("dest_host", row.DestHost);
        foreach (var (name, total, done, left) in new[]
        {
            ("memory", progress?.MemoryTotal, progress?.MemoryDone, progress?.MemoryLeft), ("disk", progress?.DiskTotal, progress?.DiskDone, progress?.DiskLeft),
        })
        {
            json.WriteNumber(name + "_total_bytes", total ?? 0);
            json.WriteNumber(name + "_processed_bytes", done ?? 0);
            json.WriteNumber(name + "_remaining_bytes", left ?? 0);
        }

        json.WriteString("created_at", Micros.ToMicrosBare(row.CreatedAt));
        json.WriteString("updated_at", Micros.ToMicrosBare(row.UpdatedAt));
        if (version.Has(59)) json.WriteString("uuid", row.Id);
        if (!version.Has(80)) return;
        json.WriteString("user_id", row.UserId);
        json.WriteString("project_id", row.ProjectId);
    }

    private static void View(Utf8JsonWriter json, MigrationRow row, Call call)
    {
        var version = call.Version;
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
        if (version.Has(23))
        {
            json.WriteString("migration_type", row.Kind);
            if (row.LiveNow) json.Links(call.PublicUrl, string.Create(CultureInfo.InvariantCulture, $"/servers/{row.ServerId}/migrations/{row.Number}"));
        }

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
